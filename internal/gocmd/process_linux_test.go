package gocmd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// TestCancelEndsTheWholeTree runs a tool whose grandchildren ignore the
// interrupt and hold its output open.
func TestCancelEndsTheWholeTree(t *testing.T) {
	mark := "HOTFIX_TEST_TREE=" + filepath.Base(t.TempDir())
	mark += t.Name()
	c := shell(t, `(trap '' INT TERM; sh -c 'trap "" INT TERM; while :; do sleep 1; done' & while :; do sleep 1; done) & echo started >&2; wait`)
	c.Env = append(c.Env, mark)
	ctx, cancel := context.WithCancel(t.Context())
	c.OnLine = func(string) {
		time.AfterFunc(100*time.Millisecond, cancel)
	}
	start := time.Now()
	_, err := gocmd.Run(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "sh was stopped")
	assert.Less(t, time.Since(start), 3*gocmd.Grace)
	assert.Eventually(t, func() bool { return count(mark) == 0 }, 5*time.Second, 10*time.Millisecond)
}

// TestToolThatLeavesAProcess ends by itself, but what it left holds its output
// open: the run ends, and so does that process.
func TestToolThatLeavesAProcess(t *testing.T) {
	mark := "HOTFIX_TEST_LEFT=" + t.Name() + filepath.Base(t.TempDir())
	c := shell(t, `sleep 600 & echo done`)
	c.Env = append(c.Env, mark)
	result, err := gocmd.Run(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, "done\n", string(result.Stdout))
	assert.Eventually(t, func() bool { return count(mark) == 0 }, 5*time.Second, 10*time.Millisecond)
}

// count returns how many processes have a variable in their environment.
func count(variable string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	n := 0
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), variable) {
			n++
		}
	}
	return n
}
