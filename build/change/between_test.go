package change_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

func linux() target.Target   { return target.MustParse("linux/amd64") }
func windows() target.Target { return target.MustParse("windows/amd64") }

// planner plans with the defaults of the builder.
func planner(pkg string) change.Planner {
	return func(dir string, t target.Target) (build.Plan, error) {
		b, err := build.New(dir, pkg)
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(t)
	}
}

// pay is a service that the cases change.
const pay = `
-- go.mod --
module example.com/pay

go 1.24
-- cmd/pay/main.go --
package main

import "example.com/pay/auth"

func main() { println(auth.Check("")) }
-- auth/auth.go --
package auth

import _ "embed"

//go:embed words.txt
var Words string

func Check(token string) bool { return system() && token == Words }
-- auth/system_windows.go --
package auth

func system() bool { return true }
-- auth/system_other.go --
//go:build !windows

package auth

func system() bool { return true }
-- auth/words.txt --
yes
-- unused/unused.go --
package unused

func Nothing() {}
`

// folders writes the base, and the fix which differs from it by the files of
// an archive; one that holds "gone" is removed.
func folders(t *testing.T, base, difference string) (old, now string) {
	t.Helper()
	root := t.TempDir()
	for _, side := range []string{"base", "fix"} {
		write(t, filepath.Join(root, side), base)
	}
	write(t, filepath.Join(root, "fix"), difference)
	return filepath.Join(root, "base"), filepath.Join(root, "fix")
}

func write(t *testing.T, dir, archive string) {
	t.Helper()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if strings.TrimSpace(string(f.Data)) == "gone" {
			require.NoError(t, os.Remove(name))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, f.Data, 0o644))
	}
}

func between(t *testing.T, base, fix string, targets ...target.Target) (policy.Change, error) {
	t.Helper()
	old, err := change.Folder(base)
	require.NoError(t, err)
	now, err := change.Folder(fix)
	require.NoError(t, err)
	return change.Between(t.Context(), old, now, planner("./cmd/pay"), targets...)
}

func changeOf(t *testing.T, difference string, targets ...target.Target) policy.Change {
	t.Helper()
	base, fix := folders(t, pay, difference)
	c, err := between(t, base, fix, targets...)
	require.NoError(t, err)
	return c
}

