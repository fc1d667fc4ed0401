package manifest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/target"
)

// ProvenancePredicate is SLSA's type of predicate, and ProvenanceName the file name
// of a [Provenance].
const (
	ProvenancePredicate = "https://slsa.dev/provenance/v1"
	ProvenanceName      = "provenance.json"
)

// BuildType names how a build was made and how its parameters are to be read: "go
// build" of one main package for each of the targets, in an environment that is
// built from nothing, and the packages of a [Release] around the executables.
// docs/provenance.md describes it in full.
const BuildType = "https://github.com/gohotfix/hotfix/build/v1"

// LocalBuilder is the id of a builder that nobody else vouches for: a machine of
// whoever signed, with the pipeline of this module.
const LocalBuilder = "https://github.com/gohotfix/hotfix/builder/local/v1"

// Limits of a provenance.
const (
	MaxDependencies = 8192 // inputs of a build
	MaxBuilderID    = 512  // bytes in the id of a builder
)

// Provenance is provenance.json, and the predicate of a signed statement of its own
// whose subjects are the packages of a release: from what, how and by whom they were
// made. It is SLSA's predicate (https://slsa.dev/spec/v1.0/provenance) with this
// module's parameters. Nothing in it depends on the machine or on the clock.
type Provenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is all that determines the subjects.
type BuildDefinition struct {
	BuildType            string             `json:"buildType"` // [BuildType]
	ExternalParameters   ExternalParameters `json:"externalParameters"`
	InternalParameters   InternalParameters `json:"internalParameters"`
	ResolvedDependencies []Dependency       `json:"resolvedDependencies"` // sorted by name; see [Dependency]
}

// ExternalParameters are what whoever started the build decided. A verifier must
// compare them with what it expects.
type ExternalParameters struct {
	Release     BuiltRelease    `json:"release"`
	Source      BuiltSource     `json:"source"`
	Targets     []target.Target `json:"targets"`               // sorted
	Flags       []string        `json:"flags,omitempty"`       // of the go command, but for the tags; see [SplitFlags]
	Tags        []string        `json:"tags,omitempty"`        // build tags, sorted
	Environment []string        `json:"environment,omitempty"` // variables "KEY=VALUE" that change the bytes, beside those of the targets
}

// BuiltRelease names the release that was made, as the [Release] itself does.
type BuiltRelease struct {
	Product string    `json:"product"` // see [CheckProduct]
	ID      string    `json:"id"`      // of the hotfix
	Version string    `json:"version"` // of the result
	Created time.Time `json:"created"` // the date of the fix
}

// BuiltSource is where the source is. Paths are slash-separated and below the top of
// its repository, or of the module's folder if there is no commit.
type BuiltSource struct {
	Package   string `json:"package"`             // import path of the main package
	Commit    string `json:"commit,omitempty"`    // as in [Source]
	Directory string `json:"directory,omitempty"` // of the module; none for the top
	Workspace string `json:"workspace,omitempty"` // go.work file, if it is part of the source
	Profile   string `json:"profile,omitempty"`   // profile for optimisation, if one was named and it is part of the source
}

// InternalParameters are what the builder chose.
type InternalParameters struct {
	Toolchain string `json:"toolchain"` // Go version, as "go1.26.8"
}

// Names of the inputs that are no modules. All others are named PATH@VERSION, as the
// main package's build list has them.
const (
	SourceInput    = "source"    // the tree that was built; gitCommit if it is a commit without changes
	ToolchainInput = "toolchain" // the Go toolchain, which its version alone identifies
	GoModInput     = "go.mod"    // of the module
	GoSumInput     = "go.sum"    // of the module, if there is one
	GoWorkInput    = "go.work"   // of the workspace, if there is one
	ProfileInput   = "profile"   // for optimisation, if one was named
)

// Dependency is an input of the build, as a ResourceDescriptor of in-toto
// (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
type Dependency struct {
	Name        string           `json:"name"`            // a …Input constant, or PATH@VERSION of a module
	URI         string           `json:"uri,omitempty"`   // a package URL
	Digest      DependencyDigest `json:"digest,omitzero"` // of what was used
	Annotations DependencyNotes  `json:"annotations,omitzero"`
}

// DependencyDigest is the digest set of an input, with at most one digest.
type DependencyDigest struct {
	SHA256    string `json:"sha256,omitempty"`    // of a file: 64 hexadecimal digits
	GitCommit string `json:"gitCommit,omitempty"` // 40 or 64 hexadecimal digits
	DirHash   string `json:"dirHash,omitempty"`   // of a module: the "h1:" sum of go.sum, in 64 hexadecimal digits; see [ModuleDigest]
}

