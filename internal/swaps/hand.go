package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
)

// hand is a keeper that uses the control socket and nothing else: it confirms a fix only
// after that was well for a while.
type hand struct{ hot }

func newHand(s *running, _ string) (keeper, error) {
	return &hand{hot{running: s, client: hotswap.NewClient(s.control)}}, nil
}

func (h *hand) name() string { return "control socket" }

func (h *hand) begin(ctx context.Context, good binary) error { return h.start(ctx, good) }

func (h *hand) bring(ctx context.Context, fix binary, soak time.Duration) (string, time.Duration, error) {
	_, err := h.client.Upgrade(ctx, hotswap.Upgrade{Path: fix.path, Digest: fix.digest, ConfirmWithin: confirmWithin})
	if err != nil {
		return upgradeReason(err), 0, ctx.Err()
	}
	begin := time.Now()
	wrong := watch(ctx, h.to.http, soak)
	served := time.Since(begin)
	if wrong == nil {
		return "", served, fmt.Errorf("version %s was well for %v", fix.version, soak)
	}
	err = h.client.Revert(ctx)
	if errors.Is(err, hotswap.ErrNoSuccessor) {
		err = nil // the old process noticed by itself that the other was gone
	}
	return wrong.Error(), served, err
}

func upgradeReason(err error) string {
	if u := (*hotswap.UpgradeError)(nil); errors.As(err, &u) {
		return u.Stage + ": " + u.Err.Error()
	}
	return err.Error()
}

// checkEvery is the time between two looks at a fix.
const checkEvery = 100 * time.Millisecond

// watch returns the first thing that is wrong with the service, or nil after a while. That
// another process answers is wrong, too.
func watch(ctx context.Context, addr string, soak time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, soak)
	defer cancel()
	first := 0
	for {
		pid, err := wellness{addr}.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case first != 0 && first != pid:
			return fmt.Errorf("%w: another process answers", errUnhealthy)
		}
		first = pid
		if pause(ctx, checkEvery) != nil {
			return nil
		}
	}
}
