package change

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/build/policy"
)

// affected compares the programs of one target.
func (c *comparison) affected(p pair) policy.Affected {
	a := policy.Affected{Target: p.target, Err: p.broken(), Excluded: c.excluded(p)}
	changed, err := c.changed(p)
	if err != nil {
		a.Err = cmp.Or(a.Err, err.Error())
	}
	a.Changed, a.Through = slices.Sorted(maps.Keys(changed)), through(p, changed)
	return a
}

// changed are the packages that differ in themselves, or that only one program
// has. Those of the standard library that come or go are not listed: no change
// is made there, but in what imports them.
func (c *comparison) changed(p pair) (map[string]bool, error) {
	if p.base.main == "" || p.fix.main == "" { // compared with nothing, all would differ
		return nil, nil
	}
	changed, err := c.digests.differing(p)
	if len(c.change.Directives) > 0 {
		changed[p.fix.main] = true // they are recorded in it, and set what it does at run time
	}
	return changed, err
}

// differing are the keys of the packages that differ in themselves, or that only
// one side has.
func (d digests) differing(p pair) (map[string]bool, error) {
	changed := map[string]bool{}
	var failed error
	for path, fix := range p.fix.packages {
		base := p.base.packages[path]
		if base == nil && fix.Module == nil {
			continue
		}
		same, err := d.same(base, fix)
		failed = cmp.Or(failed, err)
		if !same {
			changed[path] = true
		}
	}
	for path, base := range p.base.packages {
		if p.fix.packages[path] == nil && base.Module != nil {
			changed[path] = true
		}
	}
	return changed, failed
}

// through are the packages that import a changed one, directly or not.
func through(p pair, changed map[string]bool) []string {
	importers := map[string][]string{}
	for _, side := range []*program{p.base, p.fix} {
		for path, found := range side.packages {
			for _, imported := range found.Imports {
				importers[imported.PkgPath] = append(importers[imported.PkgPath], path)
			}
		}
	}
	reached, queue := map[string]bool{}, slices.Collect(maps.Keys(changed))
	for len(queue) > 0 {
		for _, importer := range importers[queue[0]] {
			if !changed[importer] && !reached[importer] {
				reached[importer] = true
				queue = append(queue, importer)
			}
		}
		queue = queue[1:]
	}
	return slices.Sorted(maps.Keys(reached))
}

// excluded are the files that differ and are in neither program. Those that
// decide what the programs consist of are not listed, though no compiler reads
// them. Of a program that is not known nothing is excluded.
func (c *comparison) excluded(p pair) []string {
	if p.broken() != "" {
		return nil
	}
	part := p.files()
	var excluded []string
	for _, f := range c.change.Files {
		if !part[f.Path] && !decides(f.Path) {
			excluded = append(excluded, f.Path)
		}
	}
	return excluded
}

// decides reports whether a file says what programs consist of.
func decides(p string) bool {
	return slices.Contains([]string{"go.mod", "go.sum", "go.work", "go.work.sum", "vendor/modules.txt"}, p)
}

// digests remembers what files hold, since most are part of the programs of
// several targets.
type digests map[string][sha256.Size]byte

// same reports whether a package is compiled from the same on both sides.
func (d digests) same(base, fix *packages.Package) (bool, error) {
	if base == nil || identity(base) != identity(fix) {
		return false, nil
	}
	old, now := relative(base), relative(fix)
	if !slices.Equal(slices.Sorted(maps.Keys(old)), slices.Sorted(maps.Keys(now))) {
		return false, nil
	}
	for name := range now {
		if same, err := d.sameFile(old[name], now[name]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// module says of which module a package is and how that is compiled, which is
// all recorded in the executable.
type module struct{ path, version, replaced, language string }

func identity(p *packages.Package) module {
	if p.Module == nil {
		return module{}
	}
	return module{p.Module.Path, p.Module.Version, replacement(p.Module), p.Module.GoVersion}
}

func replacement(m *packages.Module) string {
	switch {
	case m.Replace == nil:
		return ""
	case m.Replace.Version == "":
		return m.Replace.Path
	}
	return m.Replace.Path + " " + m.Replace.Version
}

// relative maps the names of a package's files below its folder to where they
// are.
func relative(p *packages.Package) map[string]string {
	files := map[string]string{}
	for _, file := range filesOf(p) {
		name, err := filepath.Rel(p.Dir, file)
		if err != nil {
			name = file
		}
		files[name] = file
	}
	return files
}

// sameFile compares two files, unless they are one: those of the standard
// library and of the module cache mostly are.
func (d digests) sameFile(a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	left, errA := d.of(a)
	right, errB := d.of(b)
	return left == right, errors.Join(errA, errB)
}

func (d digests) of(file string) ([sha256.Size]byte, error) {
	if sum, ok := d[file]; ok {
		return sum, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return [sha256.Size]byte{}, err
	}
	d[file] = [sha256.Size]byte(h.Sum(nil))
	return d[file], nil
}
