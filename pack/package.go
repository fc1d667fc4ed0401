package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Package describes an archive that was packed, or read and found to obey
// every rule.
type Package struct {
	Path     string            // of the archive; empty if it was not read from a file
	Format   Format            // of the archive
	Digest   manifest.Digest   // of the archive
	Size     int64             // of the archive, in bytes
	Time     time.Time         // modification time of all members; even seconds in a zip
	Manifest manifest.Package  // manifest.json
	Rollback manifest.Rollback // rollback.json; the zero value if the package has none
	Patch    *delta.Info       // what the patch of a delta package says of itself; nil for a full package
	Cached   bool              // the archive, or the patch of a delta package, was not made again, see [WithCache]
}

// Name returns the file name of the archive.
func (p *Package) Name() string {
	if p.Path == "" {
		return ""
	}
	return filepath.Base(p.Path)
}

// Entry returns what a release says of the package.
func (p *Package) Entry() manifest.Entry {
	e := manifest.Entry{Name: p.Name(), Digest: p.Digest, Size: p.Size, Target: p.Manifest.Target, Base: p.Manifest.Base}
	if f, ok := p.Manifest.Executable(); ok {
		e.Result = &manifest.Result{Version: p.Manifest.Version, Digest: f.Digest, Size: f.Size, Mode: f.Mode}
		e.Delta = f.Delta != nil
	}
	return e
}

// inventory is a sink that keeps what the rules of a package need: the digest
// of each member, the content of the documents, and the beginning of what lies
// below bin/, which may be a patch.
type inventory struct {
	members   []manifest.File // all members, in their order
	time      time.Time
	hash      hash.Hash
	document  *bytes.Buffer // content of the current member, if it is a document
	documents map[string][]byte
	inBin     bool // of the current member
	head      []byte
}

// headLen is more than the header of any patch has.
const headLen = 4096

func newInventory() *inventory {
	return &inventory{hash: sha256.New(), documents: map[string][]byte{}}
}

func (v *inventory) begin(h header) error {
	v.hash.Reset()
	v.document = nil
	if v.inBin = strings.HasPrefix(h.path, manifest.BinDir); v.inBin {
		v.head = nil
	}
	v.time = h.time
	v.members = append(v.members, manifest.File{Path: h.path, Size: h.size, Mode: h.mode, Encoding: manifest.EncodingIdentity})
	if h.path != manifest.ManifestPath && h.path != manifest.RollbackPath {
		return nil
	}
	if h.size > manifest.MaxDocument {
		return refuseLimit(h.path, "bytes in a document", manifest.MaxDocument)
	}
	v.document = &bytes.Buffer{}
	return nil
}

func (v *inventory) Write(p []byte) (int, error) {
	if v.document != nil {
		v.document.Write(p)
	}
	if v.inBin {
		v.head = append(v.head, p[:min(len(p), headLen-len(v.head))]...)
	}
	return v.hash.Write(p)
}

func (v *inventory) end() error {
	m := &v.members[len(v.members)-1]
	m.Digest = manifest.Digest(v.hash.Sum(nil))
	if v.document != nil {
		v.documents[m.Path] = v.document.Bytes()
	}
	return nil
}

// check applies the rules of a package and returns what it says of itself.
func (v *inventory) check() (*Package, error) {
	text, ok := v.documents[manifest.ManifestPath]
	if !ok {
		return nil, refuse(manifest.ManifestPath, "is missing", nil)
	}
	m, err := manifest.DecodePackage(text)
	if err != nil {
		return nil, refuseInvalid(manifest.ManifestPath, err)
	}
	if err := checkMembers(v.members, m.Files); err != nil {
		return nil, err
	}
	rollback, err := v.rollback(m)
	if err != nil {
		return nil, err
	}
	patch, err := v.patch(m)
	if err != nil {
		return nil, err
	}
	return &Package{Time: v.time, Manifest: m, Rollback: rollback, Patch: patch}, nil
}

