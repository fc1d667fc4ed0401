package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	maxFilesShown = 8
	maxLinesShown = 3
)

// showChange says which files differ between base and fix, Go code first, and
// shows its lines where they are few.
func (s *story) showChange() error {
	s.say.step("The fix: what changes in the source")
	base, fix := os.DirFS(s.program.baseDir), os.DirFS(s.program.fixDir)
	names, err := changedFiles(base, fix)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("base and fix are the same source: there is nothing to fix")
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names[:min(len(names), maxFilesShown)] {
		s.say.line("%s", name)
		if rank(name) > 0 {
			continue
		}
		if err := s.showLines(base, fix, name); err != nil {
			return err
		}
	}
	if rest := len(names) - maxFilesShown; rest > 0 {
		s.say.line("and %s", count(rest, "more file"))
	}
	return nil
}

// rank orders files: Go code, its tests, the rest.
func rank(name string) int {
	switch {
	case path.Ext(name) != ".go":
		return 2
	case strings.HasSuffix(name, "_test.go"):
		return 1
	default:
		return 0
	}
}

func (s *story) showLines(base, fix fs.FS, name string) error {
	before, err := readIfThere(base, name)
	if err != nil {
		return err
	}
	after, err := readIfThere(fix, name)
	if err != nil {
		return err
	}
	removed, added := changedLines(strings.Split(string(before), "\n"), strings.Split(string(after), "\n"))
	if len(removed) > maxLinesShown || len(added) > maxLinesShown {
		return nil
	}
	for _, line := range removed {
		s.say.line("  - %s", line)
	}
	for _, line := range added {
		s.say.line("  + %s", line)
	}
	return nil
}

// changedLines returns what is left of two files without their common beginning
// and end.
func changedLines(before, after []string) (removed, added []string) {
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	return before, after
}

// changedFiles returns the names of files that differ or are only in one tree,
// sorted.
func changedFiles(base, fix fs.FS) ([]string, error) {
	var changed []string
	compare := func(tree, other fs.FS) error {
		return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			here, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			there, err := readIfThere(other, name)
			if err != nil {
				return err
			}
			if !bytes.Equal(here, there) {
				changed = append(changed, name)
			}
			return nil
		})
	}
	if err := errors.Join(compare(base, fix), compare(fix, base)); err != nil {
		return nil, err
	}
	slices.Sort(changed)
	return slices.Compact(changed), nil
}

func readIfThere(tree fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(tree, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
