package swap_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
)

func TestUnitNames(t *testing.T) {
	for _, name := range []string{"a.service", "payments@eu-1.service", `dev-sda\x2d1.service`, "a.b:c_d.service", strings.Repeat("x", 247) + ".service"} {
		_, err := swap.Systemd(name)
		assert.NoError(t, err, name)
	}
	for _, name := range []string{"", "payments", ".service", "payments.socket", "payments@.service", "@eu.service", "-h.service", "..service",
		"a b.service", "a;b.service", "a*.service", "../a.service", "a.service\n", "a\x00.service", "ä.service", strings.Repeat("x", 248) + ".service"} {
		_, err := swap.Systemd(name)
		require.ErrorContains(t, err, "is not the full name of a service", "%q", name)
		assert.Less(t, len(err.Error()), 1500)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("other paths are absolute, and there are no signals")
	}
	systemd := func(o ...swap.Option) error { _, err := swap.Systemd("a.service", o...); return err }
	command := func(o ...swap.Option) error { _, err := swap.Command([]string{"/bin/true"}, o...); return err }
	signal := func(o ...swap.Option) error { _, err := swap.Signal("/run/a.pid", "HUP", o...); return err }
	hot := func(o ...swap.Option) error { _, err := swap.Hotswap("/run/a.sock", o...); return err }
	argv := func(argv ...string) error { _, err := swap.Command(argv); return err }
	pidFile := func(path, name string) error { _, err := swap.Signal(path, name); return err }
	socket := func(path string) error { _, err := swap.Hotswap(path); return err }
	for _, test := range []struct {
		err  error
		want string
	}{
		{systemd(swap.WithTimeout(time.Second), swap.WithSystemctl("/bin/systemctl"), swap.WithUserManager(), swap.WithEnvironment("A=")), ""},
		{command(swap.WithPIDFile("/run/a.pid"), swap.WithReloadCommand("/bin/true", "a")), ""},
		{signal(swap.WithReloadSignal("SIGUSR1"), swap.WithExecutablesBelow("/srv"), swap.WithUntilGone()), ""},
		{hot(swap.WithSteps(hotswap.Step{Percent: 1, Pause: time.Second}, hotswap.Step{Percent: 100})), ""},
		{systemd(swap.WithTimeout(0)), "swap.Systemd: WithTimeout: 0s is not a time"},
		{systemd(swap.WithSystemctl("systemctl")), `swap.Systemd: WithSystemctl: "systemctl" is not an absolute path`},
		{systemd(swap.WithEnvironment("A")), `swap.Systemd: WithEnvironment: "A" is not KEY=VALUE`},
		{systemd(swap.WithEnvironment("A=\x00")), `is not KEY=VALUE`},
		{systemd(swap.WithPIDFile("/run/a.pid")), "swap.Systemd: WithPIDFile: only for Command"},
		{systemd(swap.WithReloadCommand("/bin/true")), "WithReloadCommand: only for Command"},
		{command(swap.WithPIDFile("a.pid")), `WithPIDFile: "a.pid" is not an absolute path`},
		{command(swap.WithReloadCommand()), "swap.Command: WithReloadCommand: no program"},
		{command(swap.WithReloadCommand("true")), `swap.Command: WithReloadCommand: program "true": not an absolute path`},
		{command(swap.WithSystemctl("/bin/systemctl")), "WithSystemctl: only for Systemd"},
		{command(swap.WithUserManager()), "WithUserManager: only for Systemd"},
		{command(swap.WithReloadSignal("HUP")), "WithReloadSignal: only for Signal"},
		{command(swap.WithExecutablesBelow("/srv")), "WithExecutablesBelow: only for Signal"},
		{command(swap.WithUntilGone()), "WithUntilGone: only for Signal"},
		{signal(swap.WithEnvironment("A=1")), "WithEnvironment: only for Systemd and Command"},
		{signal(swap.WithReloadSignal("KILL")), `swap.Signal: WithReloadSignal: signal "KILL": not one of HUP, TERM, USR1, USR2`},
		{signal(swap.WithExecutablesBelow("srv")), `WithExecutablesBelow: "srv" is not an absolute path`},
		{signal(swap.WithSteps()), "WithSteps: only for Hotswap"},
		{hot(swap.WithSteps(hotswap.Step{Percent: 101})), "WithSteps: step 1 must have 0 to 100 percent"},
		{hot(swap.WithSteps(hotswap.Step{}, hotswap.Step{Pause: -1})), "WithSteps: step 2 must have"},
		{hot(swap.WithSteps(make([]hotswap.Step, hotswap.MaxSteps+1)...)), "WithSteps: more than 32"},
		{argv(), "swap.Command: no program: name one by its absolute path"},
		{argv("true"), `swap.Command: program "true": not an absolute path`},
		{argv("/bin/true", "a\x00"), "a zero byte in an argument"},
		{pidFile("a.pid", "HUP"), `swap.Signal: "a.pid" is not an absolute path`},
		{pidFile("/a.pid", "9"), `swap.Signal: signal "9": not one of HUP, TERM, USR1, USR2`},
		{socket("a.sock"), `swap.Hotswap: "a.sock" is not an absolute path`},
	} {
		if test.want == "" {
			assert.NoError(t, test.err)
			continue
		}
		assert.ErrorContains(t, test.err, test.want)
	}
}

func TestNone(t *testing.T) {
	assert.NoError(t, swap.None().Swap(t.Context(), swap.Move{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, swap.None().Swap(ctx, swap.Move{}), context.Canceled)
}

// strategy is what all of them have.
type strategy interface {
	Swap(ctx context.Context, m swap.Move) error
	String() string
}

func TestStrategiesNameThemselves(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("other paths are absolute, and there are no signals")
	}
	unit, err := swap.Systemd("a.service")
	require.NoError(t, err)
	program, err := swap.Command([]string{"/bin/true", "-x"})
	require.NoError(t, err)
	file, err := swap.Signal("/run/a.pid", "TERM")
	require.NoError(t, err)
	hot, err := swap.Hotswap("/run/a.sock")
	require.NoError(t, err)
	for s, want := range map[strategy]string{
		unit: "systemd unit a.service", program: "command /bin/true", file: "signal terminated to the process in /run/a.pid",
		hot: "hotswap by /run/a.sock", swap.None(): "none: the service is restarted by others",
	} {
		assert.Equal(t, want, s.String())
	}
}
