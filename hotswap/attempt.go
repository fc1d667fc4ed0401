package hotswap

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// attempt is an upgrade under way. One goroutine leads it, from the start of
// the successor until it has either everything or nothing.
type attempt struct {
	process  *Process
	upgrade  Upgrade
	commands chan command
	child    *child // once it was started; read by others under process.mu
	full     bool   // the successor accepts and this process does not; this and the next of the leading goroutine alone
	obeys    bool   // the successor leaves the connections to this process

	settling sync.Once
	settled  chan struct{} // closed when Upgrade returns
	err      error         // before settled
	done     chan struct{} // closed when the attempt is over

	phase    Phase // these under process.mu
	percent  int
	deadline time.Time
}

func newAttempt(p *Process, u Upgrade) *attempt {
	return &attempt{
		process: p, upgrade: u, phase: PhaseStarting,
		commands: make(chan command), settled: make(chan struct{}), done: make(chan struct{}),
	}
}

func (a *attempt) describe() *Successor {
	s := &Successor{Phase: a.phase, Path: a.upgrade.Path, Digest: a.upgrade.Digest, Percent: a.percent, Deadline: a.deadline}
	if a.child != nil {
		s.PID = a.child.process.Pid
		s.Taken, s.Returned = a.child.hand.counts()
	}
	return s
}

func (a *attempt) settle(err error) {
	a.settling.Do(func() {
		a.err = err
		close(a.settled)
	})
}

// run leads the upgrade. Whatever happens, it ends with either the successor
// or this process accepting.
func (a *attempt) run() {
	p := a.process
	err := a.advance()
	if err == nil && a.upgrade.ConfirmWithin > 0 {
		a.settle(nil)
		err = a.standBy()
	} else if err == nil {
		err = a.handOff()
	}
	if err != nil {
		p.config.log.Warn("hotswap: upgrade taken back", "path", a.upgrade.Path, "error", err)
		a.takeBack(err)
	}
	p.mu.Lock()
	if err != nil {
		p.attempt = nil
	}
	close(a.done)
	p.mu.Unlock()
	a.settle(err)
	if err == nil {
		p.end()
	}
}

// advance goes on until the successor has all connections.
func (a *attempt) advance() error {
	executable, err := a.open()
	if err != nil {
		return a.stageError("check", err)
	}
	defer executable.Close()
	c, err := a.process.start(a, executable)
	if err != nil {
		return a.stageError("start", err)
	}
	a.process.mu.Lock()
	a.child = c
	a.process.mu.Unlock()
	if err := a.awaitReady(); err != nil {
		return a.stageError("ready", err)
	}
	if err := a.steps(); err != nil {
		return a.stageError("shift", err)
	}
	return a.stageError("accept", a.giveAll())
}

func (a *attempt) awaitReady() error {
	timer := time.NewTimer(a.process.config.ready)
	defer timer.Stop()
	for {
		select {
		case <-a.child.ready:
			return nil
		case <-timer.C:
			return ErrNeverReady
		case <-a.child.gone:
			return a.child.exit()
		case <-a.child.stopping:
			return ErrExited
		case c := <-a.commands:
			if c.kind == commandShift || c.kind == commandFinish {
				c.reply <- ErrNotReady
				continue
			}
			c.reply <- nil // this process has not stopped accepting
			return c.reason()
		}
	}
}

// reason is why a command ends an upgrade.
func (c command) reason() error {
	switch {
	case c.kind == commandStop:
		return ErrStopping
	case c.cause != nil && c.cause != ErrReverted:
		return fmt.Errorf("%w: %w", ErrReverted, c.cause)
	}
	return ErrReverted
}

func (a *attempt) steps() error {
	for _, s := range a.upgrade.Steps {
		if s.Percent == 100 {
			return nil
		}
		a.share(s.Percent)
		all, err := a.pause(s.Pause)
		if all || err != nil {
			return err
		}
	}
	return nil
}

// share hands over a share of the connections that this process accepts.
func (a *attempt) share(percent int) {
	p := a.process
	a.child.hand.set(percent)
	p.shift.Store(a.child.hand)
	p.mu.Lock()
	a.phase, a.percent = PhaseShifting, percent
	p.mu.Unlock()
	p.config.log.Info("hotswap: shifting", "percent", percent, "pid", a.child.process.Pid)
}

