package hotswap

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// child is a successor as its predecessor sees it.
type child struct {
	process  *os.Process
	link     *link
	hand     *handover
	replies  chan message
	ready    chan struct{} // closed when it called Ready
	stopping chan struct{} // closed when it is about to exit by itself
	gone     chan struct{} // closed when it has exited or cannot be talked to any more
	exited   chan struct{} // closed when it was reaped
	state    *os.ProcessState
	lost     sync.Once
}

// watch starts what listens to the child. Everything ends with the child.
func (c *child) watch() {
	go c.listen()
	go c.reap()
	go c.hand.listen()
}

func (c *child) reap() {
	c.state, _ = c.process.Wait() // nil if somebody else reaped it
	close(c.exited)
	c.lose()
}

func (c *child) lose() { c.lost.Do(func() { close(c.gone) }) }

func (c *child) listen() {
	defer c.lose()
	for {
		m, err := c.link.receive()
		if err != nil {
			return
		}
		c.hear(m)
	}
}

// hear is only called by the goroutine of listen.
func (c *child) hear(m message) {
	switch m.Kind {
	case kindReady:
		closeOnce(c.ready)
	case kindStopping:
		closeOnce(c.stopping)
	default:
		select {
		case c.replies <- m:
		default: // nobody asked
		}
	}
}

// closeOnce closes a channel that only the caller's goroutine closes.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// ask sends a message and waits for its answer.
func (c *child) ask(kind, answer string) error {
	if err := c.link.send(message{Kind: kind}); err != nil {
		return fmt.Errorf("asking the successor to %s: %w", kind, err)
	}
	timer := time.NewTimer(linkTimeout)
	defer timer.Stop()
	select {
	case m := <-c.replies:
		if m.Kind != answer {
			return fmt.Errorf("the successor answered %s to %s", quote(m.Kind), kind)
		}
		if m.Error != "" {
			return errors.New("the successor answered: " + quote(m.Error))
		}
		return nil
	case <-c.gone:
		return c.exit()
	case <-timer.C:
		return fmt.Errorf("the successor did not answer to %s within %v", kind, linkTimeout)
	}
}

// exit says how the child ended.
func (c *child) exit() error {
	timer := time.NewTimer(killPause)
	defer timer.Stop()
	select {
	case <-c.exited:
		return fmt.Errorf("%w: %v", ErrExited, c.state)
	case <-timer.C:
		return fmt.Errorf("%w: it closed its connection to the old process", ErrExited)
	}
}

// killPause is how long a child that was asked to end may go on before it is killed.
const killPause = 2 * time.Second

// hold makes a child that was ready leave the connections to this process, and
// reports whether it does.
func (c *child) hold() bool {
	select {
	case <-c.ready:
		return c.ask(kindHold, kindHolding) == nil
	default:
		return false
	}
}

// end ends the child, reaps it, takes back the connections that it did not
// take, and returns how many of the others it cut. A child that obeys gets the
// drain timeout first.
func (c *child) end(obeys bool, drain time.Duration) (cut int) {
	c.hand.finishSending()
	_ = c.link.send(message{Kind: kindStop}) // fails if it is gone
	if obeys {
		_ = c.link.send(message{Kind: kindResumed})
		c.await(drain + killPause)
	} else {
		terminate(c.process)
		c.await(killPause)
	}
	_ = c.process.Kill() // fails if it has ended
	<-c.exited
	c.link.Close()
	return c.hand.reclaim()
}

func (c *child) await(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.exited:
	case <-timer.C:
	}
}
