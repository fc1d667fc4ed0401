package build

import (
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Proof says whether a source makes the executable that runs. If it does, to
// the last byte, what is changed in that source is all that a fix changes.
type Proof struct {
	Target     target.Target   `json:"target"`
	Executable manifest.Digest `json:"executable"`       // that runs
	Rebuilt    manifest.Digest `json:"rebuilt,omitzero"` // made from the source, with the plan of the fix; none if it does not build
	Verdict    Verdict         `json:"verdict"`
	Causes     []Cause         `json:"causes"` // why they differ, the most telling first; none if they do not
}

// Cause is one reason why a rebuild is not the executable that runs.
type Cause struct {
	Kind   CauseKind `json:"kind"`
	What   string    `json:"what"`   // what differs, with both values
	Remedy string    `json:"remedy"` // what to do, as an imperative
}

// CauseKind names what was different when the executable was built.
type CauseKind string

// Kinds of causes.
const (
	CauseToolchain CauseKind = "toolchain"  // another release of Go
	CauseFlags     CauseKind = "flags"      // of the go command, the compiler or the linker
	CauseModules   CauseKind = "modules"    // other versions of dependencies
	CauseCgo       CauseKind = "cgo"        // C code, or another C compiler
	CauseDirty     CauseKind = "dirty tree" // changes that are in no commit
	CauseRevision  CauseKind = "revision"   // another commit
	CausePath      CauseKind = "path"       // folders of the build host
	CauseTarget    CauseKind = "target"     // another variant of the architecture
	CauseVariables CauseKind = "variables"  // values that the linker sets (-X)
	CauseSymbols   CauseKind = "symbols"    // symbol tables or debug information, left out or not
	CauseSignature CauseKind = "signature"  // put on after the build
	CauseBuildID   CauseKind = "build id"   // a hash of all inputs, and nothing else differs
	CauseCode      CauseKind = "code"       // functions differ, and no record says why
	CauseUnknown   CauseKind = "unknown"    // none of these
)
