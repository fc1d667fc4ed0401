package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// hello is the smallest program with a variable to set.
const hello = `
-- go.mod --
module example.com/hello

go 1.26
-- main.go --
package main

var version = "dev"

func main() { println(version) }
`

// writeTree writes the files of a txtar archive into a new folder.
func writeTree(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, f.Data, 0o644))
	}
	return dir
}

// newBuilder returns a Builder with an output folder of its own.
func newBuilder(t testing.TB, dir, pkg string, opts ...build.Option) *build.Builder {
	t.Helper()
	b, err := build.New(dir, pkg, append([]build.Option{build.WithOutput(t.TempDir())}, opts...)...)
	require.NoError(t, err)
	return b
}

// mustBuild builds for the host.
func mustBuild(t testing.TB, b *build.Builder) *build.Artifact {
	t.Helper()
	artifact, err := b.Build(t.Context(), host())
	require.NoError(t, err)
	return artifact
}

func host() target.Target {
	return target.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}.Port()
}

// skipHeavy skips a test that compiles more than a few packages.
func skipHeavy(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds more than a few packages")
	}
}

func onUnix() bool { return runtime.GOOS != "windows" && runtime.GOOS != "plan9" }

// requireNoWork requires that no temporary folder of a build is left.
func requireNoWork(t testing.TB, output string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(output, "*", ".work-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// withVariables is the process's environment with variables added.
func withVariables(variables ...string) []string { return append(os.Environ(), variables...) }

// onlyVariables is the process's environment without any others.
func onlyVariables(keys ...string) []string {
	var environ []string
	for _, key := range keys {
		environ = append(environ, key+"="+os.Getenv(key))
	}
	return environ
}

// slowFunction is the source of a function that keeps the compiler busy.
func slowFunction(i int) string {
	body := strings.Repeat("\tx = x*31 + x/7 ^ x<<3\n\tif x%5 == 2 {\n\t\tx -= 11\n\t}\n", 40)
	return fmt.Sprintf("func f%d(x int) int {\n%s\treturn f%d(x)\n}\n", i, body, i+1)
}
