package tests_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/tests"
)

// TestCancel stops a comparison while a test runs that never ends.
func TestCancel(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests")
	}
	t.Parallel()
	const hangs = "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
		"func TestHangs(t *testing.T) {\n\tos.WriteFile(os.Getenv(\"OUTSIDE\"), nil, 0o666)\n\tselect {}\n}\n"
	base, fix := sides(t, "-- go.mod --\nmodule m\n\ngo 1.24\n-- a_test.go --\n"+hangs, "-- a_test.go --\n"+hangs+"// more\n")
	mark := filepath.Join(t.TempDir(), "runs")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(mark); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, err := tests.Compare(ctx, base, fix, planner, tests.WithEnviron("OUTSIDE="+mark))
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "running the tests of the base")
	require.FileExists(t, mark)
	assert.Eventually(t, func() bool { return running("OUTSIDE="+mark) == 0 }, 10*time.Second, 10*time.Millisecond)
}

// running returns how many processes have a variable in their environment.
func running(variable string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	n := 0
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), variable) {
			n++
		}
	}
	return n
}
