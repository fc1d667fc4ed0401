package build

import (
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Verdict is the outcome of a [Reproduction] or a [Proof].
type Verdict string

// Verdicts, the best first.
const (
	// Identical: every byte is the same.
	Identical Verdict = "identical"

	// IdenticalButSignature: every byte is the same but for a code signature
	// (Mach-O, Authenticode), which was put on or replaced after the build.
	IdenticalButSignature Verdict = "identical but for the signature"

	// IdenticalButBuildID: every byte is the same but for the Go build id and
	// what is derived from it. The id is a hash of all inputs, so that one of
	// them, as a flag that is spelled otherwise, differs without effect.
	IdenticalButBuildID Verdict = "identical but for the build id"

	// Different: code or data differ.
	Different Verdict = "different"

	// CannotTell: nothing could be rebuilt to compare with, or what runs has no
	// build info.
	CannotTell Verdict = "cannot tell"
)

// Reproduction is what [Reproduce] found out.
type Reproduction struct {
	File      string          // path of the published file
	Digest    manifest.Digest // of the file
	Size      int64           // of the file in bytes
	Target    target.Target   `json:",omitzero"` // zero if the build info names none
	Toolchain string          // as recorded, "go1.26.8"
	Package   string          // import path of the main package
	Module    string          // "path@version" that was built, or as recorded; empty for a command of the toolchain
	Flags     []string        // flags and variables of the build that came nearest
	Identical bool            // the rebuilt executable has the very bytes of the file
	Verdict   Verdict

	Rebuilt     manifest.Digest `json:",omitzero"` // of the rebuilt executable; zero if there is none
	RebuiltSize int64           // of the rebuilt executable in bytes
	Tried       []Attempt       // in the order in which they were made
	Differences []Difference    // none if Identical
	Caveats     []string        // what the verdict does not prove, in words
	Reason      string          // why nothing can be told; empty otherwise

	cause error
}

// Attempt is one rebuild.
type Attempt struct {
	Module  string // "path@version" or the folder that it was built from
	Ldflags string // arguments of the linker that were tried
	Verdict Verdict
	Digest  manifest.Digest `json:",omitzero"` // zero if the build failed
	Differs int64           // bytes that differ
	Elapsed time.Duration
}

// Difference is one way in which the rebuilt executable is not the file.
type Difference struct {
	Section string // section of the executable, "build info", "functions" or "header"
	Bytes   int64  // bytes that differ; 0 if they were not counted
	What    string // what differs
	Why     string // probable cause; may be empty
}

func newReproduction(s *subject) *Reproduction {
	r := &Reproduction{File: s.path, Digest: s.digest, Size: int64(len(s.data)), Package: s.info.Path, Verdict: CannotTell}
	r.Toolchain = s.info.GoVersion
	r.Target, _ = target.FromBuildSettings(s.info.Settings)
	if s.info.Main.Path != "" {
		r.Module = s.info.Main.Path + "@" + s.info.Main.Version
	}
	return r
}

func (r *Reproduction) cannotTell(err error) {
	r.Verdict, r.cause, r.Reason = CannotTell, err, strings.ReplaceAll(err.Error(), "\n", "; ")
}

// adopt takes over the rebuild that came nearest.
func (r *Reproduction) adopt(best *rebuilt) {
	r.Verdict, r.Identical = best.attempt.Verdict, best.attempt.Verdict == Identical
	r.Rebuilt, r.RebuiltSize = best.attempt.Digest, int64(len(best.data))
	r.Flags, r.Module = best.flags, best.source.name
	r.Caveats = append(r.Caveats, best.source.caveats...)
}

// Err returns why nothing can be told: a [*MissingError], a [*ToolchainError], a
// [*CompileError], [ErrFetch] or [errors.ErrUnsupported]. It returns nil for
// every other verdict, also for [Different].
func (r *Reproduction) Err() error { return r.cause }

// String returns the whole result for people to read.
func (r *Reproduction) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Summary())
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", name, value)
		}
	}
	line("file", fmt.Sprintf("%s, %d bytes", r.Digest, r.Size))
	line("package", r.Package)
	line("module", r.Module)
	line("toolchain", r.Toolchain)
	line("target", r.Target.String())
	line("flags", joinFlags(r.Flags))
	if !r.Rebuilt.IsZero() {
		line("rebuilt", fmt.Sprintf("%s, %d bytes, in %d attempts", r.Rebuilt, r.RebuiltSize, len(r.Tried)))
	}
	for _, d := range r.Differences {
		line("differs", d.String())
	}
	for _, c := range r.Caveats {
		line("caveat", c)
	}
	return b.String()
}

// Summary returns the verdict in one line.
func (r *Reproduction) Summary() string {
	if r.Verdict == CannotTell && r.Reason != "" {
		return fmt.Sprintf("%s: %s: %s", r.File, r.Verdict, r.Reason)
	}
	return fmt.Sprintf("%s: %s", r.File, r.Verdict)
}

// String returns the difference in one line.
func (d Difference) String() string {
	text := d.Section + ": " + d.What
	if d.Bytes > 0 {
		text = fmt.Sprintf("%s (%d bytes)", text, d.Bytes)
	}
	if d.Why != "" {
		text += ": " + d.Why
	}
	return text
}
