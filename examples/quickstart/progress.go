package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
)

// progress tells on standard error that work goes on: on a terminal in one line
// that is drawn again and removed at the end, elsewhere by a line now and then.
type progress struct {
	out      io.Writer
	terminal bool
	interval time.Duration

	mu       sync.Mutex
	what     string
	compiled int
	start    time.Time
	stop     chan struct{}
	stopped  sync.WaitGroup
}

func newProgress(out io.Writer, terminal bool) *progress {
	p := &progress{out: out, terminal: terminal, interval: 10 * time.Second}
	if terminal {
		p.interval = 200 * time.Millisecond
	}
	return p
}

// begin starts to tell of a piece of work, until end.
func (p *progress) begin(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.compiled, p.start, p.stop = what, 0, time.Now(), make(chan struct{})
	p.stopped.Go(func() { p.tick(p.stop) })
}

func (p *progress) end() {
	close(p.stop)
	p.stopped.Wait()
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (p *progress) tick(stop <-chan struct{}) {
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			p.draw()
		}
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("   … %s, %d s", p.what, int(time.Since(p.start).Seconds()))
	if p.compiled > 0 {
		line += fmt.Sprintf(", %d packages compiled", p.compiled)
	}
	if p.terminal {
		fmt.Fprint(p.out, "\r"+line+"\x1b[K")
		return
	}
	fmt.Fprintln(p.out, strings.TrimSpace(line))
}

// observe takes the events of a pipeline.
func (p *progress) observe(e hotfix.Event) {
	switch e := e.(type) {
	case hotfix.StepStarted:
		p.mu.Lock()
		p.what = work(e.Step)
		p.mu.Unlock()
	case hotfix.Building:
		p.building(e.Event)
	}
}

// building takes the events of a builder.
func (p *progress) building(e build.Event) {
	if _, ok := e.(build.PackageCompiling); ok {
		p.mu.Lock()
		p.compiled++
		p.mu.Unlock()
	}
}

func work(step hotfix.Step) string {
	switch step {
	case hotfix.StepProve:
		return "building the base again from its source"
	case hotfix.StepTest:
		return "running the tests that the change can reach"
	case hotfix.StepBuild:
		return "building the fix"
	case hotfix.StepCompare:
		return "comparing the executables"
	case hotfix.StepPack:
		return "packing"
	case hotfix.StepSign:
		return "signing"
	case hotfix.StepVerify:
		return "verifying"
	default:
		return "working on the " + string(step)
	}
}
