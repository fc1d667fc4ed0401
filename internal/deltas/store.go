package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/upstream"
)

// store is the folder of pairs: NAME/TARGET/old, new, and recipe, which says how
// the two were made and is written last.
type store struct {
	dir      string
	temp     string
	workshop *upstream.Workshop
	files    map[string]string // what was made in this run, or found, by its recipe
}

func newStore(dir, temp string) *store {
	return &store{dir: dir, temp: temp, workshop: upstream.NewWorkshop(filepath.Join(temp, "workshop")), files: map[string]string{}}
}

// sides are the two files of a pair.
type sides struct{ old, new string }

// pair returns the files of a pair, which it makes unless they are there.
func (s *store) pair(ctx context.Context, p pair) (sides, error) {
	dir := filepath.Join(s.dir, p.name, p.target)
	both := sides{filepath.Join(dir, "old"), filepath.Join(dir, "new")}
	recipe := p.old.recipe() + "\n" + p.new.recipe() + "\n"
	noted, err := os.ReadFile(filepath.Join(dir, "recipe"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sides{}, err
	}
	if string(noted) != recipe {
		if err := s.make(ctx, p, both, recipe); err != nil {
			return sides{}, fmt.Errorf("making %s: %w", p, err)
		}
	}
	s.files[p.old.recipe()], s.files[p.new.recipe()] = both.old, both.new
	return both, nil
}

// makeAll makes pairs for later runs.
func (b *bench) makeAll(ctx context.Context, chosen []pair) error {
	for _, p := range chosen {
		_, err := b.store.pair(ctx, p)
		if missing := (*missingError)(nil); errors.As(err, &missing) {
			fmt.Fprintf(b.out, "%s: %s\n", p, missing.reason)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(b.out, p)
	}
	return nil
}

// make replaces what is there when both files are made.
func (s *store) make(ctx context.Context, p pair, both sides, recipe string) error {
	old, err := s.file(ctx, p.old)
	if err != nil {
		return err
	}
	now, err := s.file(ctx, p.new)
	if err != nil {
		return err
	}
	dir := filepath.Dir(both.old)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	if err := errors.Join(share(old, both.old), share(now, both.new)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "recipe"), []byte(recipe), 0o644)
}

// file returns a file with a content, which it makes once.
func (s *store) file(ctx context.Context, c content) (string, error) {
	if path, ok := s.files[c.recipe()]; ok {
		return path, nil
	}
	path := filepath.Join(s.temp, fmt.Sprintf("file-%d", len(s.files)))
	if err := c.write(ctx, s, path); err != nil {
		return "", err
	}
	s.files[c.recipe()] = path
	return path, nil
}

// share gives a file a second name, or makes a copy if it cannot have one.
func share(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
