package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// What can be wrong with a version.
const (
	crashes    = "crashes"     // ends at once
	neverReady = "never-ready" // listens, and never says that it is ready
	wrongPort  = "wrong-port"  // is ready, on other ports than it was given
	unhealthy  = "unhealthy"   // serves, but its health check fails
	failsLater = "fails-later" // its health check fails after a while
	diesLater  = "dies-later"  // ends without notice after a while
	leaks      = "leaks"       // takes 64 MiB more each quarter of a second
)

// badness is what is wrong with this version: nothing, for most.
type badness struct {
	name  string
	after time.Duration
	start time.Time
}

func parseFault(spec string) (badness, error) {
	name, after, timed := strings.Cut(spec, ":")
	f := badness{name: name, start: time.Now()}
	if !slices.Contains([]string{"", crashes, neverReady, wrongPort, unhealthy, failsLater, diesLater, leaks}, name) {
		return f, fmt.Errorf("there is no fault %q", name)
	}
	if timed != (name == failsLater || name == diesLater) {
		return f, fmt.Errorf("fault %q: only those that come later have a duration", spec)
	}
	if !timed {
		return f, nil
	}
	var err error
	f.after, err = time.ParseDuration(after)
	return f, err
}

func (f badness) beforeListening() error {
	if f.name == crashes {
		return errors.New("this version crashes at its start")
	}
	return nil
}

func (f badness) address(given string) string {
	if f.name == wrongPort {
		return "127.0.0.1:0"
	}
	return given
}

// beforeReady starts what goes wrong later, or waits for ever.
func (f badness) beforeReady(ctx context.Context) error {
	switch f.name {
	case neverReady:
		<-ctx.Done()
		return ctx.Err()
	case diesLater:
		time.AfterFunc(f.after, func() { os.Exit(2) })
	case leaks:
		go leak(ctx)
	}
	return nil
}

func (f badness) healthy() bool {
	return f.name != unhealthy && (f.name != failsLater || time.Since(f.start) < f.after)
}

// maxLeak is where the leak stops, for the sake of the machine if nobody notices.
const maxLeak = 2 << 30

func leak(ctx context.Context) {
	const step = 64 << 20
	var kept [][]byte
	ticker := time.NewTicker(time.Second / 4)
	defer ticker.Stop()
	for len(kept) < maxLeak/step {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		block := make([]byte, step)
		for i := 0; i < len(block); i += 4096 {
			block[i] = byte(len(kept)) // only what is written is taken
		}
		kept = append(kept, block)
	}
	<-ctx.Done()
}
