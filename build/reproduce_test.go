package build_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
)

// stamped is a program with a variable for its revision, in a package of its
// own.
const stamped = `
-- go.mod --
module example.com/stamped

go 1.24
-- cmd/stamped/main.go --
package main

import "example.com/stamped/internal/about"

func main() { println(about.Text()) }
-- internal/about/about.go --
package about

var (
	commit    string
	unrelated = "unrelated"
)

func Text() string { return commit + unrelated }
`

// publish builds a program as its author would, with flags of the go command.
func publish(t testing.TB, dir, pkg string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), host().Executable("published"))
	run(t, dir, "go", append(append([]string{"build"}, flags...), "-o", out, pkg)...)
	return out
}

func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = withVariables("GOFLAGS=", "GOENV=off", "GOWORK=off", "CGO_ENABLED=0", "GOPROXY=off", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// repository makes a folder a git repository with one commit, which it returns.
func repository(t testing.TB, dir string, tags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	run(t, dir, "git", "init", "--quiet", ".")
	run(t, dir, "git", "add", "--all")
	run(t, dir, "git", "commit", "--quiet", "-m", "first")
	for _, tag := range tags {
		run(t, dir, "git", "tag", tag)
	}
	return run(t, dir, "git", "rev-parse", "HEAD")
}

// reproduce rebuilds without a network.
func reproduce(t testing.TB, file string, opts ...build.ReproduceOption) *build.Reproduction {
	t.Helper()
	offline := build.WithBuildOptions(build.WithEnviron(withVariables("GOPROXY=off")))
	r, err := build.Reproduce(t.Context(), file, append([]build.ReproduceOption{offline}, opts...)...)
	require.NoError(t, err)
	return r
}

func TestReproduceTriesLdflags(t *testing.T) {
	dir := writeTree(t, hello)
	for _, test := range []struct {
		ldflags  string
		attempts int
	}{
		{"", 1}, {"-w", 1}, {"-s -w", 1}, {"-s", 2}, {"-w -s", 3}, {"-s -w -buildid=", 1},
		{"-w -X 'main.version=read from the symbols'", 1},
	} {
		t.Run(test.ldflags, func(t *testing.T) {
			if strings.Contains(test.ldflags, "-X") && !isELF() {
				t.Skip("the symbols of other formats have no sizes")
			}
			file := publish(t, dir, ".", "-trimpath", "-buildvcs=false", "-ldflags="+test.ldflags)
			r := reproduce(t, file, build.WithSource(dir))
			require.Equal(t, build.Identical, r.Verdict, r)
			assert.True(t, r.Identical)
			assert.Len(t, r.Tried, test.attempts)
			assert.Equal(t, r.Digest, r.Rebuilt)
			assert.Empty(t, r.Differences)
			assert.NoError(t, r.Err())
		})
	}
}

func isELF() bool { return onUnix() && host().OS != "darwin" }

func TestReproduceFindsVariable(t *testing.T) {
	dir := writeTree(t, stamped)
	commit := repository(t, dir, "v1.2.3")
	file := publish(t, dir, "./cmd/stamped", "-trimpath", "-ldflags=-s -w -X example.com/stamped/internal/about.commit="+commit[:7])

	r := reproduce(t, file, build.WithSource(dir))
	require.Equal(t, build.Identical, r.Verdict, r)
	assert.Len(t, r.Tried, 2)
	assert.Empty(t, r.Caveats, "the repository has the revision")

	copied := writeTree(t, stamped)
	r = reproduce(t, file, build.WithSource(copied))
	require.Equal(t, build.Identical, r.Verdict, r)
	require.Len(t, r.Caveats, 1)
	assert.Contains(t, r.Caveats[0], "taken from the file")
	_, err := os.Stat(filepath.Join(copied, ".git"))
	assert.ErrorIs(t, err, os.ErrNotExist, "the source is not changed")
}

// TestReproduceStamps rebuilds the version that the go command derives from a
// repository, from the files alone.
func TestReproduceStamps(t *testing.T) {
	plain := writeTree(t, stamped)
	for name, prepare := range map[string]func(dir string){
		"no tag": func(string) {},
		"tag":    func(dir string) { run(t, dir, "git", "tag", "v1.2.3") },
		"after a tag": func(dir string) {
			run(t, dir, "git", "tag", "v1.2.3")
			run(t, dir, "git", "commit", "--quiet", "--allow-empty", "-m", "second")
		},
		"modified": func(dir string) { require.NoError(t, os.WriteFile(filepath.Join(dir, "new.txt"), nil, 0o644)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeTree(t, stamped)
			repository(t, dir)
			prepare(dir)
			file := publish(t, dir, "./cmd/stamped", "-trimpath", "-ldflags=-s -w")
			r := reproduce(t, file, build.WithSource(plain))
			assert.Equal(t, build.Identical, r.Verdict, r)
			assert.NotEmpty(t, r.Caveats)
		})
	}
}

func TestReproduceInPlace(t *testing.T) {
	dir := writeTree(t, hello)
	file := publish(t, dir, ".", "-buildvcs=false", "-ldflags=-X main.version=2")
	r := reproduce(t, file, build.WithSource(dir))
	assert.Equal(t, build.Identical, r.Verdict, r)

	elsewhere := writeTree(t, hello)
	r = reproduce(t, file, build.WithSource(elsewhere))
	require.NotEqual(t, build.Identical, r.Verdict)
	assert.Contains(t, r.String(), "-trimpath")
}

func TestReproduceRecordedFolders(t *testing.T) {
	if !onUnix() {
		t.Skip("needs symbolic links")
	}
	dir := filepath.Join(t.TempDir(), "home", "builder", "work")
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	source := writeTree(t, hello)
	require.NoError(t, os.Rename(source, dir))
	file := publish(t, dir, ".", "-buildvcs=false", "-ldflags=-s -w")
	require.NoError(t, os.Rename(dir, source))
	require.NoError(t, os.Remove(filepath.Dir(dir)))

	r := reproduce(t, file, build.WithSource(source), build.WithRecordedFolders())
	assert.Equal(t, build.Identical, r.Verdict, r)
	_, err := os.Lstat(filepath.Dir(dir))
	assert.ErrorIs(t, err, os.ErrNotExist, "links and folders are removed")
}

func TestReproduceDifferentSource(t *testing.T) {
	file := publish(t, writeTree(t, hello), ".", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")
	other := writeTree(t, strings.Replace(hello, "println(version)", `println(version, len(version), "more")`, 1))
	kept := filepath.Join(t.TempDir(), "kept")
	r := reproduce(t, file, build.WithSource(other), build.WithKeep(kept))
	require.Equal(t, build.Different, r.Verdict, r)
	assert.False(t, r.Identical)
	assert.NotEmpty(t, r.Differences)
	assert.Contains(t, r.String(), "main (")
	assert.Contains(t, r.String(), "the code differs")
	rebuilt, err := os.ReadFile(filepath.Join(kept, filepath.Base(file)))
	require.NoError(t, err)
	assert.Len(t, rebuilt, int(r.RebuiltSize))
}

func TestReproduceCannotTell(t *testing.T) {
	dir := writeTree(t, hello)
	file := publish(t, dir, ".", "-trimpath", "-buildvcs=false")

	r := reproduce(t, file)
	assert.Equal(t, build.CannotTell, r.Verdict)
	var missing *build.MissingError
	require.ErrorAs(t, r.Err(), &missing)
	assert.Contains(t, r.Summary(), "WithSource")
	_, err := json.Marshal(r)
	assert.NoError(t, err)

	r = reproduce(t, file, build.WithSource(writeTree(t, stamped)))
	assert.Equal(t, build.CannotTell, r.Verdict)
	assert.Contains(t, r.Reason, "example.com/hello")

	broken := writeTree(t, strings.Replace(hello, "func main()", "func main() int", 1))
	r = reproduce(t, file, build.WithSource(broken))
	var compile *build.CompileError
	assert.ErrorAs(t, r.Err(), &compile)
}

func TestReproduceRefusesFiles(t *testing.T) {
	file := publish(t, writeTree(t, hello), ".", "-trimpath", "-buildvcs=false")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	write := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, data, 0o644))
		return path
	}
	noInfo := bytes.ReplaceAll(data, []byte("\xff Go buildinf:"), []byte("\xff no buildinf:"))
	var info *build.NoBuildInfoError
	for _, test := range []struct {
		name, path string
		check      func(error)
	}{
		{"absent", filepath.Join(t.TempDir(), "absent"), func(err error) { assert.ErrorIs(t, err, os.ErrNotExist) }},
		{"folder", t.TempDir(), func(err error) { assert.ErrorIs(t, err, build.ErrNotExecutable) }},
		{"text", write("text", []byte("#!/bin/sh\n")), func(err error) { assert.ErrorIs(t, err, build.ErrNotExecutable) }},
		{"empty", write("empty", nil), func(err error) { assert.ErrorIs(t, err, build.ErrNotExecutable) }},
		{"truncated", write("cut", data[:len(data)/2]), func(err error) { assert.ErrorIs(t, err, build.ErrNotExecutable) }},
		{"no info", write("no", noInfo), func(err error) {
			require.ErrorAs(t, err, &info)
			assert.ErrorIs(t, err, build.ErrNoBuildInfo)
			assert.Contains(t, info.Reason, "Go program")
		}},
		{"packed", write("packed", append(noInfo, "UPX!"...)), func(err error) {
			require.ErrorAs(t, err, &info)
			assert.Contains(t, info.Reason, "UPX")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := build.Reproduce(t.Context(), test.path)
			require.Error(t, err)
			test.check(err)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestReproduceCancelled(t *testing.T) {
	dir := writeTree(t, hello)
	file := publish(t, dir, ".", "-trimpath", "-buildvcs=false")
	temp := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, temp)
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := build.WithObserver(func(e build.Event) {
		if _, ok := e.(build.AttemptStarted); ok {
			cancel()
		}
	})
	_, err := build.Reproduce(ctx, file, build.WithSource(dir), build.WithBuildOptions(started))
	assert.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestReproduceOptions(t *testing.T) {
	for name, opt := range map[string]build.ReproduceOption{
		"WithSource":        build.WithSource(filepath.Join(t.TempDir(), "absent")),
		"WithModuleVersion": build.WithModuleVersion("1.2.3"),
		"WithTryLdflags":    build.WithTryLdflags(make([]string, build.MaxAttempts+1)...),
		"WithKeep":          build.WithKeep(""),
		"WithBuildOptions":  build.WithBuildOptions(build.WithTags("x")),
	} {
		_, err := build.Reproduce(t.Context(), os.Args[0], opt)
		var option *build.OptionError
		if assert.ErrorAs(t, err, &option, name) {
			assert.Equal(t, name, option.Option)
		}
	}
}

// TestReproduceWorkspace rebuilds a program whose other module came from a
// workspace.
func TestReproduceWorkspace(t *testing.T) {
	const archive = `
-- go.work --
go 1.24

use (
	./app
	./lib
)
-- app/go.mod --
module example.com/app

go 1.24
-- app/main.go --
package main

import "example.com/lib"

func main() { println(lib.Name) }
-- lib/go.mod --
module example.com/lib

go 1.24
-- lib/lib.go --
package lib

var Name = "lib"
`
	dir := writeTree(t, archive)
	out := filepath.Join(t.TempDir(), host().Executable("published"))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", out, "example.com/app")
	cmd.Dir, cmd.Env = dir, withVariables("GOFLAGS=", "GOENV=off", "CGO_ENABLED=0", "GOPROXY=off")
	message, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", message)

	r := reproduce(t, out)
	assert.Equal(t, build.CannotTell, r.Verdict)
	assert.Contains(t, r.Reason, "go.work")

	r = reproduce(t, out, build.WithSource(writeTree(t, archive)))
	assert.Equal(t, build.Identical, r.Verdict, r)
}
