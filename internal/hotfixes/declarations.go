package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// declarations are the constants and types of a module whose source differs, and
// what each function of the new version names. They explain functions whose own
// source is as it was: a constant is compiled into its users, and the layout of a
// struct into whoever selects a field.
type declarations struct {
	changed map[string]string          // name of a constant, or of a field of a changed type, by folder: what it is
	uses    map[string]map[string]bool // by the function as "folder.(*T).F": the names in it
}

func readDeclarations(base, fix string) (*declarations, error) {
	old, _, err := declared(base)
	if err != nil {
		return nil, err
	}
	now, uses, err := declared(fix)
	if err != nil {
		return nil, err
	}
	d := &declarations{changed: map[string]string{}, uses: uses}
	for key, spec := range now {
		if before, ok := old[key]; ok && before.text != spec.text {
			for _, name := range spec.names {
				d.changed[spec.dir+"."+name] = spec.what
			}
		}
	}
	return d, nil
}

// spec is one constant or type.
type spec struct {
	dir, text, what string
	names           []string // by which others use it: a constant's own, a type's own and its fields
}

// declared reads all Go files below a folder that are no tests.
func declared(root string) (map[string]spec, map[string]map[string]bool, error) {
	specs, uses := map[string]spec{}, map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, filepath.Dir(path))
		r := reader{files: files, dir: filepath.ToSlash(below), specs: specs, uses: uses}
		for _, decl := range parsed.Decls {
			r.read(decl)
		}
		return err
	})
	return specs, uses, err
}

type reader struct {
	files *token.FileSet
	dir   string
	specs map[string]spec
	uses  map[string]map[string]bool
}

func (r reader) read(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		r.uses[r.dir+"."+r.nameOf(d)] = namesIn(d)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if d.Tok == token.CONST {
						r.specs[r.dir+"."+name.Name] = spec{r.dir, r.text(s), "constant " + name.Name, []string{name.Name}}
					}
				}
			case *ast.TypeSpec:
				r.specs[r.dir+"."+s.Name.Name] = spec{r.dir, r.text(s), "type " + s.Name.Name, append(fields(s), s.Name.Name)}
			}
		}
	}
}

// nameOf is a function's name as policies spell it.
func (r reader) nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	on, _, _ := strings.Cut(r.text(d.Recv.List[0].Type), "[")
	if strings.HasPrefix(on, "*") {
		on = "(" + on + ")"
	}
	return on + "." + d.Name.Name
}

func (r reader) text(node any) string {
	var b bytes.Buffer
	if err := format.Node(&b, r.files, node); err != nil {
		return fmt.Sprint(err)
	}
	return b.String()
}

func fields(s *ast.TypeSpec) []string {
	var names []string
	ast.Inspect(s.Type, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok {
			for _, name := range f.Names {
				names = append(names, name.Name)
			}
		}
		return true
	})
	return names
}

func namesIn(node ast.Node) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
	return names
}

// why says which changed declaration a function uses, "" for none. The function
// is named by its folder and without literals.
func (d *declarations) why(dir, function string) string {
	for _, name := range slices.Sorted(maps.Keys(d.uses[dir+"."+function])) {
		if what, ok := d.changed[dir+"."+name]; ok {
			kind, _, _ := strings.Cut(what, " ")
			return "it uses a " + kind + " that was edited"
		}
	}
	return ""
}
