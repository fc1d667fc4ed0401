package layers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

func TestEverythingIsDocumented(t *testing.T) {
	for _, p := range list(t, "linux", "./...") {
		files := parseFolder(t, p.Dir)
		path, _ := p.path()
		assert.NoError(t, checkPackageComment(p.Name, path, files))
		for _, name := range undocumented(files, p.Name == "main" || matches("internal/...", path)) {
			t.Errorf("%s: %s has no doc comment", path, name)
		}
	}
}

// parseFolder parses all Go files of a folder but tests, whatever system they
// are for.
func parseFolder(t *testing.T, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, f)
	}
	return files
}

func checkPackageComment(name, path string, files []*ast.File) error {
	base := filepath.Base(path)
	wants := []string{"Package " + name + " "}
	if name == "main" {
		wants = []string{"Command " + base + " ", strings.ToUpper(base[:1]) + base[1:] + " "}
	}
	var found []string
	for _, f := range files {
		if f.Doc != nil && f.Doc.Text() != "" {
			found = append(found, f.Doc.Text())
		}
	}
	switch {
	case len(found) != 1:
		return fmt.Errorf("%s has %d package comments, not one", path, len(found))
	case !slices.ContainsFunc(wants, func(want string) bool { return strings.HasPrefix(found[0], want) }):
		return fmt.Errorf("the comment of %s does not begin with one of %q", path, wants)
	}
	return nil
}

// undocumented returns the exported names without a comment. Inside (commands
// and internal packages) types and functions are enough; elsewhere constants,
// variables and the fields of structs need a word too.
func undocumented(files []*ast.File, inside bool) []string {
	var names []string
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				names = append(names, undocumentedFunc(d)...)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					names = append(names, undocumentedSpec(d, spec, inside)...)
				}
			}
		}
	}
	return names
}

// ofInterfaces are methods that say nothing that their interface does not.
var ofInterfaces = []string{"Error", "Unwrap", "String"}

func undocumentedFunc(d *ast.FuncDecl) []string {
	name := d.Name.Name
	if d.Doc.Text() != "" || !d.Name.IsExported() {
		return nil
	}
	if d.Recv != nil {
		receiver := receiverName(d.Recv.List[0].Type)
		if !ast.IsExported(receiver) || slices.Contains(ofInterfaces, name) {
			return nil
		}
		name = receiver + "." + name
	}
	return []string{name}
}

func receiverName(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec, inside bool) []string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		if d.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
			return []string{s.Name.Name}
		}
		if structType, ok := s.Type.(*ast.StructType); ok && !inside {
			return undocumentedFields(s.Name.Name, structType)
		}
	case *ast.ValueSpec:
		if inside || d.Doc.Text() != "" || s.Doc.Text() != "" || s.Comment.Text() != "" {
			return nil
		}
		return exported("", s.Names)
	}
	return nil
}

// undocumentedFields lets a field pass whose type has a name, and with it a
// comment of its own: "Target target.Target" says all there is to say, "Size
// int64" does not say of what.
func undocumentedFields(of string, s *ast.StructType) []string {
	var names []string
	for _, field := range s.Fields.List {
		if field.Doc.Text() == "" && field.Comment.Text() == "" && !hasName(field.Type) {
			names = append(names, exported(of+".", field.Names)...)
		}
	}
	return names
}

// hasName reports whether a type is a declared one, or a pointer to one or a
// list of one.
func hasName(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return hasName(e.X)
	case *ast.ArrayType:
		return hasName(e.Elt)
	case *ast.SelectorExpr:
		return true
	case *ast.Ident:
		return ast.IsExported(e.Name) || e.Name == "error"
	}
	return false
}

func exported(prefix string, idents []*ast.Ident) []string {
	var names []string
	for _, id := range idents {
		if id.IsExported() {
			names = append(names, prefix+id.Name)
		}
	}
	return names
}

// A dependency that nobody can explain is one too many.
func TestGoModExplainsEachDependency(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(filepath.FromSlash(moduleRoot), "go.mod"))
	require.NoError(t, err)
	file, err := modfile.Parse("go.mod", data, nil)
	require.NoError(t, err)
	for _, r := range file.Require {
		if !r.Indirect {
			assert.NotEmpty(t, r.Syntax.Before, "%s has no comment above it", r.Mod.Path)
		}
	}
	assert.Empty(t, file.Replace, "users of the module would not get the replacement")
	assert.Empty(t, file.Exclude)
}

// Text files end in a newline and have no carriage returns, so that the same
// commit is the same bytes on every host.
func TestTextFiles(t *testing.T) {
	root := os.DirFS(filepath.FromSlash(moduleRoot))
	require.NoError(t, fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && strings.HasPrefix(entry.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return err
		}
		if !slices.Contains([]string{".go", ".md", ".mod"}, filepath.Ext(path)) {
			return nil
		}
		data, err := fs.ReadFile(root, path)
		assert.NotContains(t, string(data), "\r", path)
		assert.True(t, strings.HasSuffix(string(data), "\n"), path)
		return err
	}))
}
