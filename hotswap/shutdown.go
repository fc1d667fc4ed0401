package hotswap

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"
)

// shutdown is the end of a process: whoever is left to serve accepts, and
// then the connections that are open here drain.
func (p *Process) shutdown() error {
	p.mu.Lock()
	a, before, handed := p.attempt, p.predecessor, p.handed
	p.state = Draining
	p.mu.Unlock()
	if a != nil && !handed {
		_ = p.command(context.Background(), command{kind: commandStop}) // no successor any more is what we want
		<-a.done
	}
	if before != nil {
		before.leave()
	}
	if !handed && before == nil {
		p.notify("STOPPING=1")
	}
	err := p.drainAll(handed)
	p.closeAll(handed, before != nil)
	return err
}

// drainAll waits for the connections, and cuts them when the time is up.
func (p *Process) drainAll(handed bool) error {
	p.mu.Lock()
	p.allow(false)
	for _, l := range p.listeners {
		l.closeSocket()
	}
	servers := p.servers
	p.drain(true)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), p.config.drain)
	defer cancel()
	p.settle(ctx)
	failures := finishAll(ctx, servers)
	p.emptied(ctx)
	open, _, _, _ := p.conns.count()
	failures = append(failures, p.stopAll(servers)...)
	p.config.log.Info("hotswap: drained", "cut", open, "handed_over", handed)
	if open == 0 {
		return nil
	}
	return &DrainError{Open: open, Timeout: p.config.drain, Servers: failures}
}

// settlePause is how long a connection that was just accepted gets to be read
// from: some servers drop those that they have not begun to serve.
const settlePause = time.Second

func (p *Process) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settlePause)
	defer cancel()
	p.waitConns(ctx, func(_, fresh int) bool { return fresh == 0 })
}

func (p *Process) emptied(ctx context.Context) {
	p.waitConns(ctx, func(open, _ int) bool { return open == 0 })
}

func (p *Process) waitConns(ctx context.Context, enough func(open, fresh int) bool) {
	for {
		open, _, fresh, changed := p.conns.count()
		if enough(open, fresh) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func finishAll(ctx context.Context, servers []Server) []error {
	var (
		all      sync.WaitGroup
		mu       sync.Mutex
		failures []error
	)
	for _, s := range servers {
		all.Go(func() {
			if err := s.Finish(ctx); err != nil && ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
		})
	}
	all.Wait()
	return failures
}

// stopAll stops the servers and closes their connections at the same time: the Stop
// of a gRPC server waits for connections on which no client has said a word.
func (p *Process) stopAll(servers []Server) []error {
	var (
		all  sync.WaitGroup
		errs = make([]error, len(servers))
	)
	for i, s := range servers {
		all.Go(func() { errs[i] = s.Stop() })
	}
	p.conns.cut()
	all.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// closeAll closes what is left. What belongs to the service and not to this
// process is removed only if nobody serves on.
func (p *Process) closeAll(handed, returned bool) {
	p.mu.Lock()
	listeners, packets, inherited := p.listeners, p.packets, p.inherited
	p.inherited = nil
	p.mu.Unlock()
	for _, l := range listeners {
		l.Close()
		if !handed && !returned {
			l.unlink()
		}
		l.inLoop.Wait()
	}
	for _, c := range packets {
		c.Close()
	}
	for _, s := range inherited {
		s.Close()
	}
	p.control.close(!handed && !returned)
	if !handed && !returned {
		removePIDFile(p.config.pidFile)
	}
	p.executable.Close()
}

// unlink removes the file of a unix socket that a process of this chain made.
func (l *Listener) unlink() {
	if l.name.Network == "unix" && !l.name.Systemd && l.name.Address != "" && l.name.Address[0] != '@' {
		_ = os.Remove(l.name.Address) // nothing serves it any more; a next start would replace it
	}
}
