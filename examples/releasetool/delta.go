package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/pack/delta"
)

// patched is the result of diff.
type patched struct {
	Coder string `json:"coder"`
	Old   int64  `json:"old"` // bytes
	New   int64  `json:"new"`
	Patch int64  `json:"patch"`
}

func (p patched) text() string {
	return fmt.Sprintf("%d bytes make %d of %d (%s)\n", p.Patch, p.New, p.Old, p.Coder)
}

func defineDiff(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, args []string) error {
		old, err := readFile(args[0], delta.MaxSize)
		if err != nil {
			return fmt.Errorf("reading the old file: %w", err)
		}
		now, err := readFile(args[1], delta.MaxSize)
		if err != nil {
			return fmt.Errorf("reading the new file: %w", err)
		}
		var patch bytes.Buffer
		info, err := delta.Diff(ctx, old, now, &patch)
		if err != nil {
			return err
		}
		result := patched{Coder: info.Coder.String(), Old: info.Old.Size, New: info.New.Size, Patch: int64(patch.Len())}
		if err := replaceFile(args[2], 0o644, func(w io.Writer) error { _, err := patch.WriteTo(w); return err }); err != nil {
			return err
		}
		return t.print(*asJSON, result, result.text)
	}
}

func definePatch(*tool, *flag.FlagSet) action {
	return func(ctx context.Context, args []string) (err error) {
		old, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer old.Close()
		info, err := old.Stat()
		if err != nil {
			return err
		}
		patch, err := os.Open(args[1])
		if err != nil {
			return err
		}
		defer patch.Close()
		return replaceFile(args[2], info.Mode().Perm(), func(w io.Writer) error { return delta.Apply(ctx, old, patch, w) })
	}
}

// replaceFile puts a file in its place when it is whole; before, what was there
// stays.
func replaceFile(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
