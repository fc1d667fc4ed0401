package build_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// broken is a module with one main package for each way not to build.
const broken = `
-- go.mod --
module example.com/m

go 1.26
-- syntax/main.go --
package main

func main() { x := }
-- types/a/a.go --
package a

func F() int { return "a" }
-- types/b/b.go --
package b

var X string = 1
-- types/main.go --
package main

import (
	"example.com/m/types/a"
	"example.com/m/types/b"
)

func main() { a.F(); _ = b.X }
-- missing/main.go --
package main

import (
	_ "example.com/m/nothere"
	_ "example.org/none"
	_ "nostd/x"
)

func main() {}
-- cycle/main.go --
package main

import _ "example.com/m/cycle/a"

func main() {}
-- cycle/a/a.go --
package a

import _ "example.com/m/cycle/b"
-- cycle/b/b.go --
package b

import _ "example.com/m/cycle/a"
-- tests/x_test.go --
package main
-- lib/lib.go --
package lib
-- excluded/main.go --
//go:build plan9

package main

func main() {}
-- conly/main.go --
package main

import "C"

func main() {}
-- twopackages/a.go --
package main

func main() {}
-- twopackages/b.go --
package other
-- nomain/a.go --
package main
-- link/a.go --
package main

func missing()

func main() { missing() }
-- link/a.s --
`

func TestSourceThatDoesNotBuild(t *testing.T) {
	dir := writeTree(t, broken)
	type place struct {
		path, file   string
		line, column int
		says         string
	}
	tests := map[string][]place{
		"syntax": {{"example.com/m/syntax", "syntax/main.go", 3, 20, "syntax error"}},
		"types": {
			{"example.com/m/types/a", "types/a/a.go", 3, 23, "cannot use"},
			{"example.com/m/types/b", "types/b/b.go", 3, 16, "cannot use"},
		},
		"missing": {
			{"example.com/m/missing", "missing/main.go", 4, 2, "cannot find module providing package example.com/m/nothere"},
			{"example.com/m/missing", "missing/main.go", 5, 2, "cannot find module providing package example.org/none"},
			{"example.com/m/missing", "missing/main.go", 6, 2, "is not in std"},
		},
		"cycle":       {{"example.com/m/cycle", "", 0, 0, "import cycle not allowed"}},
		"tests":       {{"example.com/m/tests", "", 0, 0, "no non-test Go files"}},
		"excluded":    {{"example.com/m/excluded", "", 0, 0, "build constraints exclude all Go files"}},
		"conly":       {{"example.com/m/conly", "", 0, 0, "build constraints exclude all Go files"}},
		"twopackages": {{"example.com/m/twopackages", "", 0, 0, "found packages main (a.go) and other (b.go)"}},
		"nomain":      {{"example.com/m/nomain", "", 0, 0, "function main is undeclared"}},
		"link":        {{"example.com/m/link", "", 0, 0, "missing"}},
		"nofolder":    {{"", "", 0, 0, "directory not found"}},
	}
	for name, places := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := t.TempDir()
			b, err := build.New(dir, "./"+name, build.WithOutput(output))
			require.NoError(t, err)
			_, err = b.Build(t.Context(), target.MustParse("linux/amd64"))
			var compile *build.CompileError
			require.ErrorAs(t, err, &compile)
			assert.NotContains(t, err.Error(), "\n")
			for _, want := range places {
				assert.True(t, has(compile, want.path, want.file, want.line, want.column, want.says), "want %+v\ngot %+v", want, compile.Packages)
			}
			requireNoWork(t, output)
		})
	}
}

// has reports whether an error has a diagnostic; an empty path stands for any.
func has(e *build.CompileError, path, file string, line, column int, says string) bool {
	for _, p := range e.Packages {
		for _, d := range p.Diagnostics {
			if (path == "" || p.ImportPath == path) && d.File == file && d.Line == line && d.Column == column && strings.Contains(d.Message, says) {
				return true
			}
		}
	}
	return false
}

func TestPackageThatIsNoProgram(t *testing.T) {
	b := newBuilder(t, writeTree(t, broken), "./lib")
	_, err := b.Build(t.Context(), host())
	require.ErrorIs(t, err, build.ErrNotMain)
	assert.ErrorContains(t, err, "example.com/m/lib is package lib")
}

func TestExcludedOnSomeTargetsOnly(t *testing.T) {
	b := newBuilder(t, writeTree(t, broken), "./excluded")
	linux, windows, plan9 := target.MustParse("linux/amd64"), target.MustParse("windows/amd64"), target.MustParse("plan9/amd64")
	_, err := b.BuildAll(t.Context(), []target.Target{linux, plan9, windows})
	var failed build.TargetErrors
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 2)
	assert.Equal(t, []target.Target{linux, windows}, []target.Target{failed[0].Target, failed[1].Target})
	assert.ErrorContains(t, err, "building for linux/amd64, windows/amd64: the source does not compile: ")
	assert.NotContains(t, err.Error(), "\n")
	var one *build.TargetError
	assert.True(t, errors.As(err, &one))
	_, err = b.Build(t.Context(), plan9)
	assert.NoError(t, err)
}

func TestModuleThatCannotBeFetched(t *testing.T) {
	dir := writeTree(t, `
-- go.mod --
module example.com/m

go 1.26

require example.org/none v1.0.0
-- go.sum --
example.org/none v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.org/none v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-- main.go --
package main

import _ "example.org/none"

func main() {}
`)
	b := newBuilder(t, dir, ".", build.WithEnviron(withVariables("GOPROXY=off", "GOFLAGS=")))
	_, err := b.Build(t.Context(), host())
	require.ErrorIs(t, err, build.ErrFetch)
	assert.ErrorContains(t, err, "main.go:3:8: module lookup disabled by GOPROXY=off")
	assert.NotContains(t, err.Error(), "\n")
}

func TestBrokenModuleFile(t *testing.T) {
	dir := writeTree(t, hello+"-- go.mod --\nmodule example.com/hello\n\nnonsense here\n")
	b := newBuilder(t, dir, ".")
	_, err := b.Build(t.Context(), host())
	var compile *build.CompileError
	require.ErrorAs(t, err, &compile)
	assert.ErrorContains(t, err, "go.mod:3: unknown directive: nonsense")
}

func TestNoPlaceForTheBuildCache(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithEnviron(onlyVariables("PATH")))
	_, err := b.Build(t.Context(), host())
	require.ErrorContains(t, err, "build cache is required")
	var compile *build.CompileError
	assert.False(t, errors.As(err, &compile), "the source is not at fault")
}

func TestUnsupportedTarget(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithToolchain(localToolchain(t)))
	_, err := b.Build(t.Context(), target.Target{OS: "linux", Arch: "amd32"})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	var unknown *target.UnknownError
	require.ErrorAs(t, err, &unknown)
	assert.ErrorContains(t, err, `did you mean "linux/amd64"?`)
}

func TestPorts(t *testing.T) {
	ports, err := newBuilder(t, writeTree(t, hello), ".").Ports(t.Context())
	require.NoError(t, err)
	assert.True(t, ports.Contains(target.MustParse("linux/amd64")))
	assert.Greater(t, len(ports), 30)
}
