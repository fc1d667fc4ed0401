package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
)

// TestCallersEnvironmentHasNoEffect builds in environments that would each
// change the bytes, or break the build, if they reached the go command.
func TestCallersEnvironmentHasNoEffect(t *testing.T) {
	keepCaches(t)
	dir := writeTree(t, hello)
	want := mustBuild(t, newBuilder(t, dir, ".")).Digest
	tests := map[string]map[string]string{
		"flags":         {"GOFLAGS": "-tags=x -ldflags=-w -gcflags=-N -race", "GOEXPERIMENT": "nospinbitmutex", "GODEBUG": "panicnil=1,gotypesalias=0"},
		"broken flags":  {"GOFLAGS": "--no-such-flag", "GOTOOLCHAIN": "go1.99.0", "GO111MODULE": "off", "GOPACKAGESDRIVER": "no-such-driver"},
		"env file":      {"GOENV": writeFile(t, "GOFLAGS=-gcflags=-N\nGOTOOLCHAIN=go1.99.0\nGOEXPERIMENT=none\nCGO_ENABLED=1\nGOAMD64=v3\n")},
		"config folder": {"XDG_CONFIG_HOME": configWith(t, "GOFLAGS=-gcflags=-N\nGOTOOLCHAIN=go1.99.0\n")},
		"C compiler":    {"CGO_ENABLED": "1", "CC": "no-such-compiler", "CGO_CFLAGS": "-O3", "CGO_LDFLAGS": "-x", "GOFIPS140": "latest"},
		"time and zone": {"TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "SOURCE_DATE_EPOCH": "1"},
		"folders": {
			"HOME": t.TempDir(), "USERPROFILE": t.TempDir(), "GOPATH": t.TempDir(), "GOROOT": t.TempDir(),
			"GOTMPDIR": t.TempDir(), "TMPDIR": t.TempDir(),
		},
		"target":    {"GOOS": "plan9", "GOARCH": "386", "GOAMD64": "v3", "GOARM64": "v9.0", "GO386": "softfloat"},
		"collector": {"GOGC": "1", "GOMEMLIMIT": "1MiB", "GOMAXPROCS": "1"},
	}
	for name, environ := range tests {
		t.Run(name, func(t *testing.T) {
			for key, value := range environ {
				t.Setenv(key, value)
			}
			assert.Equal(t, want, mustBuild(t, newBuilder(t, dir, ".")).Digest)
		})
	}
}

// keepCaches makes the places of Go's caches explicit, so that a test can
// change the folders that they follow from.
func keepCaches(t *testing.T) {
	for _, key := range []string{"GOCACHE", "GOMODCACHE"} {
		out, err := exec.CommandContext(t.Context(), "go", "env", key).Output()
		require.NoError(t, err)
		t.Setenv(key, strings.TrimSpace(string(out)))
	}
}

func writeFile(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func configWith(t *testing.T, text string) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "go"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go", "env"), []byte(text), 0o644))
	return dir
}

func TestWorkspaceAboveTheSourceIsIgnored(t *testing.T) {
	above := writeTree(t, "-- go.work --\ngo 1.26\nuse ./missing\n")
	dir := filepath.Join(above, "hello")
	require.NoError(t, os.CopyFS(dir, os.DirFS(writeTree(t, hello))))
	want := mustBuild(t, newBuilder(t, writeTree(t, hello), ".")).Digest
	assert.Equal(t, want, mustBuild(t, newBuilder(t, dir, ".")).Digest)
}

func TestFolderAndRepositoryHaveNoEffect(t *testing.T) {
	plain, repository := writeTree(t, hello), writeTree(t, hello)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = repository
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("git: %v: %s", err, out)
		}
	}
	want := mustBuild(t, newBuilder(t, plain, "."))
	assert.Equal(t, want.Digest, mustBuild(t, newBuilder(t, repository, ".")).Digest)
	assert.Equal(t, want.Digest, mustBuild(t, newBuilder(t, plain, "example.com/hello")).Digest)
	stamped := mustBuild(t, newBuilder(t, repository, ".", build.WithVCSStamp()))
	assert.NotEqual(t, want.Digest, stamped.Digest)
}

func TestNoGoCommand(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithEnviron([]string{"PATH=" + t.TempDir()}))
	_, err := b.Build(t.Context(), host())
	var missing *build.ToolchainError
	require.ErrorAs(t, err, &missing)
	assert.Empty(t, missing.Toolchain)
	assert.EqualError(t, missing, "no Go toolchain: go: command not found: install it or add its folder to PATH")
}

func TestToolchainThatDoesNotExist(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithToolchain("go1.99.0"), build.WithEnviron(append(os.Environ(), "GOPROXY=off")))
	_, err := b.Build(t.Context(), host())
	var missing *build.ToolchainError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "go1.99.0", missing.Toolchain)
	assert.ErrorContains(t, err, "toolchain go1.99.0 cannot be used: ")
	assert.NotContains(t, err.Error(), "\n")
}

func TestToolchainTooOldForTheModule(t *testing.T) {
	dir := writeTree(t, strings.Replace(hello, "go 1.26", "go 1.99", 1))
	b := newBuilder(t, dir, ".", build.WithToolchain(localToolchain(t)))
	_, err := b.Build(t.Context(), host())
	var old *build.ToolchainError
	require.ErrorAs(t, err, &old)
	assert.Equal(t, localToolchain(t), old.Toolchain)
	assert.ErrorContains(t, err, "go >= 1.99")
	assert.NotContains(t, err.Error(), "\n")
}

func TestToolchainOfAnExecutable(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	b := newBuilder(t, writeTree(t, hello), ".", build.WithToolchainOf(self))
	assert.Equal(t, localToolchain(t), mustBuild(t, b).Toolchain)
}

// localToolchain is the version of the go command that is installed, whatever
// go.mod of this module asks for.
func localToolchain(t *testing.T) string {
	cmd := exec.CommandContext(t.Context(), "go", "env", "GOVERSION")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	require.NoError(t, err)
	version, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return version
}