// pause waits, and reports whether the rest of the steps was skipped.
func (a *attempt) pause(d time.Duration) (all bool, err error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return false, nil
		case <-a.child.gone:
			return false, a.child.exit()
		case <-a.child.stopping:
			return false, ErrExited
		case c := <-a.commands:
			switch {
			case c.kind == commandFinish:
				c.reply <- ErrNotReady
			case c.kind == commandShift && c.percent == 100:
				c.reply <- nil
				return true, nil
			case c.kind == commandShift:
				a.share(c.percent)
				c.reply <- nil
			default:
				a.takeConnections()
				a.obeys = a.child.hold()
				c.reply <- nil
				return false, c.reason()
			}
		}
	}
}

// giveAll lets the successor accept and then stops doing so here: between the
// two both do.
func (a *attempt) giveAll() error {
	if err := a.child.ask(kindAccept, kindAccepting); err != nil {
		return err
	}
	a.full = true
	p := a.process
	p.shift.Store(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allow(false)
	p.drain(true)
	a.phase, a.percent = PhaseStandby, 100
	p.config.log.Info("hotswap: the successor accepts", "pid", a.child.process.Pid)
	return nil
}

// takeConnections makes this process accept again. It is safe at any time.
func (a *attempt) takeConnections() {
	p := a.process
	p.shift.Store(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	a.full = false
	a.phase, a.percent = PhaseReverting, 0
	if p.state == Serving {
		p.allow(true)
		p.drain(false)
	}
}

// errUnconfirmed is why an upgrade is taken back by itself.
var errUnconfirmed = errors.New("it was not confirmed in time")

// standBy waits for the confirmation. It returns nil when the successor has everything.
func (a *attempt) standBy() error {
	timer := time.NewTimer(a.upgrade.ConfirmWithin)
	defer timer.Stop()
	a.process.mu.Lock()
	a.deadline = time.Now().Add(a.upgrade.ConfirmWithin).UTC()
	a.process.mu.Unlock()
	for {
		select {
		case <-timer.C:
			return a.stageError("finish", fmt.Errorf("%w: %w", ErrReverted, errUnconfirmed))
		case <-a.child.gone:
			return a.stageError("finish", a.child.exit())
		case <-a.child.stopping:
			return a.stageError("finish", ErrExited)
		case c := <-a.commands:
			if over, err := a.onStandby(c); over {
				return err
			}
		}
	}
}

// onStandby obeys a command, and reports whether the standby is over.
func (a *attempt) onStandby(c command) (over bool, err error) {
	switch c.kind {
	case commandCancel:
		c.reply <- nil // came too late
		return false, nil
	case commandFinish:
		if !a.full {
			c.reply <- ErrNotReady
			return false, nil
		}
		err = a.handOff()
	case commandShift:
		if err = a.reshift(c.percent); err == nil {
			c.reply <- nil
			return false, nil
		}
	default:
		err = a.stageError("finish", c.reason())
		a.takeConnections()
		a.obeys = a.child.hold()
		c.reply <- nil
		return true, err
	}
	if err != nil {
		a.takeConnections()
	}
	c.reply <- err
	return true, err
}

// reshift changes the share on standby.
func (a *attempt) reshift(percent int) error {
	switch {
	case percent == 100 && a.full:
		return nil
	case percent == 100:
		return a.stageError("accept", a.giveAll())
	case !a.full:
		a.share(percent)
		return nil
	}
	a.takeConnections()
	a.share(percent)
	return a.stageError("shift", a.child.ask(kindHold, kindHolding))
}

// handOff gives the successor what belongs to the service.
func (a *attempt) handOff() error {
	p := a.process
	p.mu.Lock()
	a.phase = PhaseFinishing
	p.mu.Unlock()
	if err := a.child.ask(kindAdopt, kindAdopted); err != nil {
		return a.stageError("finish", err)
	}
	p.mu.Lock()
	p.handed = true
	p.mu.Unlock()
	p.control.stopAccepting()
	p.notify(fmt.Sprintf("MAINPID=%d", a.child.process.Pid), "READY=1")
	p.config.log.Info("hotswap: handed over", "pid", a.child.process.Pid)
	return nil
}

// takeBack makes this process accept again and ends the successor, gently if
// it may have connections.
func (a *attempt) takeBack(cause error) {
	a.takeConnections()
	if a.child != nil && !a.obeys {
		a.obeys = a.child.hold()
	}
	outcome := &Outcome{Path: a.upgrade.Path, Digest: a.upgrade.Digest, Time: time.Now().UTC(), Error: cause.Error()}
	if a.child != nil {
		outcome.Cut = a.child.end(a.obeys, a.process.config.drain)
	}
	a.process.mu.Lock()
	defer a.process.mu.Unlock()
	a.process.last = outcome
}