func TestAffected(t *testing.T) {
	t.Parallel()
	const main, auth = "example.com/pay/cmd/pay", "example.com/pay/auth"
	tests := map[string]struct {
		difference     string
		linux, windows policy.Affected
	}{
		"nothing": {},
		"a file for one system": {
			"-- auth/system_windows.go --\npackage auth\n\nfunc system() bool { return false }\n",
			policy.Affected{Excluded: []string{"auth/system_windows.go"}},
			policy.Affected{Changed: []string{auth}, Through: []string{main}},
		},
		"a package that the program does not import": {
			"-- unused/unused.go --\npackage unused\n\nfunc Nothing() { println() }\n",
			policy.Affected{Excluded: []string{"unused/unused.go"}},
			policy.Affected{Excluded: []string{"unused/unused.go"}},
		},
		"an embedded file": {
			"-- auth/words.txt --\nno\n",
			policy.Affected{Changed: []string{auth}, Through: []string{main}},
			policy.Affected{Changed: []string{auth}, Through: []string{main}},
		},
		"a test": {
			"-- auth/auth_test.go --\npackage auth\n",
			policy.Affected{Excluded: []string{"auth/auth_test.go"}},
			policy.Affected{Excluded: []string{"auth/auth_test.go"}},
		},
		"a new package of the program, on one system": {
			"-- auth/system_windows.go --\npackage auth\n\nimport \"example.com/pay/unused\"\n\nfunc system() bool { unused.Nothing(); return true }\n",
			policy.Affected{Excluded: []string{"auth/system_windows.go"}},
			policy.Affected{Changed: []string{auth, "example.com/pay/unused"}, Through: []string{main}},
		},
		"a directive": {
			"-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n\ngodebug http2server=0\n",
			policy.Affected{Changed: []string{main}},
			policy.Affected{Changed: []string{main}},
		},
		"the language": {
			"-- go.mod --\nmodule example.com/pay\n\ngo 1.25\n",
			policy.Affected{Changed: []string{auth, main}},
			policy.Affected{Changed: []string{auth, main}},
		},
		"a profile": {
			"-- cmd/pay/default.pgo --\n",
			policy.Affected{Changed: []string{main}},
			policy.Affected{Changed: []string{main}},
		},
		"a file that does not count": {
			"-- README.md --\n",
			policy.Affected{Excluded: []string{"README.md"}},
			policy.Affected{Excluded: []string{"README.md"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := changeOf(t, test.difference, linux(), windows())
			test.linux.Target, test.windows.Target = linux(), windows()
			assert.Equal(t, []policy.Affected{test.linux, test.windows}, c.Affected)
			assert.Empty(t, c.Unknown)
			assert.Equal(t, main, c.Main)
			assert.Equal(t, "example.com/pay", c.Module)
		})
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		difference string
		want       []policy.API
	}{
		"a body": {"-- unused/unused.go --\npackage unused\n\nfunc Nothing() { println() }\n", nil},
		"a break": {
			"-- unused/unused.go --\npackage unused\n\nfunc Nothing(n int) {}\n",
			[]policy.API{{Package: "example.com/pay/unused", Message: "Nothing: changed from func() to func(int)"}},
		},
		"an addition": {
			"-- unused/unused.go --\npackage unused\n\nfunc Nothing() {}\n\nfunc More() {}\n",
			[]policy.API{{Package: "example.com/pay/unused", Message: "More: added", Compatible: true}},
		},
		"for one system": {
			"-- auth/system_windows.go --\npackage auth\n\nconst System = 1\n\nfunc system() bool { return true }\n",
			[]policy.API{{Package: "example.com/pay/auth", Message: "System: added", Compatible: true}},
		},
		"a package that goes": {
			"-- unused/unused.go --\ngone\n",
			[]policy.API{{Package: "example.com/pay/unused", Message: "package removed"}},
		},
		"a package that comes": {
			"-- new/new.go --\npackage new\n",
			[]policy.API{{Package: "example.com/pay/new", Message: "package added", Compatible: true}},
		},
		"a command": {"-- cmd/pay/more.go --\npackage main\n\nfunc More() {}\n", nil},
		"a test":    {"-- auth/auth_test.go --\npackage auth\n\nfunc More() {}\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := changeOf(t, test.difference, linux(), windows())
			assert.Equal(t, test.want, c.API)
			assert.Empty(t, c.Unknown)
		})
	}
}

// What cannot be compiled or listed is said to be unknown, for the parts that
// it makes unknown.
func TestUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		difference, err, api string
	}{
		"types":             {"-- auth/auth.go --\npackage auth\n\nfunc Check(string) bool { return 1 }\n", "", "in the fix, auth/auth.go:3:"},
		"syntax":            {"-- auth/auth.go --\npackage auth\n\nfunc Check(\n", "", "in the fix, auth/auth.go:4:1: syntax error"},
		"syntax of imports": {"-- auth/auth.go --\npackage auth\n\nimport 1\n", "in the fix, auth/auth.go:3:8: ", "in the fix, auth/auth.go:"},
		"an import that is not there": {
			"-- auth/auth.go --\npackage auth\n\nimport \"example.com/pay/nowhere\"\n\nfunc Check(string) bool { return nowhere.No }\n",
			"in the fix, auth/auth.go:3:8: cannot find module providing package example.com/pay/nowhere", "in the fix, ",
		},
		"a module that is not required": {
			"-- auth/auth.go --\npackage auth\n\nimport \"example.org/else\"\n\nfunc Check(string) bool { return nowhere.No }\n",
			"in the fix, auth/auth.go:3:8: cannot find module providing package example.org/else", "in the fix, ",
		},
		"an embedded file that is not there": {
			"-- auth/words.txt --\ngone\n", "in the fix, auth/auth.go:5:12: pattern words.txt: no matching files found", "",
		},
		"nobody builds it": {
			"-- odd/odd.go --\n//go:build plan9\n\npackage odd\n", "", "package example.com/pay/odd is not built on any of the targets",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := changeOf(t, test.difference, linux())
			if test.err == "" {
				assert.Empty(t, c.Affected[0].Err)
			} else {
				assert.Contains(t, c.Affected[0].Err, test.err)
				assert.True(t, c.Affected[0].Any())
				assert.Nil(t, c.Affected[0].Excluded)
			}
			if test.api == "" {
				return
			}
			api := slices.IndexFunc(c.Unknown, func(u policy.Unknown) bool { return u.Part == policy.PartAPI })
			require.NotEqual(t, -1, api, "%+v", c)
			assert.Contains(t, c.Unknown[api].Why, test.api)
		})
	}
}

