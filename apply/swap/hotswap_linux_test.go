package swap_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
)

// hotService starts the first version as a service of package hotswap.
func hotService(t *testing.T, behaviour string, m swap.Move, opts ...swap.Option) (*swap.Handover, *service) {
	t.Helper()
	dir, err := os.MkdirTemp("", "swap") // the names of sockets are short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h, err := swap.Hotswap(filepath.Join(dir, "control"), opts...)
	require.NoError(t, err)
	s := start(t, dir, behaviour, m.From, m.To)
	t.Cleanup(func() {
		if now, err := h.Running(t.Context(), m.Product); err == nil && now.PID != s.pid() {
			_ = syscall.Kill(now.PID, syscall.SIGKILL)
		}
	})
	return h, s
}

func running(t *testing.T, h *swap.Handover) swap.Process {
	t.Helper()
	now, err := h.Running(t.Context(), "payments")
	require.NoError(t, err)
	return now
}

func TestHotswap(t *testing.T) {
	m := move(t)
	m.ConfirmWithin = time.Minute
	h, old := hotService(t, "hotswap", m, swap.WithSteps(hotswap.Step{Percent: 10, Pause: time.Millisecond}))
	first := running(t, h)
	assert.Equal(t, swap.Process{PID: old.pid(), Path: m.From.Path, Digest: m.From.Digest, State: "serving"}, first)

	require.NoError(t, h.Swap(t.Context(), m))
	standby := running(t, h)
	assert.Equal(t, m.To.Digest, standby.Digest)
	assert.Equal(t, m.To.Path, standby.Path)
	assert.Equal(t, "standby", standby.State)
	require.NoError(t, h.Swap(t.Context(), m), "what was begun is finished")
	assert.Equal(t, standby, running(t, h))

	require.NoError(t, h.Revert(t.Context(), m))
	assert.Equal(t, first, running(t, h))
	assert.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NoError(c, h.Revert(t.Context(), m), "and again")
	}, 10*time.Second, 10*time.Millisecond)
	assert.ErrorContains(t, h.Settle(t.Context(), m), "the upgrade was taken back before it was confirmed")

	require.NoError(t, h.Swap(t.Context(), m))
	require.NoError(t, h.Settle(t.Context(), m))
	require.NoError(t, h.Settle(t.Context(), m), "and again")
	require.NoError(t, old.wait())
	last := running(t, h)
	assert.Equal(t, m.To.Digest, last.Digest)
	assert.Equal(t, "serving", last.State)
	assert.ErrorContains(t, h.Revert(t.Context(), m), "the old process has gone")
}

func TestHotswapAtOnce(t *testing.T) {
	m := move(t)
	h, old := hotService(t, "hotswap", m)
	require.NoError(t, h.Swap(t.Context(), m))
	require.NoError(t, old.wait())
	assert.Equal(t, m.To.Digest, running(t, h).Digest)
	require.NoError(t, h.Swap(t.Context(), m), "what was done is not done again")
	require.NoError(t, h.Settle(t.Context(), m))
}

func TestHotswapThatIsNeverReady(t *testing.T) {
	m := move(t)
	h, old := hotService(t, "never ready", m)
	err := h.Swap(t.Context(), m)
	require.ErrorIs(t, err, hotswap.ErrNeverReady)
	assert.NotErrorIs(t, err, swap.ErrUnclear)
	var failed *hotswap.UpgradeError
	assert.ErrorAs(t, err, &failed)
	assert.Equal(t, old.pid(), running(t, h).PID)
}

// The caller's time is up before the successor is ready: the upgrade is taken back.
func TestHotswapTakesTooLong(t *testing.T) {
	m := move(t)
	h, old := hotService(t, "hotswap", m, swap.WithTimeout(5*time.Second), swap.WithSteps(hotswap.Step{Percent: 1, Pause: time.Minute}))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := h.Swap(ctx, m)
	require.ErrorIs(t, err, ctx.Err())
	assert.NotErrorIs(t, err, swap.ErrUnclear)
	assert.Equal(t, old.pid(), running(t, h).PID)
}

func TestHotswapOfAnotherFile(t *testing.T) {
	m := move(t)
	h, old := hotService(t, "hotswap", m)
	m.To.Digest[0]++
	err := h.Swap(t.Context(), m)
	require.ErrorIs(t, err, hotswap.ErrDigest)
	assert.NotErrorIs(t, err, swap.ErrUnclear)
	m.To = swap.Version{Version: "1.0.3"}
	assert.ErrorContains(t, h.Swap(t.Context(), m), "version 1.0.3 has no executable to start")
	assert.Equal(t, old.pid(), running(t, h).PID)
}

func TestHotswapWithoutService(t *testing.T) {
	h, err := swap.Hotswap(filepath.Join(t.TempDir(), "control"))
	require.NoError(t, err)
	_, err = h.Running(t.Context(), "payments")
	require.ErrorIs(t, err, swap.ErrNotRunning)
	err = h.Swap(t.Context(), move(t))
	require.ErrorIs(t, err, swap.ErrNotRunning)
	assert.NotErrorIs(t, err, swap.ErrUnclear)
}
