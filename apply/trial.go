package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/sandbox"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Trial says how a new executable is started once in the sandbox, before anything is
// switched. Without URL it is run to its end and must exit 0, as with -version. With URL
// it is started as a service, must answer there, and is stopped.
type Trial struct {
	Args []string      // without the program's name
	Env  []string      // as KEY=VALUE; nothing is inherited
	URL  string        // http://127.0.0.1:PORT/PATH, in the sandbox's own network; "" for none
	Time time.Duration // limit; 0 for DefaultTrialTime
}

// DefaultTrialTime is how long a trial may take.
const DefaultTrialTime = 30 * time.Second

func (t Trial) validate() error {
	if t.Time < 0 {
		return fmt.Errorf("WithTrial: a time limit of %s is below zero", t.Time)
	}
	if t.URL == "" {
		return nil
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return fmt.Errorf("WithTrial: %w", err)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "http" || ip == nil || !ip.IsLoopback() || u.Port() == "" {
		return fmt.Errorf("WithTrial: %q is no address like http://127.0.0.1:8080/healthz: the trial is about the new version alone, so it must be asked on a loopback address", t.URL)
	}
	return nil
}

// confined returns the sandbox of trials and verify scripts. They see the store wherever
// it is, and cannot change it.
func (o *operation) confined() (*sandbox.Sandbox, error) {
	s, err := sandbox.New(append(slices.Clone(o.sandbox), sandbox.WithReadOnly(o.store.Dir()))...)
	if err != nil {
		return nil, err
	}
	if lacks := s.Lacks(); len(lacks) > 0 {
		o.logger.Warn("the sandbox does not confine everything", "lacks", strings.Join(lacks, "; "))
	}
	return s, nil
}

// rehearse tries the new version where it can do no harm: its start, and the package's
// own checks. Then scripts/run runs, which is no rehearsal.
func (o *operation) rehearse(ctx context.Context) error {
	tried, err := o.preload(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w; nothing was switched", ErrTrial, err)
	}
	if err := o.advance(journal.Preloaded, tried); err != nil {
		return err
	}
	checked, err := o.validate(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w; nothing was switched", ErrTrial, err)
	}
	if err := o.runScript(ctx, o.contents()); err != nil {
		return err
	}
	return o.advance(journal.Validated, checked)
}

// preload starts the new executable in the sandbox.
func (o *operation) preload(ctx context.Context) (string, error) {
	v, err := o.version(o.record.To)
	if err != nil {
		return "", err
	}
	if o.trial == nil || v.Path == "" {
		return "no trial was asked for", nil
	}
	limited, cancel := context.WithTimeout(ctx, o.trialTime())
	defer cancel()
	box, err := o.confined()
	if err != nil {
		return "", err
	}
	exe, err := o.openVerified(v.Path)
	if err != nil {
		return "", err
	}
	defer exe.Close()
	program := sandbox.Program{Path: v.Path, File: exe, Args: o.trial.Args, Env: o.trial.Env}
	if o.trial.URL != "" {
		return "the new version answered in the sandbox", o.tryService(limited, box, program)
	}
	outcome, err := box.Run(limited, program)
	if err == nil {
		err = outcome.Err()
	}
	return "the new version ran in the sandbox", err
}

func (o *operation) trialTime() time.Duration {
	if o.trial.Time == 0 {
		return DefaultTrialTime
	}
	return o.trial.Time
}

// tryService starts the new version as a service that nobody else can reach, and asks
// its address.
func (o *operation) tryService(ctx context.Context, box *sandbox.Sandbox, program sandbox.Program) error {
	running, err := box.Start(ctx, program)
	if err != nil {
		return err
	}
	check, err := health.HTTP(o.trial.URL, health.WithDialer(running.DialContext))
	if err != nil {
		_, stopped := running.Stop(ctx)
		return errors.Join(err, stopped)
	}
	unhealthy := o.untilDone(ctx, running, check)
	outcome, err := running.Stop(ctx)
	if unhealthy != nil {
		return errors.Join(unhealthy, outcome.Err())
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// untilDone waits for the check to hold, or for the program to end before it does.
func (o *operation) untilDone(ctx context.Context, running *sandbox.Running, check health.Checker) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-running.Done():
			cancel(errors.New("the new version ended before it answered"))
		case <-ctx.Done():
		}
	}()
	return health.Wait(ctx, check, health.Settings{Within: o.trialTime()})
}

// validate runs the package's scripts/verify in the sandbox.
func (o *operation) validate(ctx context.Context) (string, error) {
	path := filepath.Join(o.contents(), filepath.FromSlash(manifest.VerifyPath))
	if !exists(path) {
		return "the package has no check of its own", nil
	}
	box, err := o.confined()
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, o.scripts)
	defer cancel()
	script, err := o.openVerified(path)
	if err != nil {
		return "", err
	}
	defer script.Close()
	outcome, err := box.Run(limited, sandbox.Program{Path: path, File: script, Env: o.scriptEnv()})
	if err == nil {
		err = outcome.Err()
	}
	return "the package's own check passed", err
}

// contents is the folder of what the package brought.
func (o *operation) contents() string {
	if o.record.To.IsZero() {
		return o.staging("tree")
	}
	return o.store.Folder(o.record.To)
}