// patch reads what the patch of a delta package says of itself, which must be
// what the manifest says. A package has one executable at most.
func (v *inventory) patch(m manifest.Package) (*delta.Info, error) {
	f, ok := m.Executable()
	if !ok || f.Delta == nil {
		return nil, nil
	}
	info, err := delta.Inspect(bytes.NewReader(v.head))
	if err != nil {
		return nil, refuse(f.Path, fmt.Sprintf("should be a patch: %v", err), err)
	}
	if !leads(info, *m.Base, f) {
		return nil, refuse(f.Path, "is a patch between other files than manifest.json says", nil)
	}
	return &info, nil
}

// rollback decodes rollback.json, which must lead back to the manifest's base.
func (v *inventory) rollback(m manifest.Package) (manifest.Rollback, error) {
	text, ok := v.documents[manifest.RollbackPath]
	if !ok {
		return manifest.Rollback{}, nil
	}
	r, err := manifest.DecodeRollback(text)
	if err != nil {
		return manifest.Rollback{}, refuseInvalid(manifest.RollbackPath, err)
	}
	if (r.Previous == nil) != (m.Base == nil) || r.Previous != nil && *r.Previous != *m.Base {
		return manifest.Rollback{}, refuse(manifest.RollbackPath, "leads back to another binary than the base in manifest.json", nil)
	}
	return r, nil
}

// checkMembers requires that the manifest lists exactly the members that are
// there. Both lists are sorted and without duplicates.
func checkMembers(members, listed []manifest.File) error {
	for _, m := range members {
		if err := checkMode(m); err != nil {
			return err
		}
		if m.Path == manifest.ManifestPath {
			continue
		}
		if len(listed) == 0 || m.Path < listed[0].Path {
			return refuse(m.Path, "is not listed in manifest.json", nil)
		}
		if m.Path > listed[0].Path {
			break
		}
		if err := checkMember(m, listed[0]); err != nil {
			return err
		}
		listed = listed[1:]
	}
	if len(listed) > 0 {
		return refuse(listed[0].Path, "is missing, though manifest.json lists it", nil)
	}
	return nil
}

func checkMember(m, listed manifest.File) error {
	digest, size := listed.Stored()
	switch {
	case m.Size != size:
		return refuse(m.Path, fmt.Sprintf("has %d bytes where manifest.json says %d", m.Size, size), nil)
	case m.Digest != digest:
		return refuse(m.Path, fmt.Sprintf("has digest %s where manifest.json says %s", m.Digest, digest), nil)
	case m.Mode != listed.Mode:
		return refuse(m.Path, fmt.Sprintf("has mode %s where manifest.json says %s", m.Mode, listed.Mode), nil)
	}
	return nil
}

// checkMode requires the one mode that each member has in a package: what is
// in bin/ and scripts/ can be executed, and nothing else can.
func checkMode(m manifest.File) error {
	if want := memberMode(m.Path); m.Mode != want {
		return refuse(m.Path, fmt.Sprintf("has mode %s where a package has %s", m.Mode, want), nil)
	}
	return nil
}

func memberMode(path string) manifest.Mode {
	if strings.HasPrefix(path, manifest.BinDir) || strings.HasPrefix(path, manifest.ScriptsDir) {
		return manifest.ModeExecutable
	}
	return manifest.ModeFile
}

// ReadOption changes how an archive is read.
type ReadOption func(*readConfig) error

type readConfig struct {
	limits Limits
	digest manifest.Digest
	bases  FindBase
}

// WithLimits lowers the limits of what is read. The default is the Max…
// constants, and no limit can be raised above them.
func WithLimits(l Limits) ReadOption {
	return func(c *readConfig) error {
		if l.Archive < 0 || l.Total < 0 || l.File < 0 || l.Files < 0 {
			return fmt.Errorf("WithLimits: a limit is negative")
		}
		c.limits = l.bounded()
		return nil
	}
}

// WithDigest requires the digest of the archive, as a signed release lists it.
// It is taken from the same bytes that are decoded, so that the file cannot be
// exchanged after a check of its own. The default is to accept any digest.
func WithDigest(d manifest.Digest) ReadOption {
	return func(c *readConfig) error {
		if d.IsZero() {
			return fmt.Errorf("WithDigest: the digest is missing")
		}
		c.digest = d
		return nil
	}
}

