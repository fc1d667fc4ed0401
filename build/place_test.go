package build_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestUnchangedIsNotLinkedAgain(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".")
	first := mustBuild(t, b)
	assert.False(t, first.Cached)
	second := mustBuild(t, b)
	assert.True(t, second.Cached)
	assert.Equal(t, first.Digest, second.Digest)
	assert.Equal(t, digestOf(t, first.Path), first.Digest)
	assert.Equal(t, first.Size, second.Size)
	if runtime.GOOS == "linux" {
		assert.Positive(t, first.CPU)
		assert.Positive(t, first.Peak)
	}
}

func TestChangedSourceIsBuiltAgain(t *testing.T) {
	dir := writeTree(t, hello)
	b := newBuilder(t, dir, ".")
	first := mustBuild(t, b)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(1) }\n"), 0o644))
	second := mustBuild(t, b)
	assert.False(t, second.Cached)
	assert.NotEqual(t, first.Digest, second.Digest)
}

// TestAlteredOutputIsLinkedAgain covers what the go command takes for up to
// date: it reads the build id of an output and nothing else.
func TestAlteredOutputIsLinkedAgain(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".")
	artifact := mustBuild(t, b)
	alterations := map[string]func(t *testing.T){
		"byte in the middle": func(t *testing.T) { flip(t, artifact.Path, artifact.Size/2) },
		"record":             func(t *testing.T) { flip(t, artifact.Path+".sha256", 0) },
		"both": func(t *testing.T) {
			flip(t, artifact.Path, artifact.Size/2)
			require.NoError(t, os.Remove(artifact.Path+".sha256"))
		},
		"cut short": func(t *testing.T) { require.NoError(t, os.Truncate(artifact.Path, artifact.Size/2)) },
		"removed":   func(t *testing.T) { require.NoError(t, os.Remove(artifact.Path)) },
		"replaced by a link": func(t *testing.T) {
			if !onUnix() {
				t.Skip("links need a privilege")
			}
			other := writeFile(t, "other")
			require.NoError(t, os.Remove(artifact.Path))
			require.NoError(t, os.Symlink(other, artifact.Path))
			t.Cleanup(func() {
				data, err := os.ReadFile(other)
				assert.NoError(t, err)
				assert.Equal(t, "other", string(data), "the build wrote through a link")
			})
		},
	}
	for name, alter := range alterations {
		t.Run(name, func(t *testing.T) {
			alter(t)
			again := mustBuild(t, b)
			assert.False(t, again.Cached)
			assert.Equal(t, artifact.Digest, again.Digest)
			assert.Equal(t, artifact.Digest, digestOf(t, artifact.Path))
			assert.True(t, mustBuild(t, b).Cached)
		})
	}
}

func flip(t *testing.T, path string, at int64) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[at] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o755))
}

func digestOf(t *testing.T, path string) manifest.Digest {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	digest, _, err := manifest.DigestReader(f)
	require.NoError(t, err)
	return digest
}

// requireRecorded requires that an artifact is as it was and fits its record.
func requireRecorded(t *testing.T, a *build.Artifact) {
	t.Helper()
	require.Equal(t, a.Digest, digestOf(t, a.Path))
	record, err := os.ReadFile(a.Path + ".sha256")
	require.NoError(t, err)
	require.Equal(t, a.Digest.Hex()+"  "+filepath.Base(a.Path)+"\n", string(record))
}

func TestKeptExecutableIsMadeExecutable(t *testing.T) {
	if !onUnix() {
		t.Skip("no permission bits")
	}
	b := newBuilder(t, writeTree(t, hello), ".")
	artifact := mustBuild(t, b)
	require.NoError(t, os.Chmod(artifact.Path, 0o600))
	assert.True(t, mustBuild(t, b).Cached)
	info, err := os.Stat(artifact.Path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}

func TestFailedBuildKeepsTheEarlierExecutable(t *testing.T) {
	dir, output := writeTree(t, hello), t.TempDir()
	b := newBuilder(t, dir, ".", build.WithOutput(output))
	artifact := mustBuild(t, b)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { x }\n"), 0o644))
	_, err := b.Build(t.Context(), host())
	require.Error(t, err)
	requireRecorded(t, artifact)
	requireNoWork(t, output)
}

// TestBuildsOfOneTargetTakeTurns runs Builders that know nothing of each other.
func TestBuildsOfOneTargetTakeTurns(t *testing.T) {
	dir, output := writeTree(t, hello), t.TempDir()
	var group sync.WaitGroup
	digests := make([]manifest.Digest, 4)
	for i := range digests {
		b := newBuilder(t, dir, ".", build.WithOutput(output))
		group.Go(func() {
			artifact, err := b.Build(t.Context(), host())
			if assert.NoError(t, err) {
				digests[i] = artifact.Digest
			}
		})
	}
	group.Wait()
	for _, digest := range digests {
		assert.Equal(t, digests[0], digest)
	}
	requireNoWork(t, output)
}

func TestCancelledBeforeItBegins(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the operator pressed stop")
	cancel(reason)
	_, err := newBuilder(t, writeTree(t, hello), ".").Build(ctx, host())
	assert.ErrorIs(t, err, reason)
}

func TestCancelledInTheMiddleOfACompile(t *testing.T) {
	dir, output := writeTree(t, hello), t.TempDir()
	b := newBuilder(t, dir, ".", build.WithOutput(output))
	artifact := mustBuild(t, b)
	writeSlow(t, dir)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		waitForTool(ctx, output, "compile")
		cancel()
	}()
	start := time.Now()
	_, err := b.Build(ctx, host())
	require.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, err.Error(), "\n")
	t.Logf("stopped after %v", time.Since(start))
	requireRecorded(t, artifact)
	requireNoWork(t, output)
	assert.Eventually(t, func() bool { return len(toolsIn(output)) == 0 }, 5*time.Second, 20*time.Millisecond, "tools still run: %v", toolsIn(output))
}

// writeSlow replaces the program by one that takes the compiler many seconds.
// It is never compiled to the end, so that no cache holds it.
func writeSlow(t *testing.T, dir string) {
	var text strings.Builder
	text.WriteString("package main\n\nfunc main() { println(f0(1)) }\n")
	for i := range 3000 {
		text.WriteString(slowFunction(i))
	}
	text.WriteString("func f3000(x int) int { return x }\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(text.String()), 0o644))
}

// toolsIn returns the command lines of the running processes that name a
// folder, where the system lists them under /proc.
func toolsIn(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(data), dir) {
			found = append(found, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

// waitForTool waits until a tool of a build in dir runs; where processes are
// not listed, for a while.
func waitForTool(ctx context.Context, dir, name string) {
	patience, cancel := context.WithTimeout(ctx, 20*time.Second)
	if runtime.GOOS != "linux" {
		patience, cancel = context.WithTimeout(ctx, 2*time.Second)
	}
	defer cancel()
	for patience.Err() == nil {
		for _, line := range toolsIn(dir) {
			if strings.Contains(line, "/"+name+" ") && strings.Contains(line, "_pkg_.a") {
				time.Sleep(100 * time.Millisecond)
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}
