package swap

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Unit is the strategy of a service that systemd runs.
type Unit struct {
	name      string
	systemctl subprocess.Program
	user      bool
}

// MaxUnitName is the length of the longest unit name that systemd takes
// (systemd.unit(5)).
const MaxUnitName = 255

// Systemd returns the strategy that restarts a unit, such as "payments.service",
// and waits until systemd says that it is up: with Type=notify, when the service
// itself says so. The unit's ExecStart must name the executable through the current
// link ([Version.Link]), and start it as the unit's main process. With socket
// activation, connections that come in between wait; without, they are refused.
//
// Options: [WithTimeout], [WithSystemctl], [WithUserManager], [WithEnvironment].
func Systemd(unit string, opts ...Option) (*Unit, error) {
	c, err := newConfig(kindSystemd, opts)
	if err != nil {
		return nil, err
	}
	if err := checkUnit(unit); err != nil {
		return nil, fmt.Errorf("swap.Systemd: %w", err)
	}
	return &Unit{name: unit, systemctl: c.program([]string{c.systemctl}), user: c.user}, nil
}

// unitCharacters are those of a unit name (systemd.unit(5)), beside letters and
// digits.
const unitCharacters = ":-_.\\@"

// checkUnit takes the full name of one service: no other kind of unit, no
// pattern, and nothing that systemctl would take for an option.
func checkUnit(name string) error {
	prefix, found := strings.CutSuffix(name, ".service")
	valid := found && prefix != "" && len(name) <= MaxUnitName && name[0] != '-' && name[0] != '.' && name[0] != '@' && !strings.HasSuffix(prefix, "@")
	for _, c := range []byte(prefix) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		valid = valid && (letter || strings.IndexByte(unitCharacters, c) >= 0)
	}
	if !valid {
		return fmt.Errorf("%q is not the full name of a service: it looks like payments.service or payments@eu.service", clip(name, MaxUnitName))
	}
	return nil
}

// Swap restarts the unit and waits until it is up. Before, it takes back what
// systemd counts of failed starts, which else might refuse this one. If the restart
// fails, the error has systemd's reason and is [ErrUnclear], unless the unit still
// runs the old version.
func (u *Unit) Swap(ctx context.Context, m Move) error {
	before, err := u.show(ctx)
	if err != nil {
		return u.failed("swapping", m, err)
	}
	if now, err := before.process(ctx); err == nil && before.active() && m.done(now) {
		return nil
	}
	// The restart says what is wrong, if this does.
	_, _ = u.call(ctx, "reset-failed")
	if _, err := u.call(ctx, "restart"); err != nil {
		return u.explain(ctx, m, err)
	}
	now, err := u.running(ctx)
	if err == nil {
		err = m.arrived(now)
	}
	if err != nil {
		return m.judge(u.failed("swapping", m, err), now, nil)
	}
	return nil
}

