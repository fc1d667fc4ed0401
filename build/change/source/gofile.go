package source

import (
	"errors"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// fact is something that a Go file says. Facts of two trees with equal keys
// are about the same thing, and say the same if their texts are equal.
type fact struct {
	key, name, text string
	file            string
	line            int
}

// goFile are the facts of one Go file.
type goFile struct {
	err       error // why it cannot be read as Go
	generated bool
	functions []fact
	imports   []fact
	notes     map[policy.Kind][]fact
	embeds    []string // patterns of //go:embed
}

// goFile parses a Go file, once.
func (t *tree) goFile(p string) (*goFile, error) {
	if f, ok := t.cache[p]; ok {
		return f, nil
	}
	c, err := t.read(p)
	if err != nil {
		return nil, err
	}
	f := &goFile{}
	switch {
	case t.isLink(p):
		f.err = errors.New("it is a symbolic link, which is not followed")
	case c.large:
		f.err = errors.New("it is too large")
	default:
		f = parse(p, c.data)
	}
	t.cache[p] = f
	return f, nil
}

// reader collects the facts of a file that is being read.
type reader struct {
	*goFile
	path   string
	src    []byte
	fset   *token.FileSet
	syntax *ast.File
}

func parse(p string, src []byte) *goFile {
	r := reader{goFile: &goFile{notes: map[policy.Kind][]fact{}}, path: p, src: src, fset: token.NewFileSet()}
	// Line directives must not move facts into other files.
	syntax, err := parser.ParseFile(r.fset, path.Base(p), src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		r.err = err
		return r.goFile
	}
	r.syntax, r.generated = syntax, ast.IsGenerated(syntax)
	for _, d := range syntax.Decls {
		r.decl(d)
	}
	r.comments()
	r.fileName()
	return r.goFile
}

func (r *reader) note(kind policy.Kind, at token.Pos, key, name, text string) {
	r.notes[kind] = append(r.notes[kind], r.fact(at, key, name, text))
}

func (r *reader) fact(at token.Pos, key, name, text string) fact {
	f := fact{key: key, name: name, text: text, file: r.path}
	if at.IsValid() {
		f.line = r.fset.PositionFor(at, false).Line
	}
	return f
}

// tokens is the source of a node without comments and formatting. Semicolons
// and commas before a closing bracket are formatting too: they depend on where
// lines end.
func (r *reader) tokens(n ast.Node) string {
	start, end := r.fset.PositionFor(n.Pos(), false).Offset, r.fset.PositionFor(n.End(), false).Offset
	src := r.src[min(start, len(r.src)):min(max(start, end), len(r.src))]
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, func(token.Position, string) {}, 0)
	var text strings.Builder
	separator := ""
	for {
		_, tok, literal := s.Scan()
		switch tok {
		case token.EOF:
			return text.String()
		case token.SEMICOLON, token.COMMA:
			text.WriteString(separator)
			separator = tok.String()
			continue
		case token.RPAREN, token.RBRACK, token.RBRACE:
			separator = ""
		}
		if literal == "" {
			literal = tok.String()
		}
		// The length makes the list of tokens readable in one way only.
		text.WriteString(separator + strconv.Itoa(len(literal)) + ":" + literal)
		separator = ""
	}
}

func (r *reader) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := functionName(d)
		text := r.tokens(d)
		r.functions = append(r.functions, r.fact(d.Pos(), name, name, text))
		if name == "init" {
			r.note(policy.Init, d.Pos(), "init", "", text)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			r.spec(d, spec)
		}
	}
}

// functionName is "Serve", "Server.Serve" or "(*Server).Serve".
func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver := ast.Unparen(d.Recv.List[0].Type)
	star, pointer := receiver.(*ast.StarExpr)
	if pointer {
		return "(*" + typeName(star.X) + ")." + d.Name.Name
	}
	return typeName(receiver) + "." + d.Name.Name
}

func typeName(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return "?"
}

func (r *reader) spec(d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ImportSpec:
		r.importSpec(d, s)
	case *ast.ValueSpec:
		if d.Tok == token.VAR {
			r.variables(s)
		}
	}
}

