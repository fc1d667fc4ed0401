package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// runMain makes the test binary behave as the command.
const runMain = "CUSTOMPIPELINE_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), runMain+"=1", "COSIGN_PASSWORD=a good password")
	cmd.Env = append(cmd.Env, ownCache(t)...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	err = cmd.Run()
	return out.String(), errors.String(), err
}

// ownCache keeps executables out of the user's cache, but not what go compiles.
func ownCache(t *testing.T) []string {
	t.Helper()
	goCache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	dir := t.TempDir()
	return []string{"XDG_CACHE_HOME=" + dir, "LocalAppData=" + dir, "GOCACHE=" + strings.TrimSpace(string(goCache))}
}

func TestDistVerifies(t *testing.T) {
	dir := t.TempDir()
	private, public, err := sign.GenerateKeyPair([]byte("a good password"))
	require.NoError(t, err)
	write(t, filepath.Join(dir, "cosign.key"), private)
	write(t, filepath.Join(dir, "app", "go.mod"), []byte("module example.com/app\n\ngo 1.24\n"))
	write(t, filepath.Join(dir, "app", "main.go"), []byte("package main\n\nfunc main() {}\n"))
	dist := filepath.Join(dir, "dist")
	args := []string{"-src", filepath.Join(dir, "app"), "-key", filepath.Join(dir, "cosign.key"), "-out", dist, "-version", "v1.0.1", "-targets", "linux/amd64,windows/amd64"}

	stdout, stderr, err := command(t, args...)
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "hotfix app-v1.0.1 of app")
	key, err := verify.ParsePublicKey(public)
	require.NoError(t, err)
	verifier, err := verify.New(verify.WithKeys(key))
	require.NoError(t, err)
	result, err := hotfix.VerifyDist(t.Context(), dist, verifier)
	require.NoError(t, err, "the root package reads what the parts wrote")
	assert.Len(t, result.Release.Packages, 2)

	_, stderr, err = command(t, args...)
	require.Error(t, err, "the folder exists by now")
	assert.Contains(t, stderr, "custompipeline: mkdir")
}

func TestMainIsShort(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.Less(t, bytes.Count(source, []byte("\n")), 60)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o600))
}
