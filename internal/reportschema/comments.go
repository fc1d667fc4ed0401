package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

const modulePath = "github.com/gohotfix/hotfix"

// comments is what the sources of a package say about its types.
type comments struct {
	types     map[string]string   // by name
	fields    map[string]string   // by "Type.Field"
	constants map[string][]string // values of the string constants, by type
}

// of reads the sources of a package of the module.
func (d *describer) of(path string) (*comments, error) {
	if c := d.packages[path]; c != nil {
		return c, nil
	}
	dir, ours := strings.CutPrefix(path, modulePath)
	if !ours {
		return nil, fmt.Errorf("the package %s is not of this module: say in texts how its types are written", path)
	}
	names, err := filepath.Glob(filepath.Join(d.root, filepath.FromSlash(strings.TrimPrefix(dir, "/")), "*.go"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there are no sources of the package %s", path)
	}
	c := &comments{types: map[string]string{}, fields: map[string]string{}, constants: map[string][]string{}}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c.add(file)
	}
	d.packages[path] = c
	return c, nil
}

func (c *comments) add(file *ast.File) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				c.addType(general, spec)
			case *ast.ValueSpec:
				c.addConstants(spec)
			}
		}
	}
}

func (c *comments) addType(decl *ast.GenDecl, spec *ast.TypeSpec) {
	c.types[spec.Name.Name] = oneLine(decl.Doc.Text() + spec.Doc.Text())
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			c.fields[spec.Name.Name+"."+name.Name] = oneLine(field.Doc.Text() + field.Comment.Text())
		}
	}
}

// addConstants notes constants that name their type, as those of an enumeration
// do here.
func (c *comments) addConstants(spec *ast.ValueSpec) {
	of, ok := spec.Type.(*ast.Ident)
	if !ok {
		return
	}
	for _, value := range spec.Values {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		if text, err := strconv.Unquote(literal.Value); err == nil {
			c.constants[of.Name] = append(c.constants[of.Name], text)
		}
	}
}

// oneLine is a comment in one line, without the brackets of links to other
// comments.
func oneLine(comment string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(comment)), " ")
}