// DependencyNotes say more of a module.
type DependencyNotes struct {
	ReplacedBy string `json:"replacedBy,omitempty"` // PATH@VERSION, or the path of a folder, which was built in its place
}

// RunDetails is who built.
type RunDetails struct {
	Builder    Builder       `json:"builder"`
	Metadata   BuildMetadata `json:"metadata,omitzero"`
	Byproducts []Subject     `json:"byproducts"` // the executables, by the name of their target, in the order of the targets
}

// Builder is who is trusted to have built as is said, and what of it is known.
type Builder struct {
	ID      string            `json:"id"`                // see [CheckBuilderID]
	Version map[string]string `json:"version,omitempty"` // of its parts, by name; see [CheckProduct]
}

// BuildMetadata is about the one run. The pipeline of this module leaves it out: two
// runs make the same bytes.
type BuildMetadata struct {
	InvocationID string    `json:"invocationId,omitempty"` // by which the builder finds its logs
	StartedOn    time.Time `json:"startedOn,omitzero"`
	FinishedOn   time.Time `json:"finishedOn,omitzero"`
}

// CheckBuilderID reports whether s can be the id of a builder: an absolute URI (RFC
// 3986) of printable ASCII characters, at most [MaxBuilderID] bytes.
func CheckBuilderID(s string) error {
	scheme, rest, _ := strings.Cut(s, ":")
	schemeByte := func(c byte) bool { return isAlphanumeric(c) || c == '+' || c == '-' || c == '.' }
	visible := func(c byte) bool { return c > 0x20 && c < 0x7f }
	if len(s) > MaxBuilderID || !startsAlphanumeric(scheme) || scheme[0] <= '9' || !only(scheme, schemeByte) || rest == "" || !only(rest, visible) {
		return &InvalidError{Field: "builder", Value: s, Reason: fmt.Sprintf("must be an absolute URI, as https://ci.example.com/builder, of at most %d bytes", MaxBuilderID)}
	}
	return nil
}

// IsCommit reports whether s is the full name of a git commit: 40 or 64 lower-case
// hexadecimal digits. That of a tree with changes, as "0123…+dirty", is not.
func IsCommit(s string) bool { return isHex(s, 40) || isHex(s, 64) }

func isHex(s string, digits int) bool {
	_, err := hex.DecodeString(s)
	return len(s) == digits && err == nil && strings.ToLower(s) == s
}

// SplitFlags sorts the flags of a [Release] into those of the go command, the build
// tags among them, and variables of the environment.
func SplitFlags(list []string) (flags, tags, environment []string) {
	for _, f := range list {
		named, isTags := strings.CutPrefix(f, "-tags=")
		switch {
		case isTags:
			tags = append(tags, strings.Split(named, ",")...)
		case strings.HasPrefix(f, "-"):
			flags = append(flags, f)
		default:
			environment = append(environment, f)
		}
	}
	slices.Sort(tags)
	return flags, slices.Compact(tags), environment
}

// ModuleDigest returns the digest of a module by its sum, as go.sum has it: "h1:"
// and base64. The sum is the directory hash of golang.org/x/mod/sumdb/dirhash, which
// in-toto calls dirHash and writes in hexadecimal digits. False is for a sum of
// another kind.
func ModuleDigest(sum string) (DependencyDigest, bool) {
	text, ok := strings.CutPrefix(sum, "h1:")
	hash, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(hash) != sha256.Size {
		return DependencyDigest{}, false
	}
	return DependencyDigest{DirHash: hex.EncodeToString(hash)}, true
}

// NewProvenanceStatement returns the one statement with a provenance of the packages
// of a release.
func NewProvenanceStatement(r Release, p Provenance) Statement[Provenance] {
	s := NewStatement(p)
	s.Subject = r.statementSubjects()
	return s
}

// Encode returns the one encoding of p as provenance.json.
func (p Provenance) Encode() ([]byte, error) { return fileForm.encode(ProvenanceName, &p) }

// DecodeProvenance reads provenance.json.
func DecodeProvenance(data []byte) (Provenance, error) {
	var p Provenance
	if err := fileForm.decode(ProvenanceName, data, &p); err != nil {
		return Provenance{}, err
	}
	return p, nil
}

// Input returns the input of the given name.
func (p Provenance) Input(name string) (Dependency, bool) {
	list := p.BuildDefinition.ResolvedDependencies
	i, found := slices.BinarySearchFunc(list, name, func(d Dependency, name string) int { return strings.Compare(d.Name, name) })
	if !found {
		return Dependency{}, false
	}
	return list[i], true
}

func (Provenance) predicateType() string { return ProvenancePredicate }

// statementSubjects do not follow from it; see [NewProvenanceStatement].
func (Provenance) statementSubjects() []Subject { return nil }
