package subprocess

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// MaxOutput bounds what [Program.Run] keeps of what a program prints, in bytes.
const MaxOutput = 64 << 10

// Program is a program of a host that is run to its end.
type Program struct {
	Argv    []string      // program and arguments; the program by its absolute path
	Dir     string        // working folder; "" is that of this process
	Env     []string      // the complete environment, as KEY=VALUE
	Timeout time.Duration // how long it may take; 0: as long as the context
}

// Check reports what is wrong with a program before it is run. A relative path
// would depend on the working folder and on PATH, and so would what is run.
func (p Program) Check() error {
	switch {
	case len(p.Argv) == 0:
		return errors.New("no program: name one by its absolute path")
	case !filepath.IsAbs(p.Argv[0]):
		return fmt.Errorf("program %q: not an absolute path", p.Argv[0])
	case strings.ContainsRune(strings.Join(p.Argv, ""), 0):
		return fmt.Errorf("program %q: a zero byte in an argument", p.Argv[0])
	}
	return nil
}

// Run runs the program without input and returns what it printed on both
// outputs, at most MaxOutput bytes of it. If it fails, the error is one line with
// the last of what it printed, and wraps an [*exec.ExitError] whose Stderr has all
// that was kept. If it was stopped, the error wraps [context.Cause] of ctx, or
// [context.DeadlineExceeded] when it took longer than its time limit. If it was
// never started, the error is a [*StartError].
func (p Program) Run(ctx context.Context) ([]byte, error) {
	ctx, cancel := p.limited(ctx)
	defer cancel()
	if ctx.Err() != nil {
		return nil, &StartError{Program: p.name(), Err: context.Cause(ctx)}
	}
	out := NewBuffer(MaxOutput)
	cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.Dir, p.environment(), out, out
	err := Run(ctx, cmd)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.Bytes(), nil
	case cmd.ProcessState == nil:
		return nil, &StartError{Program: p.name(), Err: err}
	case ctx.Err() != nil:
		return out.Bytes(), p.failed("stopped", context.Cause(ctx), out)
	case errors.As(err, &exit):
		exit.Stderr = out.Bytes()
	}
	return out.Bytes(), p.failed("failed", err, out)
}

// StartError is a program that did not start: it has done nothing.
type StartError struct {
	Program string // its base name
	Err     error
}

func (e *StartError) Error() string { return e.Program + " was not started: " + e.Err.Error() }

func (e *StartError) Unwrap() error { return e.Err }

func (p Program) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, p.Timeout, fmt.Errorf("it took longer than %v: %w", p.Timeout, context.DeadlineExceeded))
}

// environment is never nil: for os/exec that would be this process's own.
func (p Program) environment() []string { return append([]string{}, p.Env...) }

func (p Program) name() string { return filepath.Base(p.Argv[0]) }

func (p Program) failed(how string, err error, out *Buffer) error {
	if tail := Tail(out.Bytes()); tail != "" {
		return fmt.Errorf("%s %s: %w: %s", p.name(), how, err, tail)
	}
	return fmt.Errorf("%s %s: %w", p.name(), how, err)
}

// What a message repeats of a program's output.
const (
	maxTailLines = 6
	maxTailBytes = 1 << 10
)

// Tail returns the last lines of an output, joined into one, for a message.
func Tail(output []byte) string {
	var lines []string
	for line := range strings.Lines(string(output)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	tail := strings.Join(lines[max(0, len(lines)-maxTailLines):], "; ")
	return strings.ToValidUTF8(strings.Map(printable, tail[max(0, len(tail)-maxTailBytes):]), "\uFFFD")
}

// printable keeps a program from steering the terminal of whoever reads the
// message.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// SystemPath is the environment that has only a PATH, of the folders where the
// programs of a Unix system are. The caller's own would make what is run depend on who
// asks for it.
func SystemPath() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}
