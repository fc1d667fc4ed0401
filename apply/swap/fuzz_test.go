package swap

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzPID reads PID files: what is accepted has one spelling.
func FuzzPID(f *testing.F) {
	for _, seed := range []string{"", "1", "2\n", "4194304\n", "007", "-3", "12 ", "99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pid, err := parsePID(text)
		if err == nil {
			assert.Greater(t, pid, 1)
			assert.Equal(t, strconv.Itoa(pid), strings.TrimSuffix(text, "\n"))
		}
	})
}

// FuzzStatus reads what systemctl prints: what is accepted says what it must, once.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{
		"", "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=7\nNRestarts=0\nCanReload=no\n",
		"LoadState=not-found\nActiveState=inactive\n", "MainPID=7\nMainPID=8\n", "MainPID=-1\n", "a=b=c\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStatus(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, s.load)
		require.NotEmpty(t, s.activity)
		assert.GreaterOrEqual(t, s.pid, 0)
		assert.GreaterOrEqual(t, s.restarts, 0)
		assert.Contains(t, "\n"+text, "\nActiveState="+s.activity)
		_, err = parseStatus(strings.TrimSuffix(text, "\n") + "\nActiveState=active\n")
		assert.Error(t, err, "twice")
	})
}
