package pack

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Input is what goes into one package.
type Input struct {
	ID      string        // of the hotfix; see [manifest.CheckVersion]
	Product string        // see [manifest.CheckProduct]
	Version string        // of the result; see [manifest.CheckVersion]
	Target  target.Target // where the package is to be installed

	// Executable is the path of the built executable. If it is empty, the
	// package carries the extra files alone.
	Executable string

	// Name is the file name of the executable below bin/. The default is the
	// product's name, with ".exe" for Windows.
	Name string

	// Digest is the digest of the executable that was built. Packing fails with
	// a [*ChangedError] if the file is another one by then. If it is zero, the
	// file is read once more to find it.
	Digest manifest.Digest

	// Base is the binary that the package replaces; nil if there is none.
	Base *manifest.Binary

	// Old is the path of the base's executable, which Base must then describe.
	// If it is given, the package is a delta: it holds a patch that makes the
	// executable of the old one. The default is a full package.
	Old string
}

// WithBase returns the input of the delta package that leads from the
// executable of an older package to that of in. The older package is unpacked
// into the folder dir, as by [Unpack], and must stay there until the delta is
// packed.
func (in Input) WithBase(ctx context.Context, path, dir string, opts ...ReadOption) (Input, error) {
	p, err := Unpack(ctx, path, dir, opts...)
	if err != nil {
		return Input{}, err
	}
	m := p.Manifest
	f, ok := m.Executable()
	if !ok || m.Product != in.Product || m.Target != in.Target {
		err := fmt.Errorf("%s holds no executable of %s for %s: name a package that does", path, clip(in.Product), in.Target)
		return Input{}, errors.Join(err, os.RemoveAll(dir))
	}
	in.Base = &manifest.Binary{Version: m.Version, Digest: f.Digest, Size: f.Size}
	in.Old = filepath.Join(dir, filepath.FromSlash(f.Path))
	return in, nil
}

func (in Input) name() string {
	return cmp.Or(in.Name, in.Target.Executable(in.Product))
}

// check finds the mistakes for which no file has to be read.
func (in Input) check() error {
	if err := in.Target.Validate(); err != nil {
		return err
	}
	if err := manifest.CheckProduct(in.Product); err != nil {
		return err
	}
	if in.Old != "" && (in.Base == nil || in.Executable == "") {
		return errors.New("a delta leads from a base to an executable: give both, or leave Old empty for a full package")
	}
	return errors.Join(manifest.CheckVersion(in.ID), manifest.CheckVersion(in.Version))
}

// Packer packs executables. Its zero value is not usable; call [New]. A Packer
// is safe for concurrent use.
type Packer struct {
	config
	time     time.Time
	patching *semaphore.Weighted // bytes of memory in which patches are made
}

// New returns a packer that gives all files the modification time of the fix,
// which is the time of its commit: whole seconds in the years 1980 to 2107. The
// zip format keeps even seconds alone, and the time is rounded down for it.
func New(fix time.Time, opts ...Option) (*Packer, error) {
	p := &Packer{config: config{format: TarZst, parallel: runtime.GOMAXPROCS(0)}, patching: semaphore.NewWeighted(patchMemory)}
	for _, opt := range append([]Option{WithNameTemplate(DefaultNameTemplate)}, opts...) {
		if err := opt(&p.config); err != nil {
			return nil, fmt.Errorf("pack: %w", err)
		}
	}
	if err := checkTime(fix); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if p.time = fix.UTC(); p.format == Zip {
		p.time = p.time.Truncate(2 * time.Second)
	}
	if err := p.rollback(nil).Validate(); err != nil {
		return nil, fmt.Errorf("pack: WithRestart or WithCheck: %w", err)
	}
	return p, nil
}

// Pack packs one executable, or the patch that leads to it, into a file in the
// folder dir, which must exist. The file gets its name when it is complete and
// durable; it replaces a file of that name. If Pack fails, the folder is as it
// was.
//
// Errors are a [*ChangedError], a [*LimitError], a [*manifest.InvalidError], or
// those of the file system.
func (p *Packer) Pack(ctx context.Context, in Input, dir string) (*Package, error) {
	extras, err := fsMembers(ctx, p.files)
	if err != nil {
		return nil, packing(in, err)
	}
	return p.pack(ctx, in, extras, dir)
}

