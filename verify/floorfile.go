package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// ReadFloor reads the floor of a product from a file. A file that is not there is a
// host's first; one that is damaged is an error, since it may have been higher.
func ReadFloor(ctx context.Context, path, product string) (manifest.Floor, error) {
	data, err := readFile(ctx, os.DirFS(filepath.Dir(path)), filepath.Base(path), manifest.MaxDocument)
	if errors.Is(err, ErrMissing) {
		return manifest.NewFloor(product), nil
	}
	if err != nil {
		return manifest.Floor{}, err
	}
	f, err := manifest.DecodeFloor(data)
	if err != nil {
		return manifest.Floor{}, fmt.Errorf("verify: the floor %s: %w; restore it from a copy, for without it old releases could be installed", filepath.Base(path), err)
	}
	if f.Product != product {
		return manifest.Floor{}, refuse(RuleProduct, ErrUnknownProduct, fmt.Sprintf("the floor %s is that of product %s, not of %s", filepath.Base(path), f.Product, product), "give the floor of the product")
	}
	return f, nil
}

// WriteFloor raises the floor in a file, and returns when it has reached the disk.
// Where another process has raised it meanwhile, both count: a floor never sinks
// ([ErrFloorSinks] says that this one would).
func WriteFloor(ctx context.Context, path string, f manifest.Floor) (err error) {
	lock, err := filelock.Acquire(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	before, err := ReadFloor(ctx, path, f.Product)
	if err != nil {
		return err
	}
	if err := notBelow(f, before); err != nil {
		return err
	}
	data, err := f.Encode()
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(path, data, fs.FileMode(0o644))
}

// notBelow refuses a floor that forgets anything of the one before.
func notBelow(f, before manifest.Floor) error {
	sinks := ""
	switch {
	case f.Number().Compare(before.Number()) < 0:
		sinks = fmt.Sprintf("from %s to %s", before.Number(), f.Number())
	case f.Number() == before.Number() && f.Statement != before.Statement:
		sinks = fmt.Sprintf("to another release with %s", f.Number())
	case f.Clock.Before(before.Clock):
		sinks = fmt.Sprintf("from %s to %s", moment(before.Clock), moment(f.Clock))
	case f.Trust < before.Trust:
		sinks = fmt.Sprintf("from version %d of the trust file to %d", before.Trust, f.Trust)
	case len(withdraw(f.Withdrawn, before.Withdrawn)) > len(f.Withdrawn):
		sinks = "and forget a hotfix that was taken back"
	case slices.ContainsFunc(before.Installed, func(id string) bool { return !slices.Contains(f.Installed, id) }):
		sinks = "and forget a hotfix that was confirmed"
	}
	if sinks == "" {
		return nil
	}
	return refuse(RuleRollback, ErrFloorSinks, "the floor would sink "+sinks, "read it again, and raise what it holds now")
}
