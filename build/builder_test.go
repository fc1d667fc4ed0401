package build_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// output runs an executable and returns what it prints.
func output(t *testing.T, a *build.Artifact) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), a.Path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestVariables(t *testing.T) {
	values := []string{"1.2.3", "two words", "it's", `say "hi"`, "a=b", "-X main.x=y", `C:\new`, "", "  ", "$HOME `x`", "tab\there"}
	var options []build.Option
	source := "-- go.mod --\nmodule example.com/hello\n\ngo 1.26\n-- main.go --\npackage main\n\nvar (\n"
	prints, want := "", ""
	for i, value := range values {
		name := fmt.Sprintf("v%d", i)
		source += name + " = \"unset\"\n"
		prints += "println(" + name + ")\n"
		want += value + "\n"
		options = append(options, build.WithVariable("main."+name, value))
	}
	dir := writeTree(t, source+")\n\nfunc main() {\n"+prints+"}\n")
	assert.Equal(t, want, output(t, mustBuild(t, newBuilder(t, dir, ".", options...))))
}

func TestVariableOfTheMainPackageByItsPath(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithVariable("example.com/hello.version", "1"))
	_, err := b.Build(t.Context(), host())
	var option *build.OptionError
	require.ErrorAs(t, err, &option)
	assert.ErrorContains(t, err, `write "main.version"`)
}

func TestTags(t *testing.T) {
	dir := writeTree(t, hello+"-- tagged.go --\n//go:build fix && other\n\npackage main\n\nfunc init() { version = \"tagged\" }\n")
	assert.Equal(t, "dev\n", output(t, mustBuild(t, newBuilder(t, dir, "."))))
	assert.Equal(t, "tagged\n", output(t, mustBuild(t, newBuilder(t, dir, ".", build.WithTags("other", "fix")))))
}

func TestNameOnWindows(t *testing.T) {
	artifact, err := newBuilder(t, writeTree(t, hello), ".", build.WithName("tool")).Build(t.Context(), target.MustParse("windows/amd64"))
	require.NoError(t, err)
	assert.Equal(t, "tool.exe", filepath.Base(artifact.Path))
	assert.Equal(t, "windows_amd64", filepath.Base(filepath.Dir(artifact.Path)))
}

func TestWorkspace(t *testing.T) {
	dir := writeTree(t, `
-- go.work --
go 1.26

use (
	./app
	./lib
)
-- app/go.mod --
module example.com/app

go 1.26
-- app/main.go --
package main

import "example.com/lib"

func main() { println(lib.Name) }
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

const Name = "from the workspace"
`)
	app := filepath.Join(dir, "app")
	_, err := newBuilder(t, app, ".").Build(t.Context(), host())
	var compile *build.CompileError
	require.ErrorAs(t, err, &compile)
	artifact := mustBuild(t, newBuilder(t, app, ".", build.WithWorkspace(filepath.Join(dir, "go.work"))))
	assert.Equal(t, "from the workspace\n", output(t, artifact))
}

// vendored needs its vendor folder: the module is nowhere else.
const vendored = `
-- go.mod --
module example.com/app

go 1.26

require example.org/lib v1.0.0
-- main.go --
package main

import "example.org/lib"

func main() { println(lib.Name) }
-- vendor/modules.txt --
# example.org/lib v1.0.0
## explicit; go 1.26
example.org/lib
-- vendor/example.org/lib/lib.go --
package lib

const Name = "from the vendor folder"
`

func TestVendor(t *testing.T) {
	dir := writeTree(t, vendored)
	artifact := mustBuild(t, newBuilder(t, dir, ".", build.WithVendor()))
	assert.Equal(t, "from the vendor folder\n", output(t, artifact))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "vendor", "modules.txt"), nil, 0o644))
	_, err := newBuilder(t, dir, ".", build.WithVendor()).Build(t.Context(), host())
	var compile *build.CompileError
	require.ErrorAs(t, err, &compile)
	assert.ErrorContains(t, err, "inconsistent vendoring")
	assert.NotContains(t, err.Error(), "\n")
}