// explain adds what became of the unit to the error of a restart. It looks even if
// the time of the caller is up: an error that is ErrUnclear without need is dear.
func (u *Unit) explain(ctx context.Context, m Move, err error) error {
	err = u.failed("swapping", m, err)
	var unstarted *subprocess.StartError
	if errors.As(err, &unstarted) {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	s, lookErr := u.show(ctx)
	if lookErr != nil {
		return unclear(err)
	}
	now, lookErr := s.process(ctx)
	return m.judge(fmt.Errorf("%w; the unit is %s, result %q", err, s.state(), s.result), now, lookErr)
}

// Reload has the unit read its configuration again. [errors.ErrUnsupported] if it
// cannot: it has no ExecReload.
func (u *Unit) Reload(ctx context.Context, m Move) error {
	s, err := u.show(ctx)
	switch {
	case err != nil:
		return u.failed("reloading", m, err)
	case !s.active():
		return u.failed("reloading", m, fmt.Errorf("it is %s: %w", s.state(), ErrNotRunning))
	case !s.canReload:
		return u.failed("reloading", m, fmt.Errorf("%w: it has no ExecReload", errors.ErrUnsupported))
	}
	if _, err := u.call(ctx, "reload"); err != nil {
		return u.failed("reloading", m, err)
	}
	if s, err = u.show(ctx); err == nil && !s.active() {
		err = fmt.Errorf("it is %s, result %q: %w", s.state(), s.result, ErrNotRunning)
	}
	if err != nil {
		return u.failed("reloading", m, err)
	}
	return nil
}

// Running looks at the unit's main process. If there is none the error is
// [ErrNotRunning], and the Process still has the unit's state and restarts.
func (u *Unit) Running(ctx context.Context, product string) (Process, error) {
	p, err := u.running(ctx)
	if err != nil {
		return p, fmt.Errorf("what runs of %s: unit %s: %w", product, u.name, err)
	}
	return p, nil
}

// running is what the unit runs, if it is up.
func (u *Unit) running(ctx context.Context) (Process, error) {
	s, err := u.show(ctx)
	if err != nil {
		return Process{}, err
	}
	if !s.active() {
		return Process{State: s.state(), Restarts: s.restarts}, fmt.Errorf("it is %s, result %q: %w", s.state(), s.result, ErrNotRunning)
	}
	return s.process(ctx)
}

func (u *Unit) String() string { return "systemd unit " + u.name }

func (u *Unit) failed(doing string, m Move, err error) error {
	return fmt.Errorf("%s %s by unit %s: %w", doing, m.Product, u.name, err)
}

// call runs systemctl. It never asks for a password, and "--" ends its options.
func (u *Unit) call(ctx context.Context, verb string, options ...string) ([]byte, error) {
	p := u.systemctl
	argv := []string{p.Argv[0], "--no-ask-password"}
	if u.user {
		argv = append(argv, "--user")
	}
	argv = append(append(argv, verb), options...)
	p.Argv = append(argv, "--", u.name)
	return p.Run(ctx)
}

// status is what systemd says of a unit.
type status struct {
	load, activity, sub, result string
	pid, restarts               int
	canReload                   bool
}

// properties are what show asks for (org.freedesktop.systemd1(5)).
const properties = "LoadState,ActiveState,SubState,Result,MainPID,NRestarts,CanReload"

func (u *Unit) show(ctx context.Context) (status, error) {
	out, err := u.call(ctx, "show", "--property="+properties)
	if err != nil {
		return status{}, err
	}
	s, err := parseStatus(string(out))
	if err != nil {
		return status{}, fmt.Errorf("systemctl show: %w", err)
	}
	if s.load != "loaded" {
		return status{}, fmt.Errorf("systemd has no such unit to start (load state %q): install it, and run systemctl daemon-reload", s.load)
	}
	return s, nil
}

// parseStatus reads lines of KEY=VALUE in any order. What it must have to judge by
// must be there, once.
func parseStatus(text string) (status, error) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if _, twice := values[key]; !ok || twice {
			return status{}, fmt.Errorf("the line %q is not one property", clip(line, 80))
		}
		values[key] = value
	}
	s := status{load: values["LoadState"], activity: values["ActiveState"], sub: values["SubState"],
		result: values["Result"], canReload: values["CanReload"] == "yes"}
	if s.load == "" || s.activity == "" {
		return status{}, errors.New("no LoadState and ActiveState: is this systemctl?")
	}
	var err error
	if s.pid, err = count(values["MainPID"]); err != nil {
		return status{}, fmt.Errorf("MainPID: %w", err)
	}
	if s.restarts, err = count(values["NRestarts"]); err != nil {
		return status{}, fmt.Errorf("NRestarts: %w", err)
	}
	return s, nil
}

// count reads a number that older systemds may not have.
func count(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", clip(text, 20))
	}
	return int(n), nil
}

func (s status) active() bool { return s.activity == "active" || s.activity == "reloading" }

func (s status) state() string { return s.activity + "/" + s.sub }

// process looks at the unit's main process, up or not.
func (s status) process(ctx context.Context) (Process, error) {
	p := Process{State: s.state(), Restarts: s.restarts}
	if s.pid == 0 {
		return p, fmt.Errorf("it is %s without a main process: %w", s.state(), ErrNotRunning)
	}
	seen, err := inspect(ctx, s.pid)
	if err != nil {
		return p, err
	}
	p.PID, p.Path, p.Digest = seen.PID, seen.Path, seen.Digest
	return p, nil
}