func (r *reader) importSpec(d *ast.GenDecl, s *ast.ImportSpec) {
	imported, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return // the parser refuses such a file
	}
	r.imports = append(r.imports, r.fact(s.Pos(), imported, imported, ""))
	if imported == "C" {
		// The comment above is C code.
		r.note(policy.Cgo, s.Pos(), "import "+path.Base(r.path), "C", comment(d.Doc)+comment(s.Doc))
	}
}

// comment is a comment as it was written. CommentGroup.Text leaves directives
// out.
func comment(g *ast.CommentGroup) string {
	var text strings.Builder
	if g != nil {
		for _, c := range g.List {
			text.WriteString(c.Text + "\n")
		}
	}
	return text.String()
}

func (r *reader) variables(s *ast.ValueSpec) {
	declared := ""
	if s.Type != nil {
		declared = r.tokens(s.Type)
	}
	for i, name := range s.Names {
		text := declared + "="
		for j, value := range s.Values {
			if i == j || len(s.Names) != len(s.Values) {
				text += r.tokens(value) + ","
			}
		}
		r.note(policy.Variable, name.Pos(), name.Name, name.Name, text)
	}
}

// comments reads directives. One above a declaration belongs to it, so that
// moving it to another is a change.
func (r *reader) comments() {
	owners := r.owners()
	for _, group := range r.syntax.Comments {
		for _, c := range group.List {
			r.directive(c, owners[group])
		}
	}
}

func (r *reader) owners() map[*ast.CommentGroup]string {
	owners := map[*ast.CommentGroup]string{}
	for _, d := range r.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			owners[d.Doc] = functionName(d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.ValueSpec); ok {
					owners[s.Doc], owners[d.Doc] = s.Names[0].Name, s.Names[0].Name
				}
			}
		}
	}
	delete(owners, nil)
	return owners
}

func (r *reader) directive(c *ast.Comment, owner string) {
	word, rest, _ := strings.Cut(strings.TrimSpace(c.Text), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case constraint.IsGoBuild(c.Text) || constraint.IsPlusBuild(c.Text):
		if c.Pos() < r.syntax.Package {
			r.note(policy.Constraint, c.Pos(), path.Base(r.path), rest, c.Text)
		}
	case word == "//go:linkname":
		r.note(policy.Linkname, c.Pos(), rest, rest, rest)
	case word == "//go:embed" || strings.HasPrefix(word, "//go:embed\t"):
		r.embeds = append(r.embeds, embedPatterns(strings.TrimPrefix(c.Text, "//go:embed"))...)
		r.note(policy.Embed, c.Pos(), owner+" "+rest, rest, rest)
	case word == "//export" || strings.HasPrefix(word, "//go:cgo_"):
		r.note(policy.Cgo, c.Pos(), c.Text, strings.TrimPrefix(c.Text, "//"), "")
	case strings.HasPrefix(word, "//go:") || word == "//line" || strings.HasPrefix(c.Text, "/*line "):
		r.note(policy.Directives, c.Pos(), c.Text+" "+owner, strings.TrimSpace(c.Text+" "+owner), "")
	}
}

// embedPatterns reads the arguments of //go:embed, which may be quoted. One
// that cannot be read matches everything.
func embedPatterns(args string) []string {
	var patterns []string
	for {
		args = strings.TrimLeft(args, " \t")
		if args == "" {
			return patterns
		}
		pattern, err := strconv.QuotedPrefix(args)
		end := len(pattern)
		if err != nil {
			if end = strings.IndexAny(args, " \t"); end < 0 {
				end = len(args)
			}
			pattern = args[:end]
		} else if pattern, err = strconv.Unquote(pattern); err != nil {
			pattern = "*"
		}
		patterns, args = append(patterns, strings.TrimPrefix(pattern, "all:")), args[end:]
	}
}

// fileName notes what the file's name says about targets, as "_linux.go" and
// "_windows_arm64.go" do.
func (r *reader) fileName() {
	words := strings.Split(strings.TrimSuffix(path.Base(r.path), ".go"), "_")
	first := len(words)
	for first > max(1, len(words)-2) && isPort(words[first-1]) {
		first--
	}
	if first < len(words) {
		name := strings.Join(words[first:], "_")
		r.note(policy.Constraint, token.NoPos, path.Base(r.path), "_"+name+".go", "name "+name)
	}
}

// isPort reports whether a word is an operating system or an architecture.
func isPort(word string) bool {
	return slices.ContainsFunc(target.Known(), func(t target.Target) bool { return t.OS == word || t.Arch == word })
}
