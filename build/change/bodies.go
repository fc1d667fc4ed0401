package change

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// onlyBodies reports whether the trees differ in the bodies of functions and in
// comments alone. Then all packages export what they did: no type depends on a
// body, and everything that they import is the same too.
func (c *comparison) onlyBodies() bool {
	if len(c.change.Modules) > 0 || len(c.change.Directives) > 0 || c.broken() != "" {
		return false
	}
	return !slices.ContainsFunc(c.change.Files, func(f policy.File) bool {
		return !f.Test && declares(f.Path) && (f.Status != policy.Changed || !c.sameOutside(f.Path))
	})
}

// sameOutside reports whether a file is the same outside of function bodies. It
// says no of what is no Go.
func (c *comparison) sameOutside(name string) bool {
	old, ok := outside(filepath.Join(c.base.dir, filepath.FromSlash(name)))
	if !ok {
		return false
	}
	now, ok := outside(filepath.Join(c.fix.dir, filepath.FromSlash(name)))
	return ok && slices.Equal(old, now)
}

// outside are the tokens of a Go file without function bodies, and the comments
// that tell the compiler something. It fails for what cannot be parsed, and for
// cgo, whose comments are code.
func outside(path string) (tokens []string, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, data, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil || importsC(parsed) {
		return nil, false
	}
	at := func(p token.Pos) int { return files.Position(p).Offset }
	from := 0
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			tokens = appendTokens(tokens, data[from:at(f.Body.Lbrace)])
			from = at(f.Body.Rbrace) + 1
		}
	}
	return appendTokens(tokens, data[from:]), true
}

func importsC(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"C"` })
}

// appendTokens reads a part of a file that begins and ends between tokens.
func appendTokens(tokens []string, text []byte) []string {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), text, nil, scanner.ScanComments)
	for {
		_, kind, literal := s.Scan()
		switch {
		case kind == token.EOF:
			return tokens
		case kind == token.COMMENT && !strings.HasPrefix(literal, "//go:") && !strings.HasPrefix(literal, "// +build") && !strings.HasPrefix(literal, "//line"):
		case kind == token.SEMICOLON && literal == "\n": // depends on where lines end
			tokens = append(tokens, ";")
		default:
			tokens = append(tokens, kind.String()+literal)
		}
	}
}
