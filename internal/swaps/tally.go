package main

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// tally counts requests, each once. It may be used by several goroutines.
type tally struct {
	mutex    sync.Mutex
	requests int64
	resent   int64
	unsent   int64
	reasons  map[string]int64
	versions map[string]int64
	slowest  time.Duration
	goal     int64
	reached  chan struct{} // closed when there are as many requests as that
}

func newTally(goal int64) *tally {
	return &tally{reasons: map[string]int64{}, versions: map[string]int64{}, goal: goal, reached: make(chan struct{})}
}

// outcome is what a request that succeeded tells.
type outcome struct {
	version string // that answered
	resent  int    // how often the protocol's own rules made the client send it again
}

func (t *tally) count(o outcome, took time.Duration, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.requests++
	t.slowest = max(t.slowest, took)
	switch {
	case errors.Is(err, errUnsent):
		t.unsent++
	case err != nil:
		t.reasons[reason(err)]++
	default:
		t.resent += int64(o.resent)
		t.versions[o.version]++
	}
	if t.requests == t.goal {
		close(t.reached)
	}
}

func (t *tally) failed() int64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var n int64
	for _, count := range t.reasons {
		n += count
	}
	return n
}

// Count is how often something happened.
type Count struct {
	What  string `json:"what"`
	Times int64  `json:"times"`
}

// counts returns the most frequent first.
func counts(of map[string]int64) []Count {
	list := make([]Count, 0, len(of))
	for _, what := range slices.Sorted(maps.Keys(of)) {
		list = append(list, Count{what, of[what]})
	}
	slices.SortStableFunc(list, func(a, b Count) int { return int(b.Times - a.Times) })
	return list
}
