package build

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// folders are the places in which the file was built. They are recorded in it
// unless it was built with -trimpath.
type folders struct{ source, goroot, modcache string }

func (f folders) String() string {
	return strings.Join(strings.Fields(f.source+" "+f.goroot+" "+f.modcache), ", ")
}

// folders derives the places from the names of an executable's source files.
func (r *recipe) folders(exe *goexe.File) folders {
	files, err := exe.SourceFiles()
	if err != nil || r.trimpath {
		return folders{}
	}
	var f folders
	for _, file := range files {
		file = strings.ReplaceAll(file, `\`, "/")
		if root, ok := strings.CutSuffix(file, "/src/runtime/proc.go"); ok && isRooted(root) {
			f.goroot = root
		}
		if f.modcache == "" {
			f.modcache = moduleCache(file, r)
		}
	}
	f.source = r.sourceFolder(files, f)
	return f
}

func isRooted(p string) bool { return path.IsAbs(p) || len(p) > 2 && p[1] == ':' }

// moduleCache returns the module cache if a file lies in one of the recorded
// dependencies there.
func moduleCache(file string, r *recipe) string {
	for _, dep := range append(slices.Clone(r.deps), &r.main) {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		escaped, err := module.EscapePath(dep.Path)
		if err != nil {
			continue
		}
		if root, _, ok := strings.Cut(file, "/"+escaped+"@"+dep.Version+"/"); ok && isRooted(root) {
			return root
		}
	}
	return ""
}

// sourceFolder returns the folder of the main module: that of the main
// package without the package's path in the module.
func (r *recipe) sourceFolder(files []string, f folders) string {
	suffix := "/" + strings.TrimPrefix(strings.TrimPrefix(r.pkg, r.module), "/")
	common := ""
	for _, file := range files {
		dir := path.Dir(strings.ReplaceAll(file, `\`, "/"))
		if !isRooted(dir) || within(dir, f.goroot) || within(dir, f.modcache) {
			continue
		}
		if root, ok := strings.CutSuffix(dir+"/", suffix+"/"); ok && suffix != "/" && r.pkg != filesOnly {
			return root
		}
		if common == "" {
			common = dir
		}
		for !within(dir, common) {
			common = path.Dir(common)
		}
	}
	return common
}

func within(dir, parent string) bool {
	return parent != "" && (dir == parent || strings.HasPrefix(dir, strings.TrimSuffix(parent, "/")+"/"))
}

// mainFile returns the file, relative to the main module, that holds the main
// function of an executable which was built from files.
func (r *rebuilder) mainFile() string {
	files, err := r.subject.exe.SourceFiles()
	if err != nil {
		return ""
	}
	base := strings.TrimSuffix(filepath.Base(r.subject.path), ".exe")
	f := r.recipe.folders(r.subject.exe)
	for _, file := range files {
		if rel, ok := strings.CutPrefix(file, f.source+"/"); ok && path.Base(rel) == "main.go" && (path.Dir(rel) == "." || strings.HasPrefix(base, path.Base(path.Dir(rel)))) {
			return rel
		}
	}
	return ""
}

// linkFolders makes the recorded places lead to those of this host, if they do
// not and WithRecordedFolders asks for it. It returns how to undo that.
func (r *rebuilder) linkFolders(src *source) (undo func() error, err error) {
	links := &linkSet{}
	recorded := r.recipe.folders(r.subject.exe)
	if recorded == (folders{}) {
		return links.remove, nil
	}
	if !r.folders && !r.inPlace(recorded, src) {
		src.caveats = append(src.caveats, "it was built without -trimpath, in "+recorded.String()+
			", and was rebuilt elsewhere; WithRecordedFolders can rebuild it in the same places, in a container that is thrown away")
		return links.remove, nil
	}
	root := strings.TrimSuffix(recorded.source, "/"+src.subdir)
	for _, link := range []struct{ at, to string }{
		{recorded.modcache, r.places.GOMODCACHE}, {recorded.goroot, r.places.GOROOT}, {root, src.root}, // a toolchain may lie in the cache
	} {
		if err := links.add(filepath.FromSlash(link.at), link.to, r.source); err != nil {
			return links.remove, errors.Join(err, links.remove())
		}
	}
	if recorded.source != "" && src.root != "" {
		src.dir = filepath.FromSlash(recorded.source)
	}
	if recorded.modcache != "" {
		src.env = append(src.env, "GOMODCACHE="+filepath.FromSlash(recorded.modcache))
	}
	src.goroot = filepath.FromSlash(recorded.goroot)
	return links.remove, nil
}

// inPlace reports whether this host has the recorded places, so that no links
// are needed: the file was built here.
func (r *rebuilder) inPlace(f folders, src *source) bool {
	return (f.goroot == "" || sameFile(f.goroot, r.places.GOROOT)) &&
		(f.modcache == "" || sameFile(f.modcache, r.places.GOMODCACHE)) &&
		(f.source == "" || src.root == "" || r.source != "" && sameFile(f.source, filepath.Join(r.source, filepath.FromSlash(src.subdir))))
}

// linkSet is a set of symbolic links and of the folders made for them.
type linkSet struct{ made []string }

// add makes a link, unless the place is the same already, or is the given
// source. It changes nothing that exists.
func (l *linkSet) add(at, to, source string) error {
	if at == "" || to == "" || sameFile(at, to) || source != "" && sameFile(at, source) {
		return nil
	}
	if !filepath.IsAbs(at) || filepath.Clean(at) != at {
		return missing("", "the recorded folder %q is not one of this system", at)
	}
	if _, err := os.Lstat(at); err == nil {
		return missing("use a container in which it does not exist", "the recorded folder %s exists and is another", at)
	}
	for _, parent := range missingParents(at) {
		if err := os.Mkdir(parent, 0o755); err != nil {
			return &MissingError{What: "the recorded folder cannot be made", Err: err}
		}
		l.made = append(l.made, parent)
	}
	if err := os.Symlink(to, at); err != nil {
		return &MissingError{What: "the recorded folder cannot be made", Err: err}
	}
	l.made = append(l.made, at)
	return nil
}

// remove takes away what add made, in the opposite order.
func (l *linkSet) remove() error {
	var errs []error
	for i := len(l.made) - 1; i >= 0; i-- {
		errs = append(errs, os.Remove(l.made[i]))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing the links that were made for the recorded folders: %w", err)
	}
	return nil
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// missingParents returns the parents of a path that do not exist, the
// outermost first.
func missingParents(p string) []string {
	var list []string
	for dir := filepath.Dir(p); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return list
		}
		list = append([]string{dir}, list...)
	}
}
