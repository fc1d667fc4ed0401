package swap_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
)

func TestParse(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "restart")
	for text, want := range map[string]string{
		"none":                         "none",
		"hotswap:" + dir + "/s":        "hotswap",
		"systemd:payments.service":     "systemd unit payments.service",
		"signal:HUP:" + dir + "/pid":   "signal hangup",
		"command:" + program + " a  b": "command " + program,
	} {
		if runtime.GOOS == "windows" && strings.HasPrefix(text, "signal:") {
			_, err := swap.Parse(text)
			assert.ErrorContains(t, err, "of this system")
			continue // there are none
		}
		s, err := swap.Parse(text)
		require.NoError(t, err, text)
		assert.Contains(t, s.String(), want)
	}
	for _, text := range []string{"", "none:x", "restart", "hotswap:", "systemd:", "systemd:../x", "signal:HUP", "signal:KILLALL:" + dir, "command:", "command:relative"} {
		s, err := swap.Parse(text)
		assert.Error(t, err, text)
		assert.Nil(t, s, text)
	}
	_, err := swap.Parse("restart")
	assert.ErrorIs(t, err, swap.ErrSyntax)
}
