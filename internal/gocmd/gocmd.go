// Package gocmd runs the go command and other tools of a build: with an
// environment that the caller spelled out, with bounded output, and so that a
// cancelled context leaves no process behind, however many the tool started.
//
// A cancelled context sends the tool and all that it started an interrupt, and a
// kill after [Grace] (package subprocess).
package gocmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

const (
	// Grace is how long a tool has to clean up after an interrupt before it
	// is killed.
	Grace = subprocess.Grace

	// MaxOutput bounds what is kept of each of a tool's output streams. A
	// standard output that is longer is an error.
	MaxOutput = 16 << 20
)

// Command is one run of a tool.
type Command struct {
	Argv   []string     // program and arguments; the program is looked up in Env's PATH
	Dir    string       // working folder
	Env    []string     // the complete environment, as KEY=VALUE
	Stdout io.Writer    // where standard output goes as it comes; nil keeps it in the Result
	OnLine func(string) // called with each line of standard error as it comes; may be nil
}

// Result is what a finished tool printed and used.
type Result struct {
	Stdout []byte
	Stderr []byte
	CPU    time.Duration // user and system time of the tool and of its children
	Peak   int64         // largest resident set of one of these processes in bytes; 0 if the system does not tell
}

// ExitError is a tool that ran and failed.
type ExitError struct {
	Argv   []string
	Code   int // exit code; -1 if it was ended by a signal
	Stderr []byte
}

// Error is one line, however many the tool printed.
func (e *ExitError) Error() string {
	name := strings.Join(e.Argv[:min(2, len(e.Argv))], " ")
	status := fmt.Sprintf("%s: exit status %d", name, e.Code)
	if e.Code < 0 {
		status = name + ": ended by a signal"
	}
	if tail := e.Tail(); tail != "" {
		return status + ": " + tail
	}
	return status
}

// maxTail is how many lines of a tool's standard error a message repeats.
const maxTail = 6

// Tail returns the last lines that the tool printed, joined into one.
func (e *ExitError) Tail() string {
	var lines []string
	for line := range strings.Lines(string(e.Stderr)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "go: downloading ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-maxTail):], "; ")
}

// ErrNotFound says that a tool is not installed.
var ErrNotFound = errors.New("command not found")

// Run runs a tool to its end. The error is ctx's, wrapped, if the tool was
// stopped for it; an [*ExitError] if it failed; [ErrNotFound], wrapped, if it
// is not installed.
func Run(ctx context.Context, c Command) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Argv[0], context.Cause(ctx))
	}
	program, err := LookPath(c.Env, c.Argv[0])
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, c.Argv[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	stdout, stderr := subprocess.NewBuffer(MaxOutput), newLineWriter(c.OnLine)
	cmd.Stdout, cmd.Stderr = c.Stdout, stderr
	if c.Stdout == nil {
		cmd.Stdout = stdout
	}
	err = subprocess.Run(ctx, cmd)
	if errors.Is(err, subprocess.ErrLeft) {
		err = nil // such as a daemon of the tool; its work is done
	}
	switch {
	case cmd.ProcessState == nil:
		return nil, fmt.Errorf("starting %s: %w", c.Argv[0], err)
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s was stopped: %w", c.Argv[0], context.Cause(ctx))
	case err != nil && cmd.ProcessState.Success():
		return nil, fmt.Errorf("passing on the output of %s: %w", c.Argv[0], err)
	}
	stderr.flush()
	result := &Result{Stdout: stdout.Bytes(), Stderr: stderr.all.Bytes(), CPU: cpuTime(cmd.ProcessState), Peak: peakMemory(cmd.ProcessState)}
	if !cmd.ProcessState.Success() {
		return result, &ExitError{Argv: c.Argv, Code: cmd.ProcessState.ExitCode(), Stderr: result.Stderr}
	}
	if stdout.Dropped() {
		return result, fmt.Errorf("%s printed more than %d bytes", c.Argv[0], MaxOutput)
	}
	return result, nil
}

// LookPath finds a program as the environment's PATH says, which need not be
// that of this process. Relative folders in PATH are not searched. The error
// wraps [ErrNotFound].
func LookPath(env []string, name string) (string, error) {
	if filepath.Base(name) != name {
		return name, nil
	}
	for _, dir := range filepath.SplitList(Lookup(env, "PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if program, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("%s: %w: install it or add its folder to PATH", name, ErrNotFound)
}

func cpuTime(s *os.ProcessState) time.Duration { return s.UserTime() + s.SystemTime() }

// lineWriter keeps all output and hands it on line by line.
type lineWriter struct {
	all    *subprocess.Buffer
	rest   []byte // of a line whose end has not come yet
	onLine func(string)
}

func newLineWriter(onLine func(string)) *lineWriter {
	return &lineWriter{all: subprocess.NewBuffer(MaxOutput), onLine: onLine}
}

// maxLine is where a line without end is cut.
const maxLine = 64 << 10

func (w *lineWriter) Write(p []byte) (int, error) {
	n, _ := w.all.Write(p)
	if w.onLine == nil {
		return n, nil
	}
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			break
		}
		w.onLine(strings.TrimSuffix(string(line), "\r"))
		w.rest = rest
	}
	if len(w.rest) > maxLine {
		w.flush()
	}
	return n, nil
}

func (w *lineWriter) flush() {
	if w.onLine != nil && len(w.rest) > 0 {
		w.onLine(strings.TrimSuffix(string(w.rest), "\r"))
	}
	w.rest = nil
}
