//go:build linux

package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
)

// The test binary starts itself again with these to have a process to kill.
const (
	victimSource = "HOTFIX_TEST_VICTIM_SOURCE"
	victimOutput = "HOTFIX_TEST_VICTIM_OUTPUT"
)

// TestVictim builds in the process that TestKilledBuild kills.
func TestVictim(t *testing.T) {
	source := os.Getenv(victimSource)
	if source == "" {
		t.Skip("is run by TestKilledBuild")
	}
	b, err := build.New(source, ".", build.WithOutput(os.Getenv(victimOutput)))
	require.NoError(t, err)
	_, err = b.Build(t.Context(), host())
	require.NoError(t, err)
}

func TestKilledBuild(t *testing.T) {
	dir, output := writeTree(t, hello), t.TempDir()
	b := newBuilder(t, dir, ".", build.WithOutput(output))
	artifact := mustBuild(t, b)
	writeSlow(t, dir)

	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimSource+"="+dir, victimOutput+"="+output)
	require.NoError(t, victim.Start())
	waitForTool(t.Context(), output, "compile")
	require.NoError(t, victim.Process.Kill())
	_ = victim.Wait()
	requireRecorded(t, artifact)
	left, err := filepath.Glob(filepath.Join(output, "*", ".work-*"))
	require.NoError(t, err)
	require.NotEmpty(t, left, "the victim was killed too early or too late")
	killTools(t, output)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(2) }\n"), 0o644))
	requireRecorded(t, mustBuild(t, b))
	requireNoWork(t, output)
}

// killTools ends what a killed build left running: processes with a file or
// folder of the output in their command line or as their working folder.
func killTools(t *testing.T, output string) {
	require.Eventually(t, func() bool {
		files, _ := filepath.Glob("/proc/[0-9]*/environ")
		running := 0
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(data), "GOTMPDIR="+output) {
				continue
			}
			running++
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		return running == 0
	}, 10*time.Second, 20*time.Millisecond)
}

// TestFullDisk builds into a file system that is too small.
func TestFullDisk(t *testing.T) {
	output := mountSmall(t)
	dir := writeTree(t, hello)
	b := newBuilder(t, dir, ".", build.WithOutput(output))
	artifact := mustBuild(t, b)

	filler := filepath.Join(output, "filler")
	fill(t, filler)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(3) }\n"), 0o644))
	_, err := b.Build(t.Context(), host())
	require.ErrorIs(t, err, build.ErrDiskFull)
	assert.ErrorContains(t, err, "free some space")
	assert.NotContains(t, err.Error(), "\n")
	requireRecorded(t, artifact)
	requireNoWork(t, output)

	require.NoError(t, os.Remove(filler))
	requireRecorded(t, mustBuild(t, b))
}

// mountSmall mounts a file system that has room for a few small executables.
func mountSmall(t *testing.T) string {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

func fill(t *testing.T, path string) {
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}

func TestReadOnlyFileSystem(t *testing.T) {
	output := t.TempDir()
	if err := syscall.Mount("tmpfs", output, "tmpfs", syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("mounting a read-only file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(output, 0)) })
	_, err := newBuilder(t, writeTree(t, hello), ".", build.WithOutput(output)).Build(t.Context(), host())
	require.ErrorIs(t, err, syscall.EROFS)
	assert.ErrorContains(t, err, "WithOutput")
	assert.NotContains(t, err.Error(), "\n")
}
