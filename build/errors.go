package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

var (
	// ErrNotMain says that the package to build is not a main package.
	ErrNotMain = errors.New("not a main package")

	// ErrFetch says that a module that the program needs could not be fetched.
	ErrFetch = errors.New("a module cannot be fetched")

	// ErrDiskFull says that no space was left for the build.
	ErrDiskFull = errors.New("the disk is full")
)

// OptionError says which option of [New], [Reproduce] or [Prove] is wrong, and
// how.
type OptionError struct {
	Option string // as "WithToolchain"
	Reason string // what is wrong and what to do
}

func (e *OptionError) Error() string { return fmt.Sprintf("build: %s: %s", e.Option, e.Reason) }

// TargetError says for which target a build failed. It wraps the cause: a
// [*CompileError], a [*ToolchainError], [ErrNotMain], [ErrFetch],
// [ErrDiskFull], [errors.ErrUnsupported] if the toolchain does not have the
// target, a context error or an I/O error.
type TargetError struct {
	Target target.Target
	Err    error
}

func (e *TargetError) Error() string { return fmt.Sprintf("building for %s: %v", e.Target, e.Err) }

func (e *TargetError) Unwrap() error { return e.Err }

// TargetErrors are the targets of one [Builder.BuildAll] that failed, in the
// order in which they were given.
type TargetErrors []*TargetError

// Error is one line. Targets that failed in the same way share one message.
func (e TargetErrors) Error() string {
	var messages, targets []string
	for _, failed := range e {
		message := failed.Err.Error()
		if i := slices.Index(messages, message); i >= 0 {
			targets[i] += ", " + failed.Target.String()
			continue
		}
		messages, targets = append(messages, message), append(targets, failed.Target.String())
	}
	for i := range messages {
		messages[i] = "building for " + targets[i] + ": " + messages[i]
	}
	return strings.Join(messages, "; ")
}

// Unwrap returns each [*TargetError].
func (e TargetErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, failed := range e {
		errs[i] = failed
	}
	return errs
}

// ToolchainError says that the go command or the toolchain to build with is
// not to be had, or is too old for the module.
type ToolchainError struct {
	Toolchain string // as "go1.26.8"; empty for the go command itself
	Err       error
}

func (e *ToolchainError) Error() string {
	if e.Toolchain == "" {
		return fmt.Sprintf("no Go toolchain: %v", e.Err)
	}
	return fmt.Sprintf("toolchain %s cannot be used: %s: pin another one, or check that GOPROXY can be reached", e.Toolchain, toolMessage(e.Err))
}

func (e *ToolchainError) Unwrap() error { return e.Err }

// toolMessage is what a tool itself said, without which tool that was.
func toolMessage(err error) string {
	var exit *gocmd.ExitError
	if !errors.As(err, &exit) || exit.Tail() == "" {
		return err.Error()
	}
	return strings.TrimPrefix(exit.Tail(), "go: ")
}

// CompileError is source code that does not build: it does not compile or
// link, or its packages or modules do not fit together.
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
	File    string // with slashes, relative to the module's folder if it lies in it; empty if the message has no position
	Line    int    // from 1; 0 if the message has no position
	Column  int    // in bytes, from 1; 0 if unknown
	Message string // one line
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

// Error names the first diagnostics and counts the rest, in one line.
func (e *CompileError) Error() string {
	var shown []string
	total := 0
	for _, p := range e.Packages {
		for _, d := range p.Diagnostics {
			if total++; total <= maxShown {
				shown = append(shown, withPackage(p.ImportPath, d))
			}
		}
	}
	message := "the source does not compile: " + strings.Join(shown, "; ")
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
