package swap_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
)

func command(t *testing.T, script string, opts ...swap.Option) *swap.Program {
	t.Helper()
	c, err := swap.Command([]string{"/bin/sh", "-c", script}, opts...)
	require.NoError(t, err)
	return c
}

func TestCommand(t *testing.T) {
	m, out := move(t), filepath.Join(t.TempDir(), "env")
	m.ConfirmWithin = 30 * time.Second
	t.Setenv("SECRET", "of this process")
	c := command(t, `env | grep -v '^_=' >"$OUT"`, swap.WithEnvironment("OUT="+out),
		swap.WithReloadCommand("/bin/sh", "-c", `echo "$HOTFIX_ACTION" >"$OUT"`))
	require.NoError(t, c.Swap(t.Context(), m))
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"HOTFIX_ACTION=swap", "HOTFIX_PRODUCT=payments", "HOTFIX_FROM=1.0.1", "HOTFIX_TO=1.0.2",
		"HOTFIX_FROM_DIGEST=" + m.From.Digest.String(), "HOTFIX_DIGEST=" + m.To.Digest.String(),
		"HOTFIX_FROM_PATH=" + m.From.Path, "HOTFIX_PATH=" + m.To.Path, "HOTFIX_DIR=" + m.To.Dir, "HOTFIX_LINK=" + m.To.Link,
		"HOTFIX_CONFIRM_WITHIN=30s", "OUT=" + out,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PWD=" + os.TempDir(),
	}, strings.Split(strings.TrimSpace(string(data)), "\n"))

	require.NoError(t, c.Reload(t.Context(), m))
	data, err = os.ReadFile(out)
	require.NoError(t, err)
	assert.Equal(t, "reload\n", string(data))
}

func TestCommandOfFirstVersion(t *testing.T) {
	m := move(t)
	m.From = swap.Version{}
	assert.NoError(t, command(t, `test "$HOTFIX_FROM$HOTFIX_FROM_DIGEST$HOTFIX_FROM_PATH$HOTFIX_CONFIRM_WITHIN" = ""`).Swap(t.Context(), m))
}

func TestCommandFails(t *testing.T) {
	m := move(t)
	c := command(t, "head -c 200000 /dev/zero | tr '\\0' x; echo; echo no such region >&2; exit 3")
	err := c.Swap(t.Context(), m)
	require.ErrorIs(t, err, swap.ErrUnclear)
	assert.ErrorContains(t, err, "swapping payments to version 1.0.2 by command: sh failed: exit status 3: ")
	assert.Less(t, len(err.Error()), 2000)
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Len(t, exit.Stderr, 64<<10)

	_, err = c.Running(t.Context(), m.Product)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorIs(t, c.Reload(t.Context(), m), errors.ErrUnsupported)
	reload := command(t, "", swap.WithReloadCommand("/bin/sh", "-c", "echo bad configuration; exit 1"))
	assert.ErrorContains(t, reload.Reload(t.Context(), m), "exit status 1: bad configuration")
}

func TestCommandThatIsMissing(t *testing.T) {
	c, err := swap.Command([]string{"/no/such/program"})
	require.NoError(t, err)
	err = c.Swap(t.Context(), move(t))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorIs(t, err, swap.ErrUnclear, "nothing was begun")
}

func TestCommandTakesTooLong(t *testing.T) {
	c := command(t, "echo waiting; sleep 600", swap.WithTimeout(200*time.Millisecond))
	begun := time.Now()
	err := c.Swap(t.Context(), move(t))
	require.ErrorIs(t, err, swap.ErrUnclear)
	assert.ErrorContains(t, err, "sh stopped: it took longer than 200ms: context deadline exceeded: waiting")
	assert.Less(t, time.Since(begun), 20*time.Second)
}

// A service that was started carelessly would die of its first line of output, later
// and unseen.
func TestCommandLeavesAProcess(t *testing.T) {
	err := command(t, "sleep 600 & true").Swap(t.Context(), move(t))
	require.ErrorIs(t, err, swap.ErrUnclear)
	assert.ErrorContains(t, err, "start what shall live on with setsid")
	assert.NoError(t, command(t, "sleep 1 >/dev/null 2>&1 & true").Swap(t.Context(), move(t)))
}

// With a PID file, what a command says is compared with what runs.
func TestCommandWithPIDFile(t *testing.T) {
	m := move(t)
	for _, test := range []struct {
		name, script string
		becomes      swap.Version
		want         string
		unclear      bool
	}{
		{"does it", `cp "$NEW" "$PID"`, m.To, "", false},
		{"does it soon", `(sleep 0.1; cp "$NEW" "$PID") >/dev/null 2>&1 &`, m.To, "", false},
		{"does nothing", `true`, m.To, "ended well, but was not seen in time", false},
		{"fails before", `exit 1`, m.To, "exit status 1", false},
		{"fails after", `cp "$NEW" "$PID"; exit 1`, m.To, "exit status 1", true},
		{"kills it", `rm "$PID"`, m.To, "ended well, but was not seen in time", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, other := t.TempDir(), t.TempDir()
			start(t, dir, "wait", m.From, m.To)
			start(t, other, "wait", test.becomes, m.From)
			limit := swap.DefaultTimeout
			if strings.Contains(test.want, "not seen in time") {
				limit = time.Second
			}
			c := command(t, test.script, swap.WithTimeout(limit), swap.WithPIDFile(filepath.Join(dir, "pid")),
				swap.WithEnvironment("PID="+filepath.Join(dir, "pid"), "NEW="+filepath.Join(other, "pid")))
			err := c.Swap(t.Context(), m)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, test.unclear, errors.Is(err, swap.ErrUnclear))
		})
	}
}

func TestCommandIsNotRepeated(t *testing.T) {
	m, dir := move(t), t.TempDir()
	p := start(t, dir, "wait", m.To, m.From)
	c := command(t, "exit 1", swap.WithPIDFile(filepath.Join(dir, "pid")))
	require.NoError(t, c.Swap(t.Context(), m))
	now, err := c.Running(t.Context(), m.Product)
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(p.pid()), strconv.Itoa(now.PID))

	m.From.Digest = m.To.Digest // other configuration of the same executable
	assert.Error(t, c.Swap(t.Context(), m))
}
