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

// Statement is one statement to put at the top of one function: an edit that
// repeats no text of others.
type Statement struct {
	File     string // relative to the module's folder
	Receiver string // type of the receiver, as "*client"; "" for a function
	Function string // name
	Text     string // the statement
}

// Insert puts the statement into the function, in the folder of a module.
func (s Statement) Insert(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(s.File))
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range parsed.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != s.Function || receiver(files, fn) != s.Receiver {
			continue
		}
		at := files.Position(fn.Body.Lbrace).Offset + 1
		edited := string(source[:at]) + "\n\t" + s.Text + "\n" + string(source[at:])
		return os.WriteFile(path, []byte(edited), 0o644)
	}
	return fmt.Errorf("%s has no function %s", s.File, s.Function)
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