// TestModuleCacheHasNoEffect takes a module through two module caches, of
// which one is new, from the files of the other.
func TestModuleCacheHasNoEffect(t *testing.T) {
	skipHeavy(t)
	keepCaches(t)
	sums, err := os.ReadFile(filepath.Join("..", "go.sum"))
	require.NoError(t, err)
	dir := writeTree(t, `
-- go.mod --
module example.com/app

go 1.26.0

require golang.org/x/mod v0.42.0
-- main.go --
package main

import "golang.org/x/mod/semver"

func main() { println(semver.Major("v1.2.3")) }
-- go.sum --
`+string(sums))
	want := mustBuild(t, newBuilder(t, dir, ".")).Digest
	proxy := "file://" + filepath.ToSlash(filepath.Join(os.Getenv("GOMODCACHE"), "cache", "download"))
	t.Setenv("GOPROXY", proxy)
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOMODCACHE", "")
	t.Setenv("GOPATH", newModuleCache(t))
	assert.Equal(t, want, mustBuild(t, newBuilder(t, dir, ".")).Digest)
}

// newModuleCache returns a folder for GOPATH. The go command makes what it
// puts there read-only.
func newModuleCache(t *testing.T) string {
	dir := t.TempDir()
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			_ = os.Chmod(path, 0o755)
			return err
		})
	})
	return dir
}

func TestProfiles(t *testing.T) {
	skipHeavy(t)
	profile, err := os.ReadFile(filepath.Join("testdata", "hello.pprof"))
	require.NoError(t, err)
	plain, with := writeTree(t, hello), writeTree(t, hello)
	require.NoError(t, os.WriteFile(filepath.Join(with, "default.pgo"), profile, 0o644))
	optimised := mustBuild(t, newBuilder(t, with, "."))
	assert.NotEqual(t, mustBuild(t, newBuilder(t, plain, ".")).Digest, optimised.Digest)
	assert.Equal(t, mustBuild(t, newBuilder(t, plain, ".")).Digest, mustBuild(t, newBuilder(t, with, ".", build.WithPGO("off"))).Digest)
	explicit := newBuilder(t, plain, ".", build.WithPGO(filepath.Join(with, "default.pgo")))
	assert.Equal(t, optimised.Digest, mustBuild(t, explicit).Digest)
}

func TestCgo(t *testing.T) {
	skipHeavy(t)
	source := `
-- go.mod --
module example.com/cgo

go 1.26
-- main.go --
package main

// #include "add.h"
import "C"

func main() { println(C.add(40, 2)) }
-- add.h --
int add(int, int);
-- add.c --
#include "add.h"
int add(int a, int b) { return a + b; }
`
	tests := []struct{ target, compiler string }{
		{"linux/amd64", "gcc"}, {"linux/arm64", "aarch64-linux-gnu-gcc"}, {"windows/amd64", "x86_64-w64-mingw32-gcc"},
	}
	for _, test := range tests {
		t.Run(test.target, func(t *testing.T) {
			if _, err := exec.LookPath(test.compiler); err != nil {
				t.Skipf("%s is not installed", test.compiler)
			}
			var artifacts [2]*build.Artifact
			for i := range artifacts {
				var err error
				b := newBuilder(t, writeTree(t, source), ".", build.WithCgo(build.Cgo{CC: test.compiler}))
				artifacts[i], err = b.Build(t.Context(), target.MustParse(test.target))
				require.NoError(t, err)
			}
			assert.Equal(t, artifacts[0].Digest, artifacts[1].Digest)
			if test.target == host().String() {
				assert.Equal(t, "42\n", output(t, artifacts[0]))
			}
		})
	}
}

func TestCgoErrorsHaveAPlace(t *testing.T) {
	skipHeavy(t)
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	dir := writeTree(t, "-- go.mod --\nmodule example.com/cgo\n-- main.go --\npackage main\n\n// int f(void) { return missing; }\nimport \"C\"\n\nfunc main() { C.f() }\n")
	_, err := newBuilder(t, dir, ".", build.WithCgo(build.Cgo{CC: "gcc"})).Build(t.Context(), host())
	var compile *build.CompileError
	require.ErrorAs(t, err, &compile)
	assert.True(t, has(compile, "example.com/cgo", "main.go", 3, 23, "undeclared"), "%+v", compile.Packages)
}

