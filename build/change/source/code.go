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
	Line     int        // from 1
	Function string     // that the line is part of, as in [policy.Package]; "" if it is in none that has a name
	Runs     []Position // that the program comes by if the line runs: one for each token
}

// Position is a place in a file.
type Position struct {
	Line   int // from 1
	Column int // in bytes, from 1
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

// codeReader collects the lines of code of a file.
type codeReader struct {
	fset *token.FileSet
	code []Code
	// bodies are those of functions that are in no other function, and heads
	// are those of the cases of switch and select statements; both in order.
	bodies, heads []stretch
}

// stretch is a part of a file.
type stretch struct {
	start, end int       // in bytes
	function   string    // of a body
	first      token.Pos // statement of the case of a head; no position if it has none
}

func codeOf(src []byte) ([]Code, error) {
	r := &codeReader{fset: token.NewFileSet()}
	syntax, err := parser.ParseFile(r.fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Inspect(syntax, r.visit)
	r.scan(src)
	return r.code, nil
}

func (r *codeReader) position(p token.Pos) token.Position { return r.fset.PositionFor(p, false) }

func (r *codeReader) stretch(from, to token.Pos) stretch {
	return stretch{start: r.position(from).Offset, end: r.position(to).Offset}
}

func (r *codeReader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		r.addBody(functionName(n), n.Body)
	case *ast.FuncLit:
		r.addBody("", n.Body)
	case *ast.CaseClause:
		r.addHead(n.Case, n.Colon, n.Body)
	case *ast.CommClause:
		r.addHead(n.Case, n.Colon, n.Body)
	}
	return true
}

// addBody adds a body that is not part of the one before.
func (r *codeReader) addBody(function string, body *ast.BlockStmt) {
	if body == nil {
		return
	}
	b := r.stretch(body.Lbrace, body.Rbrace)
	b.function = function
	if n := len(r.bodies); n == 0 || r.bodies[n-1].end <= b.start {
		r.bodies = append(r.bodies, b)
	}
}

func (r *codeReader) addHead(from, to token.Pos, body []ast.Stmt) {
	h := r.stretch(from, to)
	if len(body) > 0 {
		h.first = body[0].Pos()
	}
	r.heads = append(r.heads, h)
}

func (r *codeReader) scan(src []byte) {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return
		}
		offset := file.Offset(pos)
		r.bodies, r.heads = from(r.bodies, offset), from(r.heads, offset)
		if len(r.bodies) > 0 && r.bodies[0].start <= offset && !punctuates(tok) {
			r.add(file.PositionFor(pos, false), strings.Count(literal, "\n"))
		}
	}
}

// from drops the stretches that end before a place.
func from(all []stretch, offset int) []stretch {
	for len(all) > 0 && all[0].end <= offset {
		all = all[1:]
	}
	return all
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

// add adds a token, whose text may go on for more lines. The head of a case says
// when its statements run, so that it is they by which it is judged.
func (r *codeReader) add(at token.Position, more int) {
	runs := Position{at.Line, at.Column}
	if len(r.heads) > 0 && r.heads[0].start <= at.Offset {
		if !r.heads[0].first.IsValid() {
			return
		}
		first := r.position(r.heads[0].first)
		runs = Position{first.Line, first.Column}
	}
	for line := at.Line; line <= at.Line+more; line++ {
		if n := len(r.code); n == 0 || r.code[n-1].Line != line {
			r.code = append(r.code, Code{Line: line, Function: r.bodies[0].function})
		}
		last := &r.code[len(r.code)-1]
		last.Runs = append(last.Runs, runs)
	}
}
