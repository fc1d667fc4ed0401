package build

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// diagnosticParser reads what "go build" prints on standard error:
//
//	# import/path                 the package that the next lines belong to
//	./file.go:12:3: message       a diagnostic
//		continued                 indented lines belong to the one before
//	package import/path: message  a package that cannot be loaded
//	import/path: message          the same, for a package without files
//	import/path                   with -v, a package that is being compiled
//
// A diagnostic of a file in the module that stands under no package belongs to
// the package of the file's folder.
type diagnosticParser struct {
	dir      string // of the module; absolute paths are made relative to it
	module   string // path of the module
	position *regexp.Regexp
	broken   *regexp.Regexp
	packages []namedErrors
}

// namedErrors are the errors of a package, and whether the tools named it.
type namedErrors struct {
	PackageErrors
	named bool
}

func newDiagnosticParser(dir, module string) *diagnosticParser {
	return &diagnosticParser{
		dir: dir, module: module,
		position: regexp.MustCompile(`^((?:[A-Za-z]:)?[^:\s][^:]*):(\d+)(?::(\d+))?: (.*)$`),
		broken:   regexp.MustCompile(`^package ([^\s:]+)(?:: (.*))?$|^([^\s:]+): (no non-test Go files.*)$`),
	}
}

// parseDiagnostics returns the errors in the output of a build that failed, of
// a module in dir, or nil if there is none that concerns the source.
func parseDiagnostics(output, dir, module string) *CompileError {
	p := newDiagnosticParser(dir, module)
	for line := range strings.Lines(output) {
		p.line(strings.TrimRight(line, "\r\n"))
	}
	var compile CompileError
	for _, e := range p.packages {
		if len(e.Diagnostics) > 0 && (e.ImportPath != "" || slices.ContainsFunc(e.Diagnostics, concernsSource)) {
			compile.Packages = append(compile.Packages, e.PackageErrors)
		}
	}
	if len(compile.Packages) == 0 {
		return nil
	}
	return &compile
}

// concernsSource tells a message about the source and its modules from one
// about the machine, as "build cache is required".
func concernsSource(d Diagnostic) bool {
	about := []string{"go.mod", "go.sum", "go.work", "vendor", "module", "import", "directory not found", "-race requires cgo"}
	return d.File != "" || slices.ContainsFunc(about, func(word string) bool { return strings.Contains(d.Message, word) })
}

func (p *diagnosticParser) line(line string) {
	indented := strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "    ")
	switch match := p.broken.FindStringSubmatch(line); {
	case strings.TrimSpace(line) == "" || isProgress(line):
	case strings.HasPrefix(line, "# "):
		path, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
		p.open(path)
	case match != nil:
		p.open(match[1] + match[3])
		p.add(match[2] + match[4])
	case indented && p.last() != nil:
		last := p.last()
		last.Message = oneLine(last.Message + " " + line)
	default:
		p.add(line)
	}
}

// open begins the errors of a package that the tools name.
func (p *diagnosticParser) open(path string) {
	p.packages = append(p.packages, namedErrors{PackageErrors: PackageErrors{ImportPath: path}, named: true})
}

// add records one message under the package that was named last.
func (p *diagnosticParser) add(line string) {
	d := p.parse(line)
	if len(p.packages) == 0 || !p.packages[len(p.packages)-1].named {
		path := p.packageOf(d.File)
		if n := len(p.packages); n == 0 || p.packages[n-1].ImportPath != path {
			p.packages = append(p.packages, namedErrors{PackageErrors: PackageErrors{ImportPath: path}})
		}
	}
	current := &p.packages[len(p.packages)-1]
	current.Diagnostics = append(current.Diagnostics, d)
}

// packageOf returns the import path of the package that a file of the module
// belongs to, "" for other files.
func (p *diagnosticParser) packageOf(file string) string {
	if p.module == "" || !strings.HasSuffix(file, ".go") || !filepath.IsLocal(filepath.FromSlash(file)) {
		return ""
	}
	return path.Join(p.module, path.Dir(file))
}

func (p *diagnosticParser) parse(line string) Diagnostic {
	m := p.position.FindStringSubmatch(line)
	if m == nil {
		return Diagnostic{Message: strings.TrimPrefix(line, "go: ")}
	}
	d := Diagnostic{File: relativeTo(p.dir, m[1]), Message: m[4]}
	d.Line, _ = strconv.Atoi(m[2])
	d.Column, _ = strconv.Atoi(m[3])
	return d
}

// relativeTo returns file with slashes, relative to dir if it lies in it. The
// tools print paths relative to dir, or absolute where those are shorter.
func relativeTo(dir, file string) string {
	if filepath.IsAbs(file) {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
	}
	return filepath.ToSlash(filepath.Clean(file))
}

// last returns the diagnostic that a continuation line belongs to.
func (p *diagnosticParser) last() *Diagnostic {
	if len(p.packages) == 0 {
		return nil
	}
	current := p.packages[len(p.packages)-1].Diagnostics
	if len(current) == 0 {
		return nil
	}
	return &current[len(current)-1]
}

// isProgress reports whether a line is an import path that -v prints, or a
// note about a download.
func isProgress(line string) bool {
	return isDownload(line) || !strings.ContainsAny(line, " \t:")
}

func isDownload(line string) bool { return strings.HasPrefix(line, "go: downloading ") }