// TestManyTargetsUnderAMemoryBudget builds all at once and one after the other.
func TestManyTargetsUnderAMemoryBudget(t *testing.T) {
	skipHeavy(t)
	dir := writeTree(t, hello)
	var targets []target.Target
	for _, name := range []string{"linux/amd64", "linux/arm64", "windows/amd64", "darwin/arm64", "linux/386", "js/wasm", "linux/amd64/v3", "linux/arm/6"} {
		targets = append(targets, target.MustParse(name))
	}
	digests := map[int64][]manifest.Digest{}
	for _, budget := range []int64{512 << 20, 4 << 30} {
		var events, running, most atomic.Int32
		observe := func(e build.Event) {
			events.Add(1)
			switch e.(type) {
			case build.TargetStarted:
				most.Store(max(most.Load(), running.Add(1)))
			case build.TargetFinished:
				running.Add(-1)
			}
		}
		b := newBuilder(t, dir, ".", build.WithMemoryBudget(budget), build.WithObserver(observe))
		artifacts, err := b.BuildAll(t.Context(), targets)
		require.NoError(t, err)
		for i, a := range artifacts {
			assert.Equal(t, targets[i], a.Target)
			digests[budget] = append(digests[budget], a.Digest)
			built, err := build.TargetOf(a.Path)
			require.NoError(t, err)
			assert.Equal(t, targets[i], built)
		}
		assert.GreaterOrEqual(t, int(events.Load()), 2*len(targets))
		if budget < 1<<30 {
			assert.EqualValues(t, 1, most.Load(), "targets at once under a small budget")
		}
	}
	assert.Equal(t, digests[512<<20], digests[4<<30])
}

func TestSizes(t *testing.T) {
	skipHeavy(t)
	b := newBuilder(t, writeTree(t, hello), ".")
	for _, name := range []string{"linux/amd64", "windows/amd64", "darwin/arm64", "linux/s390x", "linux/386"} {
		artifact, err := b.Build(t.Context(), target.MustParse(name))
		require.NoError(t, err)
		report, err := artifact.Sizes()
		require.NoError(t, err, name)
		assert.Equal(t, artifact.Size, report.Size)
		sum := report.Outside
		for _, s := range report.Sections {
			sum += s.Size
		}
		assert.Equal(t, report.Size, sum, "sections and the rest are the file")
		code := report.Unowned
		for _, p := range report.Packages {
			code += p.Code
		}
		assert.Equal(t, report.Code, code, "packages and the rest are the code")
		assert.Less(t, report.Unowned, report.Code/20, "%s: too much code is nobody's:\n%s", name, report)
		assert.Equal(t, "runtime", report.Packages[0].ImportPath)
		assert.Contains(t, report.String(), "machine code")
		for line := range strings.Lines(report.String()) {
			assert.Equal(t, strings.TrimRight(line, " \n")+"\n", line)
		}
	}
}

func TestSizesOfWhatIsNoExecutable(t *testing.T) {
	_, err := build.Sizes(writeFile(t, "text"))
	assert.ErrorContains(t, err, "not an ELF, PE or Mach-O executable")
	_, err = build.Sizes(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = build.TargetOf(writeFile(t, "text"))
	assert.ErrorContains(t, err, "not a Go executable")
	_, err = build.TargetOf(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestSavings(t *testing.T) {
	skipHeavy(t)
	report, err := newBuilder(t, writeTree(t, hello), ".").Savings(t.Context(), target.MustParse("linux/amd64"))
	require.NoError(t, err)
	require.NotEmpty(t, report.Savings)
	all := report.Savings[len(report.Savings)-1]
	assert.Equal(t, report.Plain-all.Size, all.Saved)
	assert.Greater(t, all.Saved, report.Plain/5)
	lines := strings.Split(strings.TrimRight(report.String(), "\n"), "\n")
	assert.Len(t, lines, len(report.Savings)+2)
	for _, line := range lines[1:] {
		assert.Equal(t, strings.Index(lines[0], "linux"), strings.Index(line, line[strings.LastIndex(line, "  ")+2:]), "columns do not line up:\n%s", report)
	}
}

func TestEventsOfAFailedTarget(t *testing.T) {
	var finished []build.TargetFinished
	b := newBuilder(t, writeTree(t, broken), "./types", build.WithObserver(func(e build.Event) {
		if f, ok := e.(build.TargetFinished); ok {
			finished = append(finished, f)
		}
	}))
	_, err := b.Build(t.Context(), host())
	require.Error(t, err)
	require.Len(t, finished, 1)
	assert.Error(t, finished[0].Err)
	assert.Nil(t, finished[0].Artifact)
	assert.Equal(t, host(), finished[0].Target)
}
