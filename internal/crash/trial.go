//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// patience is how long one command of a subject may take.
const patience = 2 * time.Minute

// survey is what an operation does when nothing disturbs it.
type survey struct {
	operation
	calls         []trace.Call
	switched      int // number of the first call at which the new version is current; 0 if none
	before, after sight
}

// ending is how a command ended.
type ending struct {
	exit         int
	acknowledged bool // it had said on standard output that it was done
	errors       string
}

// survey runs the operation once, undisturbed.
func (p *prover) survey(ctx context.Context, o operation) (survey, error) {
	s := survey{operation: o}
	dir, done, err := p.copyOf(o.before)
	if err != nil {
		return s, err
	}
	defer done()
	if s.before, err = p.subject.look(dir); err != nil {
		return s, fmt.Errorf("%s: beforehand: %w", o.name, err)
	}
	end, err := p.traced(ctx, dir, o.command, func(c trace.Call) trace.Action {
		if s.switched == 0 && p.switchedBy(dir, s.calls, o) {
			s.switched = c.N
		}
		s.calls = append(s.calls, c)
		return trace.Action{}
	})
	if err == nil && end.exit != 0 {
		err = fmt.Errorf("%s: undisturbed, it exits %d: %s", o.name, end.exit, end.errors)
	}
	if err != nil {
		return s, err
	}
	if s.after, err = p.subject.look(dir); err == nil && s.after.version != o.to {
		err = fmt.Errorf("%s: undisturbed, it leads to version %s, not %s", o.name, s.after.version, o.to)
	}
	return s, err
}

// switchedBy reports whether the last of the calls has made the new version current.
func (p *prover) switchedBy(dir string, calls []trace.Call, o operation) bool {
	if len(calls) == 0 || o.from == o.to || !strings.HasPrefix(calls[len(calls)-1].Name, "rename") {
		return false
	}
	now, err := p.subject.look(dir)
	return err == nil && now.version == o.to
}

// copyOf returns a copy of a folder for one trial; done removes it.
func (p *prover) copyOf(before string) (dir string, done func(), err error) {
	if dir, err = os.MkdirTemp(p.stage.dir, "trial-"); err != nil {
		return "", nil, err
	}
	if err := copyTree(before, dir); err != nil {
		_ = removeTree(dir)
		return "", nil, err
	}
	return dir, func() { _ = removeTree(dir) }, nil // what is left goes with the stage
}

// traced runs a command of the subject and asks decide, if it is not nil, before each
// call.
func (p *prover) traced(ctx context.Context, dir string, command []string, decide func(trace.Call) trace.Action) (ending, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stdout, stderr, done, err := p.outputs()
	if err != nil {
		return ending{}, err
	}
	defer done()
	o, err := trace.Run(ctx, trace.Program{Argv: p.subject.argv(dir, command...), Dir: p.stage.dir, Env: environment(), Stdout: stdout, Stderr: stderr, Linger: p.linger, Decide: decide})
	if err != nil {
		return ending{}, err
	}
	said, err := os.ReadFile(stdout.Name())
	if err != nil {
		return ending{}, err
	}
	complaints, err := os.ReadFile(stderr.Name())
	return ending{exit: o.Exit, acknowledged: len(said) > 0, errors: string(complaints)}, err
}

// outputs returns the files for standard output and error; done removes them.
func (p *prover) outputs() (stdout, stderr *os.File, done func(), err error) {
	if stdout, err = os.CreateTemp(p.stage.dir, "stdout-"); err != nil {
		return nil, nil, nil, err
	}
	if stderr, err = os.CreateTemp(p.stage.dir, "stderr-"); err != nil {
		return nil, nil, nil, err
	}
	return stdout, stderr, func() {
		for _, f := range []*os.File{stdout, stderr} {
			f.Close()
			os.Remove(f.Name())
		}
	}, nil
}

// environment is that of all commands: nothing of the caller's.
func environment() []string {
	return []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/nonexistent"}
}

// plain runs a command of the subject to its end, which must be a good one.
func (p *prover) plain(ctx context.Context, dir string, command ...string) error {
	end, err := p.traced(ctx, dir, command, nil)
	if err == nil && end.exit != 0 {
		err = fmt.Errorf("%s exits %d: %s", command[0], end.exit, lastLine(end.errors))
	}
	return err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// judge says what is wrong in a folder in which an operation was disturbed, or
// nil. It is what must hold after any crash, before and after the recovery: one whole
// version is current, the new one if that was acknowledged; the floor has not sunk. Then the
// operation can be done again, and leaves nothing behind that it does not always
// leave.
func (p *prover) judge(ctx context.Context, dir string, s survey, acknowledged bool, recover func() error) error {
	if err := p.whole(dir, s, acknowledged); err != nil {
		return fmt.Errorf("after the crash: %w", err)
	}
	if err := recover(); err != nil {
		return err
	}
	if err := p.whole(dir, s, acknowledged); err != nil {
		return fmt.Errorf("after the recovery: %w", err)
	}
	if err := p.asks(ctx, dir, s.operation, "status"); err != nil {
		return err
	}
	return p.again(ctx, dir, s)
}

// asks runs a command that must be a good one, unless there is nothing yet.
func (p *prover) asks(ctx context.Context, dir string, o operation, command string) error {
	err := p.plain(ctx, dir, command)
	if err != nil && o.nothing != "" && strings.Contains(err.Error(), o.nothing) {
		return nil
	}
	return err
}

func (p *prover) whole(dir string, s survey, acknowledged bool) error {
	now, err := p.subject.look(dir)
	switch {
	case err != nil:
		return err
	case !s.allows(now.version):
		return fmt.Errorf("version %s is current, neither %s nor %s", now.version, s.from, s.to)
	case now.floor < s.before.floor:
		return fmt.Errorf("the floor has sunk from %d to %d", s.before.floor, now.floor)
	case acknowledged && now.version != s.to:
		return fmt.Errorf("version %s is current, but %s was acknowledged", now.version, s.to)
	case acknowledged && now.floor < s.after.floor:
		return fmt.Errorf("the floor is %d, but %d was acknowledged", now.floor, s.after.floor)
	}
	return nil
}

// again does the operation once more, now undisturbed.
func (p *prover) again(ctx context.Context, dir string, s survey) error {
	now, err := p.subject.look(dir)
	if err != nil {
		return err
	}
	if now.version != s.to || s.repeats {
		if err := p.repeat(ctx, dir, s.operation); err != nil {
			return fmt.Errorf("once more, %w", err)
		}
	}
	if now, err = p.subject.look(dir); err != nil {
		return fmt.Errorf("once more: %w", err)
	}
	if now.version != s.to || now.floor < s.after.floor {
		return fmt.Errorf("once more, it leads to version %s and floor %d, not %s and %d", now.version, now.floor, s.to, s.after.floor)
	}
	return s.litter(now)
}

// repeat does an operation again, or what takes its place where it was taken back.
func (p *prover) repeat(ctx context.Context, dir string, o operation) error {
	err := p.plain(ctx, dir, o.command...)
	if err != nil && o.instead != nil && strings.Contains(err.Error(), "it is not applied again") {
		return p.plain(ctx, dir, o.instead...)
	}
	return err
}

// litter is an error if more is in the folder than the operation always leaves there.
func (s survey) litter(now sight) error {
	var extra []string
	for _, name := range now.names {
		if _, expected := slices.BinarySearch(s.after.names, name); !expected {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		return fmt.Errorf("%d files are left behind, such as %s", len(extra), extra[0])
	}
	return nil
}