func TestMissingMain(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, pay, "-- cmd/pay/main.go --\ngone\n")
	for name, sides := range map[string][2]string{"base": {fix, base}, "fix": {base, fix}} {
		_, err := between(t, sides[0], sides[1], linux())
		var missing *change.MissingMainError
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, name, missing.Side)
		require.ErrorIs(t, err, build.ErrNotMain)
		assert.NotContains(t, err.Error(), fix)
	}

	library, fix := folders(t, pay, "-- cmd/pay/main.go --\npackage pay\n")
	_, err := between(t, library, fix, linux())
	assert.EqualError(t, err, "the fix has no main package ./cmd/pay: it is package pay: name one that both sides have")

	// A program for some systems alone is unknown on the others.
	base, fix = folders(t, pay, "-- cmd/pay/main.go --\n//go:build !windows\n\npackage main\n\nfunc main() {}\n")
	c, err := between(t, base, fix, linux(), windows())
	require.NoError(t, err)
	assert.Empty(t, c.Affected[0].Err)
	assert.Contains(t, c.Affected[1].Err, "build constraints exclude all Go files")
}

const mit = `MIT License

Copyright (c) 2026 somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

func TestModules(t *testing.T) {
	t.Parallel()
	const uses = `
-- cmd/pay/main.go --
package main

import "example.org/log"

func main() { log.Print() }
-- log1/go.mod --
module example.org/log

go 1.24
-- log1/log.go --
package log

func Print() {}
-- log1/LICENSE --
Permission is granted to nobody.
-- log2/go.mod --
module example.org/log

go 1.24
-- log2/log.go --
package log

func Print() { println() }
`
	const require1 = "-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n\nrequire example.org/log v1.0.0\n\nreplace example.org/log => "
	base, fix := folders(t, pay+uses+require1+"./log1\n", require1+"./log2\n")
	c, err := between(t, base, fix, linux())
	require.NoError(t, err)
	assert.Equal(t, []policy.Module{{Path: "example.org/log", Old: "v1.0.0", New: "v1.0.0", OldPath: "./log1", NewPath: "./log2"}}, c.Modules)
	assert.Equal(t, []string{"example.org/log"}, c.Affected[0].Changed)
	assert.Equal(t, []string{"example.com/pay/cmd/pay"}, c.Affected[0].Through)
	assert.Empty(t, c.Unknown)

	// The licence is that of the fix, and a module that comes is one.
	base, fix = folders(t, pay, uses+require1+"./log2\n-- log2/LICENSE --\n"+mit)
	c, err = between(t, base, fix, linux())
	require.NoError(t, err)
	assert.Equal(t, []policy.Module{{Path: "example.org/log", New: "v1.0.0", NewPath: "./log2", License: "MIT"}}, c.Modules)
	assert.Equal(t, []string{"example.com/pay/auth", "example.com/pay/cmd/pay", "example.org/log"}, c.Affected[0].Changed)
	assert.Equal(t, []policy.Import{{Package: "example.com/pay/cmd/pay", Path: "example.org/log", File: "cmd/pay/main.go", Line: 3}}, c.Imports)
}

// Before go 1.17 a go.mod file does not list all modules: what the programs are
// built from does.
func TestModulesThatAreNotListed(t *testing.T) {
	t.Parallel()
	const old = `
-- go.mod --
module example.com/pay

go 1.16

require example.org/log v1.0.0

replace example.org/log => ./log

replace example.org/deep => ./deep1
-- cmd/pay/main.go --
package main

import "example.org/log"

func main() { log.Print() }
-- log/go.mod --
module example.org/log

go 1.16

require example.org/deep v1.0.0
-- log/log.go --
package log

