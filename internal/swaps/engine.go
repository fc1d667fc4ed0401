package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/internal/releases"
)

// product is the service's name in releases.
const product = "service"

// engine is package apply: fixes come as signed releases, are installed in a store and
// started from there.
type engine struct {
	hot
	dir      string
	maker    *releases.Maker
	sequence int64
	times    map[journal.State]time.Time // of the last release
}

func newEngine(s *running, dir string) (keeper, error) {
	maker, err := releases.NewMaker(product)
	return &engine{hot: hot{running: s}, dir: dir, maker: maker, times: map[journal.State]time.Time{}}, err
}

func (e *engine) name() string { return "apply" }

// host returns a Host that applies with a strategy, and sees to it that checks hold.
func (e *engine) host(more ...apply.Option) (*apply.Host, error) {
	options := append([]apply.Option{
		apply.WithTrust(e.maker.Trust()),
		apply.WithObserver(func(event apply.Event) { e.times[event.State] = event.Time }),
	}, more...)
	return apply.New(filepath.Join(e.dir, "store"), options...)
}

// release makes a release of a version.
func (e *engine) release(ctx context.Context, b binary) (apply.Source, error) {
	e.sequence++
	dist := filepath.Join(e.dir, fmt.Sprintf("dist%d", e.sequence))
	_, err := e.maker.Make(ctx, dist, releases.Release{Product: product, ID: "fix-" + b.version, Version: b.version, Sequence: e.sequence, Executable: b.path})
	return apply.FromDist(dist), err
}

// begin installs a version while nothing runs, and starts what is installed.
func (e *engine) begin(ctx context.Context, good binary) error {
	src, err := e.release(ctx, good)
	if err != nil {
		return err
	}
	h, err := e.host(apply.WithSwapper(swap.None()), apply.WithSoak(0, checkEvery))
	if err != nil {
		return err
	}
	if _, err := h.Apply(ctx, src); err != nil {
		return err
	}
	v, err := h.Starting(ctx, product)
	if err != nil {
		return err
	}
	return e.start(ctx, binary{good.version, v.Path, good.digest})
}

func (e *engine) bring(ctx context.Context, fix binary, soak time.Duration) (string, time.Duration, error) {
	src, err := e.release(ctx, fix)
	if err != nil {
		return "", 0, err
	}
	h, err := e.careful(soak)
	if err != nil {
		return "", 0, err
	}
	clear(e.times)
	_, err = h.Apply(ctx, src)
	reverted := (*apply.RevertedError)(nil)
	switch {
	case err == nil:
		return "", 0, fmt.Errorf("version %s was well for %v", fix.version, soak)
	case !errors.As(err, &reverted) || reverted.After != nil:
		return "", 0, err
	}
	return e.noticed(reverted), e.served(), ctx.Err()
}

// careful returns a Host that watches a version for a while before it is confirmed.
func (e *engine) careful(soak time.Duration) (*apply.Host, error) {
	strategy, err := swap.Hotswap(e.control)
	if err != nil {
		return nil, err
	}
	address, err := health.HTTP("http://"+e.to.http+"/healthz", health.WithTimeout(healthLimit))
	if err != nil {
		return nil, err
	}
	return e.host(apply.WithSwapper(strategy), apply.WithChecks(address, wellness{e.to.http}),
		apply.WithWait(healthLimit), apply.WithSoak(soak, checkEvery), apply.WithConfirmWithin(confirmWithin))
}

func (e *engine) noticed(err *apply.RevertedError) string {
	text := upgradeReason(err.Err)
	return fmt.Sprintf("%s: %s", err.State, withoutNumbers(text))
}

// served is the time between the swap and the decision to go back.
func (e *engine) served() time.Duration {
	from, to := e.times[journal.Swapped], e.times[journal.Reverting]
	if from.IsZero() {
		return 0
	}
	return to.Sub(from)
}

// removeAll removes a folder although versions in a store may not be written to.
func removeAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}
