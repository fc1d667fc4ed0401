package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// What one refusal may take.
const (
	maxTime   = time.Second
	maxMemory = 64 << 20
)

// figures are those of a kind of alteration, or of a kind of part.
type figures struct {
	tried, same, accepted, panicked int
	slowest                         time.Duration
	measured                        int    // whose memory was measured
	memory                          uint64 // the most that one allocated
}

func (f *figures) add(g figures) {
	f.tried += g.tried
	f.same += g.same
	f.accepted += g.accepted
	f.panicked += g.panicked
	f.measured += g.measured
	f.slowest = max(f.slowest, g.slowest)
	f.memory = max(f.memory, g.memory)
}

func (f figures) tooMuch() bool { return f.slowest >= maxTime || f.memory >= maxMemory }

// tally tries alterations and keeps count. It is safe for concurrent use.
type tally struct {
	sample int
	all    int64
	done   atomic.Int64

	alone sync.RWMutex // held for writing while memory is measured

	mu       sync.Mutex
	byJob    map[topic]figures
	findings []string
}

// topic is what the tables are about.
type topic struct{ subject, about, kind string }

func newTally(sample int, jobs []job) *tally {
	t := &tally{sample: sample, byJob: map[topic]figures{}}
	for _, j := range jobs {
		step := j.step(sample)
		t.all += int64((j.count + step - 1) / step)
	}
	return t
}

// chunk is how many alterations are handed out at once.
const chunk = 512

func (t *tally) tryAll(ctx context.Context, jobs []job, parallel int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, j := range jobs {
		if same, err := j.subject.open(ctx, j.subject.contents()); err != nil || !same {
			return cmp.Or(err, fmt.Errorf("%s is not accepted as it is", j.subject.name))
		}
		size := chunk * j.step(t.sample)
		for from := 0; from < j.count; from += size {
			group.Go(func() error { return t.try(ctx, j, from, min(from+size, j.count)) })
		}
	}
	return group.Wait()
}

// try tries the alterations from one number up to another.
func (t *tally) try(ctx context.Context, j job, from, to int) error {
	var f figures
	for i := from; i < to; i += j.step(t.sample) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if contents := t.make(j, i); contents != nil {
			t.tryOne(ctx, j, i, contents, &f)
		}
		t.done.Add(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := topic{j.subject.name, j.about, j.kind}
	sum := t.byJob[key]
	sum.add(f)
	t.byJob[key] = sum
	return nil
}

// make makes an alteration while nothing is measured: a long one takes memory itself.
func (t *tally) make(j job, i int) [][]byte {
	t.alone.RLock()
	defer t.alone.RUnlock()
	return j.make(i)
}

// oneIn is of how many alterations the memory of one is measured.
const oneIn = 1000

func (t *tally) tryOne(ctx context.Context, j job, i int, contents [][]byte, f *figures) {
	var o outcome
	if j.long || i/j.step(t.sample)%oneIn == 0 {
		o = t.measure(ctx, j.subject, contents)
		f.measured++
	} else {
		t.alone.RLock()
		o = attempt(ctx, j.subject, contents)
		t.alone.RUnlock()
	}
	for again := 0; o.took > patience && again < 3; again++ { // other programs may have had the processor
		o = least(o, t.measure(ctx, j.subject, contents))
	}
	f.tried++
	f.slowest, f.memory = max(f.slowest, o.took), max(f.memory, o.memory)
	switch {
	case o.panicked != nil:
		f.panicked++
		t.found(j, i, contents, fmt.Sprintf("panic: %v", o.panicked))
	case o.err == nil && o.same && j.subject.mayBeSame:
		f.same++
	case o.err == nil:
		f.accepted++
		t.found(j, i, contents, "accepted")
	case o.took >= maxTime || o.memory >= maxMemory:
		t.found(j, i, contents, fmt.Sprintf("refused after %v with %d bytes", o.took, o.memory))
	}
}

// patience is what a refusal may take before it is tried again.
const patience = maxTime / 10

// least takes time and memory of the one that took less.
func least(a, b outcome) outcome {
	if a.took < b.took {
		b.took = a.took
	}
	if a.memory > 0 {
		b.memory = min(a.memory, b.memory)
	}
	return b
}

type outcome struct {
	same     bool
	err      error
	panicked any
	took     time.Duration
	memory   uint64
}

func attempt(ctx context.Context, s *subject, contents [][]byte) (o outcome) {
	began := time.Now()
	defer func() {
		o.took = time.Since(began)
		o.panicked = recover()
	}()
	o.same, o.err = s.open(ctx, contents)
	return o
}

// measure also measures memory, with nothing else running.
func (t *tally) measure(ctx context.Context, s *subject, contents [][]byte) outcome {
	t.alone.Lock()
	defer t.alone.Unlock()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := attempt(ctx, s, contents)
	runtime.ReadMemStats(&after)
	o.memory = after.TotalAlloc - before.TotalAlloc
	return o
}

// maxFindings is how many are told.
const maxFindings = 50

func (t *tally) found(j job, i int, contents [][]byte, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.findings) < maxFindings {
		t.findings = append(t.findings, fmt.Sprintf("%s: %s, %s %d of %s: %s", what, j.subject.name, j.kind, i, cmp.Or(j.name, j.about), difference(j.subject, contents)))
	}
}

// difference shows where the first altered part begins to differ.
func difference(s *subject, contents [][]byte) string {
	const shown = 48
	for i, p := range s.parts {
		got := contents[i]
		if bytes.Equal(got, p.content) {
			continue
		}
		at := 0
		for at < min(len(got), len(p.content)) && got[at] == p.content[at] {
			at++
		}
		return fmt.Sprintf("%s from byte %d on: %q, was %q", p.name, at, got[at:min(at+shown, len(got))], p.content[at:min(at+shown, len(p.content))])
	}
	return "no difference"
}

// progress tells how far it is, every second, until the function is called that it
// returns.
func (t *tally) progress(out io.Writer) (stop func()) {
	ticker := time.NewTicker(time.Second)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(out, "\r%d of %d", t.done.Load(), t.all)
			case <-end:
				fmt.Fprint(out, "\r\x1b[K")
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}
