package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// tree is one side of a comparison.
type tree struct {
	name  string // "base" or "fix"
	fsys  fs.FS
	files map[string]fs.FileMode // type bits of each file and link
	dirs  map[string][]string    // names of the files in each folder, sorted
	cache map[string]*goFile     // parsed files, by path

	patterns map[string][]string // of //go:embed, by folder
}

// open lists a tree. Folders of version control are no part of it.
func open(name string, fsys fs.FS, cfg config) (*tree, error) {
	t := &tree{name: name, fsys: fsys, files: map[string]fs.FileMode{}, dirs: map[string][]string{}, cache: map[string]*goFile{}, patterns: map[string][]string{}}
	err := fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return t.fail(p, err)
		}
		switch {
		case entry.IsDir():
			return skipVersionControl(entry.Name())
		case cfg.skip != nil && cfg.skip(p):
			return nil
		}
		return t.list(p, entry)
	})
	return t, err
}

func skipVersionControl(folder string) error {
	if slices.Contains([]string{".git", ".hg", ".svn", ".jj"}, folder) {
		return fs.SkipDir
	}
	return nil
}

func (t *tree) list(p string, entry fs.DirEntry) error {
	if entry.Name() == ".git" { // in a worktree or submodule it is a file
		return nil
	}
	kind := entry.Type()
	if kind != 0 && kind != fs.ModeSymlink {
		return t.fail(p, errors.New("it is neither a file, a folder nor a symbolic link: remove it"))
	}
	if len(t.files) == MaxFiles {
		return t.fail(p, ErrTooManyFiles)
	}
	t.files[p] = kind
	t.dirs[path.Dir(p)] = append(t.dirs[path.Dir(p)], entry.Name())
	return nil
}

func (t *tree) fail(p string, err error) error { return &FileError{Tree: t.name, Path: p, Err: err} }

func (t *tree) has(p string) bool {
	_, ok := t.files[p]
	return ok
}

func (t *tree) isLink(p string) bool { return t.files[p] == fs.ModeSymlink }

// content is a file as far as it is compared.
type content struct {
	data  []byte // nil if the file is too large, or a link
	link  string // where a symbolic link leads
	large bool
}

// read returns a file, or nothing for one that is not there.
func (t *tree) read(p string) (content, error) {
	if !t.has(p) {
		return content{}, nil
	}
	if t.isLink(p) {
		link, err := fs.ReadLink(t.fsys, p)
		if err != nil {
			return content{}, t.fail(p, err)
		}
		return content{link: link}, nil
	}
	f, err := t.fsys.Open(p)
	if err != nil {
		return content{}, t.fail(p, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return content{}, t.fail(p, err)
	}
	if len(data) > MaxFileSize {
		return content{large: true}, nil
	}
	return content{data: data}, nil
}

// differing returns the paths that are on one side only or not the same on
// both, sorted.
func differing(base, fix *tree) ([]string, error) {
	all := map[string]bool{}
	for _, t := range []*tree{base, fix} {
		for p := range t.files {
			all[p] = true
		}
	}
	var paths []string
	for _, p := range slices.Sorted(maps.Keys(all)) {
		same, err := equal(base, fix, p)
		if err != nil {
			return nil, err
		}
		if !same {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

func equal(base, fix *tree, p string) (bool, error) {
	if !base.has(p) || !fix.has(p) || base.files[p] != fix.files[p] {
		return false, nil
	}
	old, err := base.read(p)
	if err != nil {
		return false, err
	}
	now, err := fix.read(p)
	if err != nil || !old.large || !now.large {
		return err == nil && old.large == now.large && old.link == now.link && bytes.Equal(old.data, now.data), err
	}
	return equalStreams(base, fix, p)
}

// equalStreams compares files that are too large to be held in memory.
func equalStreams(base, fix *tree, p string) (bool, error) {
	a, err := base.fsys.Open(p)
	if err != nil {
		return false, base.fail(p, err)
	}
	defer a.Close()
	b, err := fix.fsys.Open(p)
	if err != nil {
		return false, fix.fail(p, err)
	}
	defer b.Close()
	var left, right [64 << 10]byte
	for {
		n, errA := io.ReadFull(a, left[:])
		m, errB := io.ReadFull(b, right[:])
		if err := errors.Join(base.stopped(p, errA), fix.stopped(p, errB)); err != nil {
			return false, err
		}
		if !bytes.Equal(left[:n], right[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			return (errA != nil) == (errB != nil), nil
		}
	}
}

// stopped is the error of a read, unless it is the end of the file.
func (t *tree) stopped(p string, err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return t.fail(p, err)
}

// Ignored reports whether the go command looks for no packages at a path, since
// it is that of a folder for test data, or hidden.
func Ignored(p string) bool {
	for element := range strings.SplitSeq(p, "/") {
		if element == "testdata" || element != "." && strings.HasPrefix(element, ".") || strings.HasPrefix(element, "_") {
			return true
		}
	}
	return false
}

// module returns the path and the folder of the module that a folder is in.
func (t *tree) module(dir string) (modulePath, root string, err error) {
	for root = dir; ; root = path.Dir(root) {
		if slices.Contains(t.dirs[root], "go.mod") {
			c, err := t.read(path.Join(root, "go.mod"))
			if err != nil {
				return "", "", err
			}
			if name := modulePathOf(c.data); name != "" {
				return name, root, nil
			}
			return "", "", t.fail(path.Join(root, "go.mod"), errors.New("it does not name a module: add a line \"module PATH\""))
		}
		if root == "." {
			return "", "", t.fail("go.mod", fmt.Errorf("%w: give the folder of a module", fs.ErrNotExist))
		}
	}
}

// importPath returns the import path of the package in a folder.
func (t *tree) importPath(dir string) (string, error) {
	if _, vendored, ok := strings.Cut("/"+dir, "/vendor/"); ok {
		return vendored, nil
	}
	module, root, err := t.module(dir)
	switch {
	case err != nil || dir == root:
		return module, err
	case root == ".":
		return module + "/" + dir, nil
	}
	return module + strings.TrimPrefix(dir, root), nil
}
