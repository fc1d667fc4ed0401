package build

import (
	"regexp"
	"strconv"
	"strings"
)

// diagnosticParser reads what "go build" prints on standard error:
//
//	# import/path            the package that the next lines belong to
//	./file.go:12:3: message  a diagnostic
//		continued            tab-indented lines belong to the one before
//	import/path              with -v, a package that is being compiled
type diagnosticParser struct {
	position *regexp.Regexp
	packages []PackageErrors
}

func newDiagnosticParser() *diagnosticParser {
	return &diagnosticParser{position: regexp.MustCompile(`^((?:[A-Za-z]:)?[^:\s][^:]*):(\d+)(?::(\d+))?: (.*)$`)}
}

// parseDiagnostics returns the errors in the output of a failed build, or nil
// if there is none that concerns the source.
func parseDiagnostics(output string) *CompileError {
	p := newDiagnosticParser()
	for line := range strings.Lines(output) {
		p.line(strings.TrimRight(line, "\r\n"))
	}
	if len(p.packages) == 0 {
		return nil
	}
	return &CompileError{Packages: p.packages}
}

func (p *diagnosticParser) line(line string) {
	switch {
	case strings.TrimSpace(line) == "" || isProgress(line):
	case strings.HasPrefix(line, "# "):
		path, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
		p.packages = append(p.packages, PackageErrors{ImportPath: path})
	case strings.HasPrefix(line, "\t") && p.last() != nil:
		p.last().Message += " " + strings.TrimSpace(line)
	default:
		p.add(line)
	}
}

// add records one message under the package that was named last.
func (p *diagnosticParser) add(line string) {
	d := Diagnostic{Message: strings.TrimPrefix(line, "go: ")}
	if m := p.position.FindStringSubmatch(line); m != nil {
		d.File, d.Message = m[1], m[4]
		d.Line, _ = strconv.Atoi(m[2])
		d.Column, _ = strconv.Atoi(m[3])
	}
	if len(p.packages) == 0 {
		p.packages = append(p.packages, PackageErrors{})
	}
	current := &p.packages[len(p.packages)-1]
	current.Diagnostics = append(current.Diagnostics, d)
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
	if strings.HasPrefix(line, "go: downloading ") {
		return true
	}
	return !strings.ContainsAny(line, " \t:")
}
