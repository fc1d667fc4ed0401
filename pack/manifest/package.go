package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/target"
)

// Paths of the fixed members of a package.
const (
	ManifestPath = "manifest.json"
	RollbackPath = "rollback.json"
	SBOMPath     = "sbom.cdx.json"
	VerifyPath   = "scripts/verify"
	BinDir       = "bin/"
	ConfigDir    = "config/"
	ScriptsDir   = "scripts/"
)

// PackageSchema names the format of manifest.json.
const PackageSchema = "hotfix.package/v1"

// Modes of the files of a package. There are no others.
const (
	ModeFile       Mode = "0644"
	ModeExecutable Mode = "0755"
)

// Encodings of a file: how the member of the archive stands for it.
const (
	EncodingIdentity = "identity" // the member is the file itself
	EncodingDelta    = "delta"    // the member is a patch that makes the file of the base's executable; see [Delta]
)

// Mode is a file's permission bits in four octal digits.
type Mode string

// Package is manifest.json: what one archive holds, for which product, version
// and target, and which base it replaces. If its executable has encoding
// "delta" it is a delta package, which can be installed by those alone who have
// that base.
type Package struct {
	Schema  string        `json:"schema"`         // [PackageSchema]
	ID      string        `json:"id"`             // the hotfix that the package belongs to
	Product string        `json:"product"`        // see [CheckProduct]
	Version string        `json:"version"`        // of the result; see [CheckVersion]
	Target  target.Target `json:"target"`         // where the payload runs
	Base    *Binary       `json:"base,omitempty"` // the binary that the payload replaces, and that a delta applies to
	Files   []File        `json:"files"`          // all members but manifest.json, sorted by path
}

// Binary identifies one executable.
type Binary struct {
	Version string `json:"version"` // see [CheckVersion]
	Digest  Digest `json:"digest"`
	Size    int64  `json:"size"` // bytes
}

// File is one file of a package. Digest, size and mode are those of the file
// that a host gets, whatever its encoding.
type File struct {
	Path     string `json:"path"` // inside the package; see [CheckPath]
	Digest   Digest `json:"digest"`
	Size     int64  `json:"size"` // bytes
	Mode     Mode   `json:"mode"`
	Encoding string `json:"encoding"`        // [EncodingIdentity], or below bin/ also [EncodingDelta]
	Delta    *Delta `json:"delta,omitempty"` // of encoding "delta" alone
}

// Delta says from what a file of encoding "delta" is made, and by which patch:
// the member that lies in the archive at the file's path.
type Delta struct {
	Base   Digest `json:"base"`   // of the file that the patch applies to: that of the package's base
	Digest Digest `json:"digest"` // of the patch
	Size   int64  `json:"size"`   // of the patch in bytes
}

// Stored returns digest and size of the member of the archive that stands for
// the file: those of the patch for encoding "delta", else of the file itself.
func (f File) Stored() (Digest, int64) {
	if f.Delta != nil {
		return f.Delta.Digest, f.Delta.Size
	}
	return f.Digest, f.Size
}

// Encode returns the one encoding of p as manifest.json. It fails if p is not valid.
func (p Package) Encode() ([]byte, error) { return fileForm.encode(ManifestPath, &p) }

// DecodePackage reads manifest.json. Errors are [*InvalidError],
// [ErrNotCanonical] or those of [encoding/json], wrapped.
func DecodePackage(data []byte) (Package, error) {
	var p Package
	if err := fileForm.decode(ManifestPath, data, &p); err != nil {
		return Package{}, err
	}
	return p, nil
}

// File returns the entry of the given path.
func (p Package) File(path string) (File, bool) {
	i, found := slices.BinarySearchFunc(p.Files, path, func(f File, path string) int { return cmp.Compare(f.Path, path) })
	if !found {
		return File{}, false
	}
	return p.Files[i], true
}

// Executable returns the package's one entry below bin/, or false for a
// package that carries only configuration or scripts.
func (p Package) Executable() (File, bool) {
	for _, f := range p.Files {
		if strings.HasPrefix(f.Path, BinDir) {
			return f, true
		}
	}
	return File{}, false
}

