package layers

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// nested are the folders with modules of their own, which "./..." does not reach: what
// they need must not lift versions for users who do not import them. The continuous
// integration vets and tests each.
var nested = []string{"internal/swaps", "verify/keyless"}

func readModule(t *testing.T, dir string) *modfile.File {
	t.Helper()
	name := filepath.Join(filepath.FromSlash(moduleRoot), filepath.FromSlash(dir), "go.mod")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	file, err := modfile.Parse(name, data, nil)
	require.NoError(t, err)
	return file
}

func TestNestedModulesAreKnown(t *testing.T) {
	var found []string
	require.NoError(t, fs.WalkDir(os.DirFS(filepath.FromSlash(moduleRoot)), ".", func(name string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if path.Base(name) == "go.mod" && path.Dir(name) != "." {
			found = append(found, path.Dir(name))
		}
		return err
	}))
	assert.Equal(t, nested, found)
	ci, err := os.ReadFile(filepath.Join(filepath.FromSlash(moduleRoot), ".ci", "run"))
	require.NoError(t, err)
	for _, dir := range nested {
		assert.Contains(t, string(ci), dir)
	}
}

func TestNestedModules(t *testing.T) {
	core := readModule(t, ".")
	for _, dir := range nested {
		file := readModule(t, dir)
		assert.Equal(t, modulePath+"/"+dir, file.Module.Mod.Path)
		assert.Equal(t, core.Go.Version, file.Go.Version)
		for _, r := range file.Require {
			if !r.Indirect {
				assert.NotEmpty(t, r.Syntax.Before, "%s: %s has no comment above it", dir, r.Mod.Path)
			}
		}
		require.Len(t, file.Replace, 1, "%s must be built with the core beside it, and with what others publish", dir)
		assert.Equal(t, modulePath, file.Replace[0].Old.Path)
		assert.Equal(t, path.Clean(moduleRoot), path.Clean(file.Replace[0].New.Path))
	}
}

// The core's go.mod decides which versions its users get, and its packages what they
// link.
func TestCoreNeedsNothingOfNestedModules(t *testing.T) {
	foreign := []string{"github.com/sigstore/sigstore-go"}
	for _, dir := range nested {
		foreign = append(foreign, modulePath+"/"+dir)
	}
	for _, r := range readModule(t, ".").Require {
		assert.NotContains(t, foreign, r.Mod.Path)
	}
	for _, goos := range systems {
		packages := list(t, goos, "-deps", "./...")
		assert.Greater(t, len(packages), 100)
		for _, p := range packages {
			for _, prefix := range foreign {
				assert.False(t, strings.HasPrefix(p.ImportPath, prefix), "the core links %s on %s", p.ImportPath, goos)
			}
		}
	}
}

// What holds for the packages of the core holds for those of nested modules. Their files
// are read without the go command, which would download what they need.
func TestPackagesOfNestedModules(t *testing.T) {
	for _, module := range nested {
		root := filepath.Join(filepath.FromSlash(moduleRoot), filepath.FromSlash(module))
		require.NoError(t, filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			files := parseFolder(t, dir)
			if len(files) == 0 {
				return nil
			}
			relativeDir, err := filepath.Rel(filepath.FromSlash(moduleRoot), dir)
			require.NoError(t, err)
			checkFolder(t, filepath.ToSlash(relativeDir), files)
			return nil
		}))
	}
}

func checkFolder(t *testing.T, pkg string, files []*ast.File) {
	t.Helper()
	name := files[0].Name.Name
	assert.NoError(t, checkPackageComment(name, pkg, files))
	for _, name := range undocumented(files, name == "main") {
		t.Errorf("%s: %s has no doc comment", pkg, name)
	}
	p := listed{ImportPath: modulePath + "/" + pkg}
	for _, f := range files {
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			p.Imports = append(p.Imports, imported)
		}
	}
	assert.NotEmpty(t, p.Imports)
	assert.Empty(t, violations([]listed{p}, table()))
}
