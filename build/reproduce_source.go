package build

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// source is what one or more attempts build from.
type source struct {
	name    string   // "path@version", or the folder it came from
	dir     string   // where the go command runs
	verb    []string // "build", or "install"
	args    []string // package or files to build
	env     []string
	module  string // folder of the main module's files; empty for a command of the toolchain
	root    string // folder that holds it, a repository if the file records one; empty if nothing was copied
	subdir  string // of the module in root, slash-separated
	version string // of the main module; empty if unknown
	goroot  string // recorded place of the toolchain, linked; empty for the real one
	caveats []string
}

// sources returns what the file may have been built from, the likeliest first.
func (r *rebuilder) sources(ctx context.Context) ([]*source, error) {
	switch {
	case r.recipe.isStandard():
		return []*source{r.standardSource()}, nil
	case r.source != "":
		return r.localSource(ctx)
	case r.recipe.main.Sum != "":
		return r.installSource(ctx)
	}
	return r.moduleSources(ctx)
}

// standardSource builds a command of the toolchain from the toolchain's own
// source.
func (r *rebuilder) standardSource() *source {
	return &source{name: "std@" + r.recipe.toolchain, dir: r.temp, verb: []string{"build", "-buildvcs=false"}, args: []string{r.recipe.pkg}}
}

// workFolder makes the folder that a source is copied to. It has a folder of
// its own, beside which the go command may put a lock file.
func (r *rebuilder) workFolder() (string, error) {
	dir, err := os.MkdirTemp(r.temp, "source-*")
	if err != nil {
		return "", err
	}
	work := filepath.Join(dir, "work")
	return work, os.Mkdir(work, 0o755)
}

// checkoutSource turns a writable copy of a module, below root, into a source.
func (r *rebuilder) checkoutSource(ctx context.Context, root, subdir, version string) (*source, error) {
	dir := filepath.Join(root, filepath.FromSlash(subdir))
	src := &source{dir: dir, module: dir, root: root, subdir: subdir, version: version, verb: []string{"build"}}
	var err error
	if src.args, err = r.packageArguments(dir); err != nil {
		return nil, err
	}
	if r.recipe.workspaceModule() != "" {
		src.env = append(src.env, "GOWORK="+filepath.Join(root, "go.work"))
	}
	if r.recipe.vendored {
		if err := r.vendor(ctx, dir); err != nil {
			return nil, err
		}
		src.verb = append(src.verb, "-mod=vendor")
	}
	if r.recipe.stamp == nil || r.recipe.pkg == filesOnly {
		src.verb = append(src.verb, "-buildvcs=false")
	} else {
		src.verb = append(src.verb, "-buildvcs=true")
	}
	return src, nil
}

// vendor makes the vendor folder, which module archives do not have.
func (r *rebuilder) vendor(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
		return nil
	}
	_, err := r.goCommand(ctx, goRun{dir: dir, args: []string{"mod", "vendor"}})
	return err
}

// packageArguments is what the go command is told to build in the main
// module's folder.
func (r *rebuilder) packageArguments(dir string) ([]string, error) {
	if r.recipe.pkg != filesOnly {
		arg, err := r.recipe.packageArgument()
		return []string{arg}, err
	}
	name := r.mainFile()
	if name == "" || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, missing("", "it was built from files that it does not name")
	}
	if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		return nil, missing("", "%s, which it was built from, is not in the module", name)
	}
	return []string{"./" + name}, nil
}

// findModule returns the folder below root, as a slash-separated path, whose
// go.mod declares the module.
func findModule(root, module string) (string, error) {
	found := ""
	stop := errors.New("found")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || d.Name() != "go.mod" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil || modfile.ModulePath(data) != module {
			return err
		}
		found, err = filepath.Rel(root, filepath.Dir(path))
		return errors.Join(err, stop)
	})
	if errors.Is(err, stop) {
		return filepath.ToSlash(found), nil
	}
	return "", &MissingError{What: "no go.mod below " + root + " declares the module " + module, Hint: "give the folder of a checkout with WithSource", Err: err}
}

// copyTree copies a source tree without what belongs to a repository. The
// copies are writable, also where the originals, in the module cache, are not.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		place := filepath.Join(to, rel)
		switch {
		case d.Name() == ".git":
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(place, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			return copyLink(path, place)
		case !d.Type().IsRegular():
			return nil
		}
		return copyPlain(path, place)
	})
}

func copyLink(from, to string) error {
	pointsTo, err := os.Readlink(from)
	if err != nil {
		return err
	}
	return os.Symlink(pointsTo, to)
}

func copyPlain(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