// Validate reports the first rule that p breaks, as an [*InvalidError].
func (p Package) Validate() error {
	if p.Schema != PackageSchema {
		return &InvalidError{Field: "schema", Value: p.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads", PackageSchema)}
	}
	if err := checkIdentity(p.ID, p.Product, p.Version); err != nil {
		return err
	}
	if err := p.Target.Validate(); err != nil {
		return &InvalidError{Field: "target", Value: p.Target.String(), Reason: "is not a target: " + err.Error()}
	}
	if p.Base != nil {
		if err := p.Base.validate(); err != nil {
			return within("base", err)
		}
	}
	if err := checkFiles(p.Files); err != nil {
		return err
	}
	return p.checkDeltas()
}

// checkDeltas requires that what is made from a base is made from the base that
// the package names.
func (p Package) checkDeltas() error {
	for i, f := range p.Files {
		if f.Delta != nil && (p.Base == nil || f.Delta.Base != p.Base.Digest) {
			return &InvalidError{Field: fmt.Sprintf("files[%d].delta.base", i), Value: f.Delta.Base.String(), Reason: "is not the digest of the package's base"}
		}
	}
	return nil
}

func checkIdentity(id, product, version string) error {
	if err := CheckVersion(id); err != nil {
		return within("id", err)
	}
	if err := CheckProduct(product); err != nil {
		return err
	}
	return CheckVersion(version)
}

func (b Binary) validate() error {
	if err := CheckVersion(b.Version); err != nil {
		return err
	}
	return checkContent(b.Digest, b.Size)
}

func checkContent(d Digest, size int64) error {
	if d.IsZero() {
		return &InvalidError{Field: "digest", Reason: "is missing"}
	}
	if size < 0 || size > MaxFile {
		return &InvalidError{Field: "size", Value: fmt.Sprint(size), Reason: fmt.Sprintf("must be from 0 to %d", int64(MaxFile))}
	}
	return nil
}

func checkFiles(files []File) error {
	if len(files) == 0 || len(files) > MaxFiles {
		return &InvalidError{Field: "files", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", len(files), MaxFiles)}
	}
	executables := 0
	folded := make(map[string]bool, len(files))
	for i, f := range files {
		field := fmt.Sprintf("files[%d]", i)
		if err := f.validate(); err != nil {
			return within(field, err)
		}
		if i > 0 && files[i-1].Path >= f.Path {
			return &InvalidError{Field: field + ".path", Value: f.Path, Reason: "is out of order or stands twice"}
		}
		if folded[FoldPath(f.Path)] {
			return &InvalidError{Field: field + ".path", Value: f.Path, Reason: "differs from another path only in case"}
		}
		folded[FoldPath(f.Path)] = true
		if strings.HasPrefix(f.Path, BinDir) {
			executables++
		}
	}
	if executables > 1 {
		return &InvalidError{Field: "files", Reason: "has more than one executable below bin/"}
	}
	return checkNoFileIsFolder(files, folded)
}

// checkNoFileIsFolder refuses "a" beside "a/b", also where they differ in case:
// no file system can hold both.
func checkNoFileIsFolder(files []File, folded map[string]bool) error {
	for i, f := range files {
		for dir := parent(FoldPath(f.Path)); dir != ""; dir = parent(dir) {
			if folded[dir] {
				return &InvalidError{Field: fmt.Sprintf("files[%d].path", i), Value: f.Path, Reason: "lies below another file"}
			}
		}
	}
	return nil
}

func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

func (f File) validate() error {
	if err := CheckPath(f.Path); err != nil {
		return err
	}
	if !allowedMember(f.Path) {
		return &InvalidError{Field: "path", Value: f.Path, Reason: "is neither rollback.json nor sbom.cdx.json nor below bin/, config/ or scripts/"}
	}
	if f.Mode != ModeFile && f.Mode != ModeExecutable {
		return &InvalidError{Field: "mode", Value: string(f.Mode), Reason: "is neither 0644 nor 0755"}
	}
	if err := checkContent(f.Digest, f.Size); err != nil {
		return err
	}
	return f.checkEncoding()
}

// checkEncoding requires a delta where the encoding says so, and nowhere else.
func (f File) checkEncoding() error {
	switch {
	case f.Encoding != EncodingIdentity && f.Encoding != EncodingDelta:
		return &InvalidError{Field: "encoding", Value: f.Encoding, Reason: `is neither "identity" nor "delta"`}
	case f.Encoding == EncodingIdentity && f.Delta != nil:
		return &InvalidError{Field: "delta", Reason: `must not be there with the encoding "identity"`}
	case f.Encoding == EncodingIdentity:
		return nil
	case !strings.HasPrefix(f.Path, BinDir):
		return &InvalidError{Field: "encoding", Value: f.Encoding, Reason: "is for an executable below bin/ alone"}
	case f.Delta == nil:
		return &InvalidError{Field: "delta", Reason: `is missing, though the encoding is "delta"`}
	case f.Delta.Base.IsZero():
		return &InvalidError{Field: "delta.base", Reason: "is missing"}
	}
	return within("delta", checkContent(f.Delta.Digest, f.Delta.Size))
}

func allowedMember(path string) bool {
	if path == RollbackPath || path == SBOMPath {
		return true
	}
	if name, ok := strings.CutPrefix(path, BinDir); ok {
		return !strings.Contains(name, "/")
	}
	return strings.HasPrefix(path, ConfigDir) || strings.HasPrefix(path, ScriptsDir)
}
