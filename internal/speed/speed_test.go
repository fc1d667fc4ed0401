package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	s, err := parse([]string{"-targets", "linux/amd64,windows/arm64", "-budgets", "512", "-only", "memory"})
	require.NoError(t, err)
	assert.Len(t, s.targets, 2)
	assert.Equal(t, []int64{512 << 20}, s.budgets)
	for _, args := range [][]string{{"-targets", "x"}, {"-budgets", "x"}, {"-only", "x"}, {"-rounds", "0"}} {
		_, err := parse(args)
		assert.Error(t, err)
	}
}

func TestTableLinesUp(t *testing.T) {
	var text bytes.Buffer
	r := newReport(&text)
	r.begin("example.com/m@v1.0.0", "go1.26.8", 6)
	base := cost{cpu: 6500 * time.Millisecond, peak: 200 << 20}
	r.baseline("nothing changed", "go build, outputs removed before", base)
	r.compare("", "build package", cost{cpu: time.Second}, base, unchangedLimit)
	r.compare("", "build package", cost{cpu: 100 * time.Second}, base, unchangedLimit)
	r.memory("build package, budget 1536 MiB", base, 1536<<20)
	lines := strings.Split(text.String(), "\n")[2:]
	at := strings.Index(lines[0], "CPU s") + len("CPU s")
	for _, line := range lines[1 : len(lines)-1] {
		assert.Regexp(t, `\d\.\d\d$`, line[:at])
	}
	assert.Contains(t, lines[2], "holds")
	assert.Contains(t, lines[3], "MISSED")
}

func TestMemoryOfThisProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not measured on this system")
	}
	watch := watchMemory(os.Getpid())
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = 1
	}
	time.Sleep(3 * sampleInterval)
	assert.Greater(t, watch.stop(), int64(len(held)))
	runtime.KeepAlive(held)
}
