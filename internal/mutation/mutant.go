package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is one small mistake in one file.
type Mutant struct {
	File   string `json:"file"` // below the working folder
	Line   int    `json:"line"`
	Rule   string `json:"rule"`   // what was done
	Before string `json:"before"` // the text that was changed, on one line
	After  string `json:"after"`  // what stands in its place

	path       string // absolute
	start, end int    // of the changed bytes
	with       string
}

func (m Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s → %s", filepath.ToSlash(m.File), m.Line, m.Rule, m.Before, m.After)
}

// apply returns the source with the mistake.
func (m Mutant) apply(source []byte) []byte {
	return slices.Concat(source[:m.start], []byte(m.with), source[m.end:])
}

// mutants returns all mutants of a file, in the order of their places. A
// generated file has none.
func mutants(path string, source []byte) ([]Mutant, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(parsed) {
		return nil, nil
	}
	f := &finder{path: path, source: source, file: fset.File(parsed.FileStart)}
	f.walk(parsed, nil)
	slices.SortStableFunc(f.found, func(a, b Mutant) int { return a.start - b.start })
	return f.found, nil
}

// finder collects the mutants of a file.
type finder struct {
	path   string
	source []byte
	file   *token.File
	found  []Mutant
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.file.Offset(n.Pos()):f.file.Offset(n.End())])
}

// replace adds the mutant in which a node reads otherwise.
func (f *finder) replace(n ast.Node, rule, with string) {
	f.splice(n.Pos(), n.End(), rule, with)
}

func (f *finder) splice(from, to token.Pos, rule, with string) {
	start, end := f.file.Offset(from), f.file.Offset(to)
	f.found = append(f.found, Mutant{
		Line: f.file.Line(from), Rule: rule, Before: oneLine(string(f.source[start:end])), After: oneLine(with),
		path: f.path, start: start, end: end, with: with,
	})
}

// maxShown is how many bytes of source a message repeats.
const maxShown = 100

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
