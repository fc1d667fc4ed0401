// Package gocmd runs the go command and other tools of a build: with an
// environment that the caller spelled out, with bounded output, and so that a
// cancelled context leaves no process behind, however many the tool started.
//
// On Unix a tool runs in a process group of its own; a cancelled context sends
// it an interrupt, and a kill after [Grace]. On Windows it runs in a job
// object that is closed, which ends every process in it.
package gocmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// Grace is how long a tool has to clean up after an interrupt before it
	// is killed.
	Grace = 3 * time.Second

	// MaxOutput bounds what is kept of each of a tool's output streams.
	MaxOutput = 16 << 20
)

// Command is one run of a tool.
type Command struct {
	Argv   []string     // program and arguments; the program is looked up in PATH
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

func (e *ExitError) Error() string {
	tail := strings.TrimSpace(string(e.Stderr))
	if lines := strings.Split(tail, "\n"); len(lines) > 12 {
		tail = strings.Join(lines[len(lines)-12:], "\n")
	}
	name := strings.Join(e.Argv[:min(2, len(e.Argv))], " ")
	if tail == "" {
		return fmt.Sprintf("%s: exit status %d", name, e.Code)
	}
	return fmt.Sprintf("%s: exit status %d: %s", name, e.Code, tail)
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
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.Dir, c.Env, Grace
	stdout := &boundedBuffer{}
	stderr := &lineWriter{onLine: c.OnLine}
	cmd.Stdout, cmd.Stderr = c.Stdout, stderr
	if c.Stdout == nil {
		cmd.Stdout = stdout
	}
	tree := newProcessTree(cmd)
	if err := cmd.Start(); err != nil {
		return nil, startError(c.Argv[0], err)
	}
	tree.started(cmd.Process)
	err := cmd.Wait()
	tree.end(ctx.Err() != nil)
	stderr.flush()
	result := &Result{Stdout: stdout.Bytes(), Stderr: stderr.all.Bytes(), CPU: cpuTime(cmd.ProcessState), Peak: peakMemory(cmd.ProcessState)}
	if ctx.Err() != nil && err != nil {
		return result, fmt.Errorf("%s was stopped: %w", c.Argv[0], context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return result, &ExitError{Argv: c.Argv, Code: exit.ExitCode(), Stderr: result.Stderr}
	}
	return result, err
}

func startError(name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s: %w: install it or add its folder to PATH", name, ErrNotFound)
	}
	return fmt.Errorf("starting %s: %w", name, err)
}

func cpuTime(s *os.ProcessState) time.Duration {
	if s == nil {
		return 0
	}
	return s.UserTime() + s.SystemTime()
}

// boundedBuffer keeps the first MaxOutput bytes and swallows the rest, so that
// a tool that prints without end cannot exhaust memory.
type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if room := MaxOutput - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// lineWriter keeps all output and hands it on line by line.
type lineWriter struct {
	all    boundedBuffer
	rest   []byte
	onLine func(string)
}

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
		w.onLine(string(w.rest))
	}
	w.rest = nil
}
