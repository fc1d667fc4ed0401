package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Prove compares the executable that runs, at a path, with a rebuild of its
// source by the plan of the fix. Equal bytes are the proof, and then neither
// file is parsed. Otherwise the result says why they differ.
//
// What build info records comes first: another target or main package, and then
// nothing else is said; toolchain, state of the checkout, modules, flags. What
// none of these explains is looked for in the bytes: symbols that were left out,
// values of variables, functions with other code. A difference that follows from
// a recorded cause is not told again: another toolchain changes every function.
//
// An executable without build info, because it is packed, obfuscated or not made
// by Go, cannot be judged: the verdict is [CannotTell], with a cause of the kind
// [CauseRecords]. The error is not nil if there is nothing to compare: an
// [*OptionError], an [*fs.PathError], [ErrNotExecutable] (WebAssembly that
// differs is one), a file larger than [MaxExecutable] or of another content than
// the artifact, or the context's.
//
// The files are not trusted, and nothing of them is run. Memory is a small
// multiple of their sizes.
func Prove(ctx context.Context, running string, rebuilt *Artifact, opts ...ProveOption) (*Proof, error) {
	var c proveConfig
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return nil, err
		}
	}
	proof, err := prove(ctx, running, rebuilt, c)
	if err != nil {
		return nil, fmt.Errorf("proving the base for %s: %w", rebuilt.Target, err)
	}
	return proof, nil
}

// ProveOption changes a default of [Prove]. It returns an [*OptionError] if its
// value cannot be right.
type ProveOption func(*proveConfig) error

type proveConfig struct {
	commit string // that was rebuilt; "" if unknown
}

// WithCommit says which commit the rebuild was made from, as a full hash, so
// that an executable that records another one is found out. The default is what
// the rebuild itself records, if it was built with [WithVCSStamp].
func WithCommit(hash string) ProveOption {
	return func(c *proveConfig) error {
		if !regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(hash) {
			return optionError("WithCommit", "%q is not the full hash of a commit", hash)
		}
		c.commit = hash
		return nil
	}
}

func prove(ctx context.Context, running string, rebuilt *Artifact, c proveConfig) (*Proof, error) {
	ran, err := readExecutable(running)
	if err != nil {
		return nil, err
	}
	made, err := readExecutable(rebuilt.Path)
	if err != nil {
		return nil, err
	}
	proof := &Proof{Target: rebuilt.Target, Executable: manifest.DigestOf(ran), Rebuilt: manifest.DigestOf(made), Verdict: Identical}
	if !rebuilt.Digest.IsZero() && proof.Rebuilt != rebuilt.Digest {
		return nil, fmt.Errorf("%s has changed since it was built: build it again", rebuilt.Path)
	}
	if bytes.Equal(ran, made) {
		return proof, nil
	}
	p := &prover{proveConfig: c, ldflags: plannedLdflags(rebuilt.Plan)}
	if p.rebuilt, err = newSubject(rebuilt.Path, made); err != nil {
		return nil, err
	}
	p.running, err = newSubject(running, ran)
	var unreadable *NoBuildInfoError
	if errors.As(err, &unreadable) {
		proof.Verdict, proof.Causes = CannotTell, []Cause{unreadable.cause()}
		return proof, nil
	}
	if err != nil {
		return nil, err
	}
	proof.Verdict, _ = compareImages(p.running.image, p.rebuilt.image)
	proof.Causes, err = p.causes(ctx, proof.Verdict)
	return proof, err
}

func (e *NoBuildInfoError) cause() Cause {
	return Cause{
		Kind: CauseRecords, What: "no Go build info can be read from it: " + e.Reason,
		Remedy: "deploy the executable as the go command writes it, and take that as the base",
	}
}

// prover finds out why a rebuild is not what runs.
type prover struct {
	proveConfig
	running, rebuilt *subject
	ldflags          *string // that the rebuild was linked with; nil if unknown
}

func (p *prover) causes(ctx context.Context, verdict Verdict) ([]Cause, error) {
	switch verdict {
	case IdenticalButSignature:
		return []Cause{{
			Kind: CauseSignature, What: "only the code signature differs, which is put on after the build",
			Remedy: "sign the fix as the base was signed",
		}}, nil
	case IdenticalButBuildID:
		return []Cause{p.buildIDCause()}, nil
	}
	found := p.recorded()
	if len(found) == 0 || !found[0].final {
		unrecorded, err := p.unrecorded(ctx, found)
		if err != nil {
			return nil, err
		}
		found = append(found, unrecorded...)
	}
	return bounded(found), nil
}

func (p *prover) buildIDCause() Cause {
	a, b := p.running.buildID(), p.rebuilt.buildID()
	_, trimmed := goexe.SettingsOf(p.running.info)["-trimpath"]
	return Cause{
		Kind: CauseBuildID, What: fmt.Sprintf("%s: %s", buildIDDifference(shownID(a), shownID(b)), whyBuildID(a, b, trimmed)),
		Remedy: buildIDRemedy(a, b),
	}
}

func buildIDRemedy(a, b string) string {
	switch {
	case isGivenID(a):
		return fmt.Sprintf("rebuild with -ldflags=-buildid=%s beside the others", shownID(a))
	case isGivenID(b):
		return "rebuild without -buildid among the arguments of the linker"
	}
	return "spell the flags of the compiler and the linker as they were when the base was built"
}

func shownID(id string) string {
	if id == "" {
		return ""
	}
	return shown(id)
}

// isGivenID reports whether the linker was told a build id: the go command's own
// have four parts.
func isGivenID(id string) bool { return strings.Count(id, "/") != 3 }

// reason is a cause, and what follows from it.
type reason struct {
	Cause
	final   bool // nothing else is worth saying
	code    bool // other functions follow
	values  bool // other values of variables follow
	symbols bool // other symbol tables follow
}

// maxCauses bounds how many causes a proof names: build info may hold any
// number of settings.
const maxCauses = 24

func bounded(found []reason) []Cause {
	var causes []Cause
	for _, r := range found[:min(len(found), maxCauses)] {
		causes = append(causes, r.Cause)
	}
	if more := len(found) - maxCauses; more > 0 {
		causes = append(causes, Cause{CauseUnknown, fmt.Sprintf("%d more records differ", more), "mend those above first"})
	}
	return causes
}
