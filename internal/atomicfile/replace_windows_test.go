package atomicfile_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// waitVariable makes this test's own program wait for the end of its input.
const waitVariable = "ATOMICFILE_TEST_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(waitVariable) != "" {
		os.Stdout.WriteString("runs\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// running starts a copy of this test's own program at path, and returns what ends it.
func running(t *testing.T, path string) (end func()) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o755))
	cmd := exec.CommandContext(t.Context(), path)
	cmd.Env = append(os.Environ(), waitVariable+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdout.Read(make([]byte, 1))
	require.NoError(t, err)
	return func() {
		require.NoError(t, stdin.Close())
		require.NoError(t, cmd.Wait())
	}
}

// A running executable is put aside, as often as one is, and removed when it has ended.
func TestRunningExecutableIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.exe")
	endFirst := running(t, path)
	require.Error(t, os.WriteFile(path, nil, 0o755), "it cannot be overwritten")
	require.Error(t, os.Remove(path), "nor removed")
	require.NoError(t, atomicfile.WriteFile(path, []byte("MZ second"), 0o755))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "MZ second", string(data))
	assert.Len(t, aside(t, path), 1)

	endSecond := running(t, path)
	require.NoError(t, atomicfile.WriteFile(path, []byte("third"), 0o755))
	assert.Len(t, aside(t, path), 2, "both still run")
	endFirst()
	endSecond()
	require.NoError(t, atomicfile.WriteFile(path, []byte("fourth"), 0o755))
	assertAlone(t, path)
}

func aside(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + ".*.replaced")
	require.NoError(t, err)
	return found
}

// What cannot be running is never put aside: a file that somebody holds open stays
// where it is, and the error says that it is in use.
func TestOpenFileIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	require.NoError(t, atomicfile.WriteFile(path, []byte("old"), 0o644))
	held, err := os.Open(path)
	require.NoError(t, err)
	err = atomicfile.WriteFile(path, []byte("new"), 0o644)
	assert.True(t, atomicfile.InUse(err), "%v", err)
	require.NoError(t, held.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
	assertAlone(t, path)
}

// A file that is held open for a moment is waited for.
func TestOpenFileIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	require.NoError(t, atomicfile.WriteFile(path, []byte("old"), 0o644))
	held, err := os.Open(path)
	require.NoError(t, err)
	written := make(chan error, 1)
	go func() {
		written <- atomicfile.Write(path, 0o644, func(w io.Writer) error {
			_, err := io.WriteString(w, "new")
			return err
		})
	}()
	require.Eventually(t, func() bool { return len(partial(path)) == 1 }, 10e9, 1e6, "the writer is at it")
	require.NoError(t, held.Close())
	require.NoError(t, <-written)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
}

func partial(path string) []string {
	found, _ := filepath.Glob(path + ".*.partial")
	return found
}

func TestReadOnlyFileIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, atomicfile.WriteFile(path, []byte("old"), 0o444))
	require.NoError(t, atomicfile.WriteFile(path, []byte("new"), 0o444))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	require.NoError(t, os.RemoveAll(filepath.Dir(path)))
}

func TestInUse(t *testing.T) {
	assert.True(t, atomicfile.InUse(&os.PathError{Err: windows.ERROR_SHARING_VIOLATION}))
	assert.False(t, atomicfile.InUse(&os.PathError{Err: windows.ERROR_FILE_NOT_FOUND}))
	assert.False(t, atomicfile.InUse(nil))
}
