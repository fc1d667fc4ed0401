package pack

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// patch is what a delta package holds in the place of its executable.
type patch struct {
	data   []byte
	info   delta.Info
	cached bool // it was made by an earlier call
}

// Memory for patches that are made at the same time. A larger one is made alone.
const (
	patchMemory = 1 << 30 // bytes for all of them
	oldTimes    = 16      // how often the old file is held, see package delta
)

// member returns the member that stands for the given executable.
func (p *patch) member(f manifest.File, base manifest.Digest) member {
	m := document(f.Path, p.data)
	f.Encoding = manifest.EncodingDelta
	f.Delta = &manifest.Delta{Base: base, Digest: m.file.Digest, Size: m.file.Size}
	m.file = f
	return m
}

// patch makes the patch from the input's base to its executable, or takes it
// from the cache.
func (p *Packer) patch(ctx context.Context, in Input, executable manifest.File) (*patch, error) {
	key := patchKey(in.Base.Digest, executable.Digest)
	if data := p.cache.restorePatch(in, key); data != nil {
		if info, err := delta.Inspect(bytes.NewReader(data)); err == nil && leads(info, *in.Base, executable) {
			return &patch{data: data, info: info, cached: true}, nil
		}
	}
	made, err := p.diff(ctx, in, executable)
	if err != nil {
		return nil, err
	}
	p.cache.storePatch(in, key, made.data)
	return made, nil
}

// leads reports whether a patch makes the executable of the base.
func leads(info delta.Info, base manifest.Binary, executable manifest.File) bool {
	return info.Old == delta.File{Size: base.Size, SHA256: base.Digest} && info.New == delta.File{Size: executable.Size, SHA256: executable.Digest}
}

// diff makes the patch, as soon as there is memory for it.
func (p *Packer) diff(ctx context.Context, in Input, executable manifest.File) (*patch, error) {
	needed := min(oldTimes*bound(in.Base.Size, delta.MaxSize)+bound(executable.Size, delta.MaxSize), patchMemory)
	if err := p.patching.Acquire(ctx, needed); err != nil {
		return nil, err
	}
	defer p.patching.Release(needed)
	old, err := readPinned(in.Old, in.Base.Digest)
	if err != nil {
		return nil, fmt.Errorf("reading the base: %w", err)
	}
	current, err := readPinned(in.Executable, executable.Digest)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	info, err := delta.Diff(ctx, old, current, &data)
	if err != nil {
		return nil, err
	}
	if !leads(info, *in.Base, executable) {
		return nil, fmt.Errorf("the base has %d bytes where %d were announced: describe the executable itself", len(old), in.Base.Size)
	}
	return &patch{data: data.Bytes(), info: info}, nil
}

// readPinned reads a file, which must have the given digest.
func readPinned(path string, want manifest.Digest) ([]byte, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > delta.MaxSize {
		return nil, fmt.Errorf("%s is no file of at most %d bytes: pack it in full", path, int64(delta.MaxSize))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if got := manifest.DigestOf(data); got != want {
		return nil, &ChangedError{Path: path, Want: want, Got: got}
	}
	return data, nil
}