// PackAll packs several inputs at once and returns the packages in the order of
// the inputs. Two inputs whose packages would have the same name, or names that
// differ only in case, are an error. Patches are made as many at once as fit
// into a gigabyte of memory. At the first failure the others are stopped; those
// that are complete by then stay.
func (p *Packer) PackAll(ctx context.Context, ins []Input, dir string) ([]*Package, error) {
	if err := p.checkNames(ins); err != nil {
		return nil, err
	}
	extras, err := fsMembers(ctx, p.files)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	packages := make([]*Package, len(ins))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.parallel)
	for i, in := range ins {
		group.Go(func() (err error) {
			packages[i], err = p.pack(ctx, in, extras, dir)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return packages, nil
}

func (p *Packer) checkNames(ins []Input) error {
	seen := make(map[string]Input, len(ins))
	for _, in := range ins {
		name, err := p.Name(in)
		if err != nil {
			return err
		}
		folded := manifest.FoldPath(name)
		if other, ok := seen[folded]; ok {
			return fmt.Errorf("pack: %s and %s would both be packed as %s: put {{.Target}} into the name template, give bases different versions, or leave one out",
				other.Target, in.Target, name)
		}
		seen[folded] = in
	}
	return nil
}

// Name returns the file name of the package for in.
func (p *Packer) Name(in Input) (string, error) {
	if err := in.check(); err != nil {
		return "", packing(in, err)
	}
	name, err := p.name.name(in, p.format)
	if err != nil {
		return "", packing(in, err)
	}
	return name, nil
}

func (p *Packer) pack(ctx context.Context, in Input, extras []member, dir string) (*Package, error) {
	name, err := p.Name(in)
	if err != nil {
		return nil, err
	}
	pkg, members, err := p.prepare(ctx, in, extras)
	if err != nil {
		return nil, packing(in, err)
	}
	pkg.Path = filepath.Join(dir, name)
	if err := p.produce(ctx, pkg, members); err != nil {
		return nil, packing(in, err)
	}
	return pkg, nil
}

// packing says what was being packed when err occurred.
func packing(in Input, err error) error {
	return fmt.Errorf("packing %s for %s: %w", clip(in.Product), clip(in.Target.String()), err)
}

// prepare collects the members and describes the package, but for the archive.
func (p *Packer) prepare(ctx context.Context, in Input, extras []member) (*Package, []member, error) {
	members, patch, err := p.payload(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	rollback := p.rollback(in.Base)
	text, err := rollback.Encode()
	if err != nil {
		return nil, nil, err
	}
	members = append(members, document(manifest.RollbackPath, text))
	if p.verify != nil {
		members = append(members, document(manifest.VerifyPath, p.verify))
	}
	m, members, err := withManifest(manifest.Package{
		Schema: manifest.PackageSchema, ID: in.ID, Product: in.Product, Version: in.Version, Target: in.Target, Base: cloneBinary(in.Base),
	}, append(members, extras...))
	if err != nil {
		return nil, nil, err
	}
	pkg := &Package{Format: p.format, Time: p.time, Manifest: m, Rollback: rollback}
	if patch != nil {
		pkg.Patch, pkg.Cached = &patch.info, patch.cached
	}
	return pkg, members, nil
}

// payload returns the executable, if there is one, and its bill of materials;
// for a delta, the patch that stands for the executable, alone.
func (p *Packer) payload(ctx context.Context, in Input) ([]member, *patch, error) {
	if in.Executable == "" {
		text, err := bom(in, nil, nil, p.time)
		return []member{document(manifest.SBOMPath, text)}, nil, err
	}
	m, err := executable(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if in.Old != "" {
		patch, err := p.patch(ctx, in, m.file)
		if err != nil {
			return nil, nil, err
		}
		return []member{patch.member(m.file, in.Base.Digest)}, patch, nil
	}
	text, err := bom(in, &m.file, readBuildInfo(in), p.time)
	return []member{m, document(manifest.SBOMPath, text)}, nil, err
}

func (p *Packer) rollback(base *manifest.Binary) manifest.Rollback {
	return manifest.Rollback{Schema: manifest.RollbackSchema, Previous: cloneBinary(base), Restart: p.restart, Check: p.check}
}

func cloneBinary(b *manifest.Binary) *manifest.Binary {
	if b == nil {
		return nil
	}
	clone := *b
	return &clone
}

// produce writes the archive, or takes it from the cache, and completes pkg. What
// takes long about a delta is the patch, which has a cache of its own.
func (p *Packer) produce(ctx context.Context, pkg *Package, members []member) error {
	if p.cache == nil || pkg.Patch != nil {
		return p.write(ctx, pkg, members)
	}
	key, err := cacheKey(pkg)
	if err != nil {
		return err
	}
	if err := p.cache.restore(ctx, key, pkg); err != nil || pkg.Cached {
		return err
	}
	if err := p.write(ctx, pkg, members); err != nil {
		return err
	}
	return p.cache.store(ctx, key, pkg)
}

// output is a file that is being written.
type output interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
}

const packageMode = 0o644 // of the archive itself, where the host has modes

func (p *Packer) write(ctx context.Context, pkg *Package, members []member) error {
	return atomicfile.Write(pkg.Path, packageMode, func(w io.Writer) (err error) {
		out, ok := w.(output)
		if !ok {
			return fmt.Errorf("writing %s: %T cannot be written at an offset", pkg.Path, w)
		}
		if err := encode(ctx, p.format, p.time, out, members); err != nil {
			return err
		}
		pkg.Digest, pkg.Size, err = digestOf(ctx, io.NewSectionReader(out, 0, MaxArchive+1))
		if err == nil && pkg.Size > MaxArchive {
			err = &LimitError{What: "bytes in the archive", Limit: MaxArchive}
		}
		return err
	})
}

// encode writes the container that holds the members, which are sorted.
func encode(ctx context.Context, f Format, t time.Time, out output, members []member) error {
	buffered := bufio.NewWriterSize(out, copyBuffer)
	enc, err := newEncoder(f, buffered, func(p []byte, offset int64) error {
		if err := buffered.Flush(); err != nil {
			return err
		}
		_, err := out.WriteAt(p, offset)
		return err
	})
	if err != nil {
		return err
	}
	rules := newSequence(Limits{}.bounded())
	buf := make([]byte, copyBuffer)
	for _, m := range members {
		_, size := m.file.Stored()
		h := header{path: m.file.Path, mode: m.file.Mode, size: size, time: t}
		if err := rules.add(h); err != nil {
			return unpackable(err)
		}
		if err := enc.create(h); err != nil {
			return unpackable(err)
		}
		if err := m.copyTo(ctx, enc, buf); err != nil {
			return err
		}
	}
	if err := enc.close(); err != nil {
		return unpackable(err)
	}
	return buffered.Flush()
}

// unpackable turns a refusal to read into an error about what is being written.
func unpackable(err error) error {
	var refused *RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Err == nil {
		return &manifest.InvalidError{Field: "path", Value: refused.Entry, Reason: refused.Reason}
	}
	return refused.Err
}
