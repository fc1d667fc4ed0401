package build

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix/target"
)

// ErrNotMain says that the package to build is not a main package.
var ErrNotMain = errors.New("not a main package")

// OptionError says which option of [New] or [Reproduce] is wrong, and how.
type OptionError struct {
	Option string // as "WithToolchain"
	Reason string // what is wrong and what to do
}

func (e *OptionError) Error() string { return fmt.Sprintf("build: %s: %s", e.Option, e.Reason) }

// TargetError says for which target a build failed. It wraps the cause: a
// [*CompileError], a [*ToolchainError], a context error or an I/O error.
type TargetError struct {
	Target target.Target
	Err    error
}

func (e *TargetError) Error() string { return fmt.Sprintf("building for %s: %v", e.Target, e.Err) }

func (e *TargetError) Unwrap() error { return e.Err }

// ToolchainError says that the go command or the pinned toolchain is not to be
// had.
type ToolchainError struct {
	Toolchain string // as "go1.26.8"; empty for the go command itself
	Err       error
}

func (e *ToolchainError) Error() string {
	if e.Toolchain == "" {
		return fmt.Sprintf("no Go toolchain: %v", e.Err)
	}
	return fmt.Sprintf("toolchain %s is not available: %v: check the version and that GOPROXY can be reached, or pin another one", e.Toolchain, e.Err)
}

func (e *ToolchainError) Unwrap() error { return e.Err }

// CompileError is source code that does not build.
type CompileError struct {
	Packages []PackageErrors // in the order in which they were reported
}

// PackageErrors are the diagnostics of one package.
type PackageErrors struct {
	ImportPath  string // empty for errors that concern no single package
	Diagnostics []Diagnostic
}

// Diagnostic is one message of the compiler, assembler, linker or go command.
type Diagnostic struct {
	File    string // path as the tool printed it, relative to the module; empty if the message has no position
	Line    int    // from 1; 0 if the message has no position
	Column  int    // in bytes, from 1; 0 if unknown
	Message string
}

func (d Diagnostic) String() string {
	switch {
	case d.File == "":
		return d.Message
	case d.Column == 0:
		return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Message)
	default:
		return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Message)
	}
}

// maxShown bounds how many diagnostics a message repeats.
const maxShown = 5

// Error names the first diagnostics and counts the rest.
func (e *CompileError) Error() string {
	var lines []string
	total := 0
	for _, p := range e.Packages {
		for _, d := range p.Diagnostics {
			total++
			if total <= maxShown {
				lines = append(lines, withPackage(p.ImportPath, d))
			}
		}
	}
	message := "the source does not compile: " + strings.Join(lines, "; ")
	if total > maxShown {
		message += fmt.Sprintf("; and %d more", total-maxShown)
	}
	return message
}

func withPackage(path string, d Diagnostic) string {
	if path == "" || d.File != "" {
		return d.String()
	}
	return path + ": " + d.String()
}
