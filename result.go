package hotfix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// ReportSchema names the format of report.json.
const ReportSchema = "hotfix.report/v1"

// Result is what a run did, as data. It is written as report.json. In a hook
// it holds what is known by then.
type Result struct {
	Schema    string       `json:"schema"`   // format of the report: [ReportSchema]
	Product   string       `json:"product"`  // as [New] was given it
	Channel   string       `json:"channel"`  // "stable" unless an option says otherwise
	ID        string       `json:"id"`       // of the hotfix
	Version   string       `json:"version"`  // of the result
	Epoch     int64        `json:"epoch"`    // raised when numbering begins anew
	Sequence  int64        `json:"sequence"` // orders the releases of one epoch
	Created   time.Time    `json:"created"`
	DryRun    bool         `json:"dryRun,omitempty"` // nothing was built or written
	Source    SourceResult `json:"source"`
	Base      BaseResult   `json:"base"`
	Toolchain string       `json:"toolchain,omitempty"` // Go version that built the fix
	Flags     []string     `json:"flags,omitempty"`     // of the go command

	Change   *policy.Change  `json:"change,omitempty"` // nil if the source of the base is not known
	Policies []PolicyResult  `json:"policies"`         // in the order in which they were asked
	Findings policy.Findings `json:"findings"`         // the gravest first
	Tests    *policy.Tests   `json:"tests,omitempty"`  // nil if none were run

	Targets    []TargetResult    `json:"targets"`              // in the order in which they were given
	Provenance *ProvenanceResult `json:"provenance,omitempty"` // nil before the packages are made
	Signers    []verify.KeyID    `json:"signers"`              // sorted
	Steps      []StepTime        `json:"steps"`                // that have ended so far
	Warnings   []string          `json:"warnings"`             // what a person should know, in the order of [Warned] events
	Failure    *Failure          `json:"failure,omitempty"`    // nil unless the run ended early

	// Dist is the absolute path of the dist folder; "" before it is published.
	// It is not part of report.json.
	Dist string `json:"-"`
	// Staging is the folder in which the dist grows; "" before [StepPack] and
	// after the run. It is for hooks.
	Staging string `json:"-"`
}

// SourceResult is the tree that was built.
type SourceResult struct {
	Package string `json:"package"`          // main package, as it was named
	Commit  string `json:"commit,omitempty"` // none for a plain folder
}

// BaseResult is what the fix replaces.
type BaseResult struct {
	Version   string `json:"version,omitempty"`   // "" for a first release
	Toolchain string `json:"toolchain,omitempty"` // Go version that built it; "" if unknown
	Commit    string `json:"commit,omitempty"`    // that it was built from; "" if unknown
}

// PolicyResult is what became of one policy.
type PolicyResult struct {
	Rule    string        `json:"rule"`    // name of the policy
	Verdict PolicyVerdict `json:"verdict"` // of the gravest finding
}

// PolicyVerdict says how a policy judged.
type PolicyVerdict string

// Verdicts of policies, the best first.
const (
	PolicyPassed    PolicyVerdict = "passed"    // nothing was found
	PolicyWaived    PolicyVerdict = "waived"    // what was found is waived
	PolicyWarned    PolicyVerdict = "warned"    // somebody should look
	PolicyBlocked   PolicyVerdict = "blocked"   // the hotfix must not be made
	PolicyUnchecked PolicyVerdict = "unchecked" // it could not be checked, which blocks as well
)

// TargetResult is one target of a run.
type TargetResult struct {
	Target     target.Target    `json:"target"`
	Executable *manifest.Binary `json:"executable,omitempty"` // nil before it is built
	Base       *manifest.Binary `json:"base,omitempty"`       // nil if there is none
	Proof      *build.Proof     `json:"proof,omitempty"`      // that the base's source makes what runs; nil if nobody tried
	Effect     *compare.Report  `json:"effect,omitempty"`     // what differs from the base's executable; nil if they were not compared
	Code       *Code            `json:"code,omitempty"`       // where the executable's machine code is; nil if that is not known
	Package    string           `json:"package,omitempty"`    // file name
	Digest     manifest.Digest  `json:"digest,omitzero"`      // of the package
	Size       int64            `json:"size,omitempty"`       // of the package, in bytes
	Deltas     []DeltaResult    `json:"deltas,omitempty"`     // delta packages, in the order of their bases
	Built      bool             `json:"built"`                // linked in this run, not taken over unchanged
	Packed     bool             `json:"packed"`               // packed in this run, not taken over unchanged
	CPUSeconds float64          `json:"cpuSeconds,omitempty"` // of the go command and its tools

	// Path is where the executable lies, in the cache. It is for hooks and not
	// part of report.json.
	Path string `json:"-"`
}

// DeltaResult is one delta package.
type DeltaResult struct {
	From    manifest.Binary `json:"from"`    // what runs on the hosts that it is for
	Coder   string          `json:"coder"`   // of the patch, as package pack/delta names it
	Patch   int64           `json:"patch"`   // bytes
	Package string          `json:"package"` // file name
	Digest  manifest.Digest `json:"digest"`  // of the package
	Size    int64           `json:"size"`    // of the package, in bytes
	Made    bool            `json:"made"`    // the patch was made in this run, not taken over unchanged
}

// Code says where the machine code of an executable is: what a fix touches is
// little or much only next to the whole.
type Code struct {
	Packages []PackageCode `json:"packages"` // the [MaxPackages] largest, and those with functions that the fix touches; the largest first
	Others   PackageCode   `json:"others"`   // all other packages together, without a path
	Unowned  int64         `json:"unowned"`  // bytes that belong to no function: C code, linker stubs, padding
}

// PackageCode is the machine code of one package.
type PackageCode struct {
	Path      string `json:"path"`      // import path, "main" for the main package; "" for what compiler and linker made
	Functions int    `json:"functions"` // that have code
	Bytes     int64  `json:"bytes"`     // of code
}

// MaxPackages is how many packages of an executable are listed because they are
// large.
const MaxPackages = 60

// Failure says why a run ended early.
type Failure struct {
	Step    Step   `json:"step,omitempty"` // that failed; "" if none had begun
	Message string `json:"message"`        // of the error
}

// StepTime says how long a step took.
type StepTime struct {
	Step    Step    `json:"step"`
	Seconds float64 `json:"seconds"` // wall time
}

// JSON returns the result as report.json holds it.
func (r *Result) JSON() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	return buf.Bytes(), nil
}

// write writes the report for machines and the one for people.
func (r *Result) write(dir string) error {
	for _, file := range []struct {
		name   string
		encode func() ([]byte, error)
	}{{verify.ReportJSONName, r.JSON}, {verify.ReportHTMLName, r.HTML}} {
		data, err := file.encode()
		if err != nil {
			return err
		}
		if err := atomicfile.WriteFile(filepath.Join(dir, file.name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
