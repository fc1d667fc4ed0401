package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Sandbox is a way to run programs confined. It is safe for concurrent use; each
// run has a sandbox of its own.
type Sandbox struct {
	config *config
	plan   plan
	lacks  lacks
}

// New makes a sandbox, and tries what this system can confine. The error wraps
// [errors.ErrUnsupported] if that is less than [WithRequired] demands.
func New(options ...Option) (*Sandbox, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	p, lacks, err := newPlan(c)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := lacks.check(c.required); err != nil {
		return nil, err
	}
	return &Sandbox{config: c, plan: p, lacks: lacks}, nil
}

// Lacks says, a line for each aspect, what this system cannot confine and why.
// It is empty if all that was asked for is confined.
func (s *Sandbox) Lacks() []string { return s.lacks.words() }

// Confined names the aspects that are confined.
func (s *Sandbox) Confined() []string { return s.lacks.confined(s.config) }

// Outcome is what became of a program.
type Outcome struct {
	Program   string         // its path
	ExitCode  int            // -1 if it was ended by a signal
	Signal    syscall.Signal // by which it was ended; 0 if it ended by itself
	Output    []byte         // standard output and error as they came, at most what WithOutput says
	Truncated bool           // it printed more
	Duration  time.Duration  // from start to end
	CPU       time.Duration  // user and system time of the program and of the children it waited for
	Memory    int64          // largest resident set of one of these in bytes; 0 if the system does not tell
	Confined  []string       // as Sandbox.Confined says
	Lacks     []string       // as Sandbox.Lacks says
}

// Err is nil if the program ended with exit code 0, and otherwise a [*FailedError].
func (o *Outcome) Err() error {
	if o.ExitCode == 0 && o.Signal == 0 {
		return nil
	}
	return &FailedError{Program: o.Program, ExitCode: o.ExitCode, Signal: o.Signal, Tail: subprocess.Tail(o.Output)}
}

// Run runs a program to its end. The error is nil if the program ended by
// itself, whatever its exit code: ask [Outcome.Err]. It wraps [ErrTime] if the
// time limit ended it, and the cause of ctx if that did; the outcome then says
// what it had printed. With any other error nothing was run.
func (s *Sandbox) Run(ctx context.Context, p Program) (Outcome, error) {
	running, err := s.Start(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	return running.Wait()
}

// job is a program that is to be started, with all that was left open filled in.
type job struct {
	path   string
	file   *os.File // nil: by path
	args   []string // with the name
	env    []string
	dir    string // absolute
	stdin  io.Reader
	output io.Writer
	tmp    string // folder outside the sandbox that holds temporary files; "" if the plan has its own
}

// exit is how a process ended.
type exit struct {
	Code   int
	Signal syscall.Signal
	CPU    time.Duration
	Memory int64
}

// Start starts a program. ctx ends it, and so does the time limit; the caller
// must call [Running.Wait] or [Running.Stop].
func (s *Sandbox) Start(ctx context.Context, p Program) (*Running, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("sandbox: %s: %w", p.Path, context.Cause(ctx))
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	out := subprocess.NewBuffer(s.config.output)
	j, err := s.job(p, out)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	process, err := s.plan.start(j)
	if err != nil {
		j.clean()
		return nil, fmt.Errorf("sandbox: starting %s: %w", p.Path, err)
	}
	r := &Running{sandbox: s, program: p.Path, process: process, out: out, begin: begin, done: make(chan struct{})}
	r.watch(ctx, j)
	return r, nil
}

func (s *Sandbox) job(p Program, out *subprocess.Buffer) (*job, error) {
	j := &job{path: p.Path, file: p.File, args: append([]string{p.Path}, p.Args...), dir: p.Dir, stdin: p.Stdin, output: out}
	tmp := s.plan.temporary()
	if tmp == "" {
		var err error
		if j.tmp, err = temporaryFolder(s.config.User); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		tmp = j.tmp
	}
	if j.dir == "" {
		j.dir = tmp
	}
	j.env = with(p.Env, defaultEnv(tmp))
	return j, nil
}

// temporaryFolder makes a folder of a program's own outside the sandbox.
func temporaryFolder(u *user) (string, error) {
	tmp, err := os.MkdirTemp("", "sandbox-")
	if err != nil || u == nil {
		return tmp, err
	}
	return tmp, os.Lchown(tmp, int(u.UID), int(u.GID))
}

// clean removes what a job left outside the sandbox. What cannot be removed
// harms nobody.
func (j *job) clean() {
	if j.tmp != "" {
		_ = os.RemoveAll(j.tmp)
	}
}
