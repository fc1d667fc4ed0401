package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"strings"
)

// Code is a line that is part of the body of a function and holds more than
// brackets, separators and comments.
type Code struct {
	Line     int    // from 1
	Function string // that the line is part of, as [policy.Package] names it; "" if it is in none that has a name
	Columns  []int  // where its tokens begin, in bytes from 1
}

// ChangedCode returns the lines of code of a Go file of the fix that are added
// or changed, and for removed ones the line that follows where they were. They
// are among those that the change counts as added. A file that cannot be read as
// Go is a [*FileError].
func ChangedCode(base, fix fs.FS, name string) ([]Code, error) {
	old, err := readFile("base", base, name)
	if err != nil {
		return nil, err
	}
	now, err := readFile("fix", fix, name)
	if err != nil {
		return nil, err
	}
	code, err := codeOf(now)
	if err != nil {
		return nil, &FileError{Tree: "fix", Path: name, Err: err}
	}
	return within(code, changedLines(old, now)), nil
}

// within returns the lines of code that are among others; both are in order.
func within(code []Code, lines []Lines) []Code {
	var found []Code
	for _, c := range code {
		for len(lines) > 0 && lines[0].Last < c.Line {
			lines = lines[1:]
		}
		if len(lines) > 0 && lines[0].First <= c.Line {
			found = append(found, c)
		}
	}
	return found
}

// readFile reads one file of a tree that was not listed, nothing if it is not
// there.
func readFile(name string, fsys fs.FS, p string) ([]byte, error) {
	t := &tree{name: name, fsys: fsys, files: map[string]fs.FileMode{}}
	info, err := fs.Lstat(fsys, p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, t.fail(p, err)
	case !info.Mode().IsRegular():
		return nil, t.fail(p, errors.New("it is no regular file"))
	}
	t.files[p] = 0
	c, err := t.read(p)
	if err == nil && c.large {
		err = t.fail(p, fmt.Errorf("it is larger than %d bytes", MaxFileSize))
	}
	return c.data, err
}

// body is the extent of a function in bytes.
type body struct {
	name       string
	start, end int
}

func codeOf(src []byte) ([]Code, error) {
	bodies, err := bodiesOf(src)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, 0)
	var code []Code
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return code, nil
		}
		offset := file.Offset(pos)
		for len(bodies) > 0 && bodies[0].end <= offset {
			bodies = bodies[1:]
		}
		if len(bodies) > 0 && bodies[0].start <= offset && !punctuates(tok) {
			code = addToken(code, fset.PositionFor(pos, false), bodies[0].name, strings.Count(literal, "\n"))
		}
	}
}

// punctuates reports whether a token does nothing by itself: a line that
// consists of such runs whenever what is around it does.
func punctuates(t token.Token) bool {
	switch t {
	case token.LPAREN, token.RPAREN, token.LBRACK, token.RBRACK, token.LBRACE, token.RBRACE,
		token.COMMA, token.SEMICOLON, token.COLON, token.ELSE:
		return true
	}
	return false
}

// addToken adds a token, whose text may go on for more lines.
func addToken(code []Code, at token.Position, function string, more int) []Code {
	column := at.Column
	for line := at.Line; line <= at.Line+more; line++ {
		if n := len(code); n == 0 || code[n-1].Line != line {
			code = append(code, Code{Line: line, Function: function})
		}
		last := &code[len(code)-1]
		last.Columns = append(last.Columns, column)
		column = 1
	}
	return code
}

// bodiesOf returns the bodies of the functions of a file that are in no other
// function, in their order.
func bodiesOf(src []byte) ([]body, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var bodies []body
	add := func(name string, b *ast.BlockStmt) {
		if b != nil {
			bodies = append(bodies, body{name, fset.PositionFor(b.Lbrace, false).Offset, fset.PositionFor(b.Rbrace, false).Offset})
		}
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add(functionName(n), n.Body)
			return false
		case *ast.FuncLit:
			add("", n.Body)
			return false
		}
		return true
	})
	return bodies, nil
}
