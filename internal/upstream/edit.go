package upstream

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
)

// Edit is a change of one function or constant that repeats no text of others.
// Exactly one of Insert, Remove and Replace is set.
type Edit struct {
	File     string       // relative to the folder of the module, or to that of the standard library
	Receiver string       // type of the receiver, as "*client"; "" for a function or a constant
	Name     string       // of the function or constant
	Insert   string       // statement to put at the top of the function
	Remove   int          // which statement of the function's body to take out, counted from 1
	Replace  *Replacement // of one token
}

// Replacement puts another literal or operator in the place of the first one that
// is spelled so.
type Replacement struct {
	Old string // as "10" or "<"
	New string // what takes its place
}

// In makes the change below a folder.
func (e Edit) In(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(e.File))
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	edited, err := e.Apply(source)
	if err != nil {
		return err
	}
	return os.WriteFile(path, edited, 0o644)
}

// Apply returns the changed text of the file.
func (e Edit) Apply(source []byte) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, e.File, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	node := e.find(files, parsed)
	if node == nil {
		return nil, fmt.Errorf("%s has no %s", e.File, e.Name)
	}
	from, to, text := e.place(node)
	if !from.IsValid() {
		return nil, fmt.Errorf("%s in %s has nothing like %+v", e.Name, e.File, e)
	}
	start, end := files.Position(from).Offset, files.Position(to).Offset
	return bytes.Join([][]byte{source[:start], []byte(text), source[end:]}, nil), nil
}

// find returns the declaration that is meant, nil if there is none.
func (e Edit) find(files *token.FileSet, parsed *ast.File) (found ast.Node) {
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == e.Name && receiver(files, n) == e.Receiver && n.Body != nil {
				found = n
			}
		case *ast.ValueSpec:
			if n.Names[0].Name == e.Name && e.Receiver == "" {
				found = n
			}
		}
		return found == nil
	})
	return found
}

// place returns the part of the source that is replaced, and what by.
func (e Edit) place(node ast.Node) (from, to token.Pos, text string) {
	fn, isFunction := node.(*ast.FuncDecl)
	switch {
	case e.Replace != nil:
		from = e.Replace.find(node)
		return from, from + token.Pos(len(e.Replace.Old)), e.Replace.New
	case e.Insert != "" && isFunction:
		return fn.Body.Lbrace + 1, fn.Body.Lbrace + 1, "\n\t" + e.Insert + "\n"
	case e.Remove > 0 && isFunction && e.Remove <= len(fn.Body.List):
		taken := fn.Body.List[e.Remove-1]
		return taken.Pos(), taken.End(), ""
	}
	return token.NoPos, token.NoPos, ""
}

// find returns where the first such token stands.
func (r *Replacement) find(node ast.Node) (at token.Pos) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Value == r.Old && !at.IsValid() {
				at = n.ValuePos
			}
		case *ast.BinaryExpr:
			if n.Op.String() == r.Old && !at.IsValid() {
				at = n.OpPos
			}
		}
		return !at.IsValid()
	})
	return at
}

func receiver(files *token.FileSet, fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	var text bytes.Buffer
	if err := format.Node(&text, files, fn.Recv.List[0].Type); err != nil {
		return ""
	}
	return text.String()
}