func newReadConfig(opts []ReadOption) (readConfig, error) {
	c := readConfig{limits: Limits{}.bounded()}
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return readConfig{}, err
		}
	}
	return c, nil
}

// Open reads the package at path, whose format shows in its first bytes, and
// checks every rule without writing anything. If the package breaks one, the
// error is a [*RefusedError]. A delta package is not applied: that its patch
// makes what the manifest promises shows in [Unpack].
func Open(ctx context.Context, path string, opts ...ReadOption) (*Package, error) {
	return open(ctx, path, nil, opts)
}

// OpenReader is like [Open] for a package of the given size that is not in a
// file of its own.
func OpenReader(ctx context.Context, r io.ReaderAt, size int64, opts ...ReadOption) (*Package, error) {
	c, err := newReadConfig(opts)
	if err != nil {
		return nil, err
	}
	p, err := readPackage(ctx, source{r: r, size: size}, c, nil)
	return p, inArchive("reading the archive", "", err)
}

// open reads the package at path into an inventory and the folder, if any.
func open(ctx context.Context, path string, to *folder, opts []ReadOption) (*Package, error) {
	c, err := newReadConfig(opts)
	if err != nil {
		return nil, err
	}
	src, closeFile, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	p, err := readPackage(ctx, src, c, to)
	if err != nil {
		return nil, inArchive("reading", path, err)
	}
	p.Path = path
	return p, nil
}

// openSource opens a regular file. Anything else could block or never end.
func openSource(path string) (source, func(), error) {
	fi, err := os.Stat(path)
	if err != nil {
		return source{}, nil, err
	}
	if !fi.Mode().IsRegular() {
		return source{}, nil, fmt.Errorf("reading %s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return source{}, nil, err
	}
	if fi, err = f.Stat(); err != nil {
		f.Close()
		return source{}, nil, err
	}
	return source{r: f, size: fi.Size()}, func() { f.Close() }, nil
}

// readPackage scans a package and checks all rules.
func readPackage(ctx context.Context, src source, c readConfig, to *folder) (*Package, error) {
	f, err := src.format()
	if err != nil {
		return nil, err
	}
	v := newInventory()
	sinks := multiSink{v}
	if to != nil {
		sinks = append(sinks, to)
	}
	sum, err := scan(ctx, src, f, c.limits, sinks)
	if err != nil {
		return nil, err
	}
	if err := c.checkDigest(sum.digest); err != nil {
		return nil, err
	}
	p, err := v.check()
	if err != nil {
		return nil, err
	}
	if err := checkResult(p.Manifest, c.limits); err != nil {
		return nil, err
	}
	p.Format, p.Digest, p.Size = f, sum.digest, sum.size
	if p.Patch == nil || to == nil {
		return p, nil
	}
	base, err := c.findBase(ctx, *p.Manifest.Base)
	if err != nil {
		return nil, err
	}
	defer base.Close()
	return p, to.applyPatch(ctx, p.Manifest, base)
}

// checkResult applies the limits to what a host gets, which may be more than
// the archive holds.
func checkResult(m manifest.Package, limits Limits) error {
	var total int64
	for _, f := range m.Files {
		if f.Size > limits.File {
			return refuseLimit(f.Path, "bytes in one file", limits.File)
		}
		if total += f.Size; total > limits.Total {
			return refuseLimit("", "bytes in all files together", limits.Total)
		}
	}
	return nil
}

func (c readConfig) checkDigest(got manifest.Digest) error {
	if c.digest.IsZero() || c.digest == got {
		return nil
	}
	return refuse("", fmt.Sprintf("has digest %s where %s was asked for: fetch it again", got, c.digest), &DigestError{Want: c.digest, Got: got})
}

// multiSink gives everything to each of its sinks.
type multiSink []sink

func (m multiSink) begin(h header) error {
	for _, s := range m {
		if err := s.begin(h); err != nil {
			return err
		}
	}
	return nil
}

func (m multiSink) Write(p []byte) (int, error) {
	for _, s := range m {
		if _, err := s.Write(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (m multiSink) end() error {
	for _, s := range m {
		if err := s.end(); err != nil {
			return err
		}
	}
	return nil
}