import "example.org/deep"

func Print() { deep.Print() }
-- deep1/go.mod --
module example.org/deep

go 1.16
-- deep1/deep.go --
package deep

func Print() {}
`
	base, fix := folders(t, old, "-- log/go.mod --\nmodule example.org/log\n\ngo 1.16\n\nrequire example.org/deep v1.1.0\n")
	c, err := between(t, base, fix, linux())
	require.NoError(t, err)
	assert.Equal(t, []policy.Module{{Path: "example.org/deep", Old: "v1.0.0", New: "v1.1.0", OldPath: "./deep1", NewPath: "./deep1", Indirect: true}}, c.Modules)
	assert.Equal(t, []string{"example.org/deep"}, c.Affected[0].Changed, "its version is in the executable")
	assert.Empty(t, c.Unknown)
}

// A folder outside of the tree is compared if each side has its own.
func TestReplacedOutside(t *testing.T) {
	t.Parallel()
	const outside = `
-- svc/go.mod --
module example.com/pay

go 1.24

require example.org/log v1.0.0

replace example.org/log => ../log
-- svc/cmd/pay/main.go --
package main

import "example.org/log"

func main() { log.Print() }
-- log/go.mod --
module example.org/log

go 1.24
-- log/log.go --
package log

func Print() {}
`
	base, fix := folders(t, outside, "-- log/log.go --\npackage log\n\nimport \"os\"\n\nfunc Print() { os.Exit(0) }\n")
	c, err := between(t, filepath.Join(base, "svc"), filepath.Join(fix, "svc"), linux())
	require.NoError(t, err)
	assert.Equal(t, []policy.File{{Path: "../log/log.go", Status: policy.Changed, Added: 3, Removed: 1}}, c.Files)
	assert.Equal(t, []string{"example.org/log"}, c.Affected[0].Changed, "and not all that os brings with it")
	assert.Empty(t, c.Affected[0].Excluded)
	assert.Empty(t, c.Unknown)
	assert.Equal(t, "os", c.Imports[0].Path)

	// Both sides side by side: there is one folder for both.
	require.NoError(t, os.Rename(filepath.Join(fix, "svc"), filepath.Join(base, "fixed")))
	c, err = between(t, filepath.Join(base, "svc"), filepath.Join(base, "fixed"), linux())
	require.NoError(t, err)
	require.Len(t, c.Unknown, 1)
	assert.Contains(t, c.Unknown[0].Why, "what it held for the base is not known")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, err := change.Folder(t.TempDir())
	require.ErrorIs(t, err, change.ErrNoModule)
	_, err = change.Folder(filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	base, fix := folders(t, pay, "")
	_, err = between(t, base, fix)
	require.ErrorIs(t, err, change.ErrNoTarget)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tree, err := change.Folder(base)
	require.NoError(t, err)
	_, err = change.Between(ctx, tree, tree, planner("./cmd/pay"), linux())
	require.ErrorIs(t, err, context.Canceled)

	none := t.TempDir()
	_, err = change.Between(t.Context(), tree, tree, func(dir string, to target.Target) (build.Plan, error) {
		b, err := build.New(dir, "./cmd/pay", build.WithEnviron([]string{"PATH=" + none, "HOME=" + none}))
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(to)
	}, linux())
	var toolchain *build.ToolchainError
	require.ErrorAs(t, err, &toolchain)
}

// What the comparison compiles, the build of the fix finds in its cache, from
// any folder.
func TestSharesTheCache(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, pay, "")
	code := "-- auth/auth.go --\npackage auth\n\nfunc Check(token string) bool { return token == \"" + fix + "\" }\n"
	write(t, fix, code)
	_, err := between(t, base, fix, linux())
	require.NoError(t, err)

	elsewhere := t.TempDir()
	write(t, elsewhere, pay)
	write(t, elsewhere, code)
	plan, err := planner("./cmd/pay")(elsewhere, linux())
	require.NoError(t, err)
	plan.Output = filepath.Join(elsewhere, "pay")
	argv := plan.Argv()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = plan.Dir, plan.Environ()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "example.com/pay/cmd/pay\n", string(out), "only what the API is not asked of is compiled")
}
