package change_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// tested is pay with tests. For those of unused, helper is compiled again.
const tested = pay + `
-- auth/auth_test.go --
package auth
-- cmd/pay/main_test.go --
package main
-- unused/unused_test.go --
package unused_test

import _ "example.com/pay/helper"
-- unused/inside_test.go --
package unused
-- helper/helper.go --
package helper

import _ "example.com/pay/unused"
-- lone/lone_test.go --
package lone
-- lone/testdata/deep/a.go --
package a
-- plain/plain.go --
package plain
`

// reach is what change.Tests finds, as "PACKAGE <- THROUGH".
func reach(t *testing.T, base, fix string, host target.Target) (change.Reach, map[string][]string) {
	t.Helper()
	old, err := change.Folder(base)
	require.NoError(t, err)
	now, err := change.Folder(fix)
	require.NoError(t, err)
	found, err := change.Tests(t.Context(), old, now, planner("./cmd/pay"), host)
	require.NoError(t, err)
	through := map[string][]string{}
	for _, p := range found.Packages {
		through[p.Path] = p.Through
	}
	return found, through
}

func TestTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it lists many modules")
	}
	t.Parallel()
	const module = "example.com/pay/"
	const auth, main, unused, helper, lone = module + "auth", module + "cmd/pay", module + "unused", module + "helper", module + "lone"
	all := func(through string) map[string][]string {
		return map[string][]string{auth: {through}, main: {through}, unused: {through}, lone: {through}}
	}
	tests := map[string]struct {
		difference string
		want       map[string][]string
	}{
		"nothing":                      {"", map[string][]string{}},
		"a package":                    {"-- auth/auth.go --\npackage auth\n\nfunc Check(string) bool { return false }\n", map[string][]string{auth: {auth}, main: {auth}}},
		"an embedded file":             {"-- auth/words.txt --\nno\n", map[string][]string{auth: {auth}, main: {auth}}},
		"a test":                       {"-- auth/auth_test.go --\npackage auth\n\n// more\n", map[string][]string{auth: {auth}}},
		"what external tests import":   {"-- helper/helper.go --\npackage helper\n\nimport _ \"example.com/pay/unused\"\n\n// more\n", map[string][]string{unused: {helper}}},
		"external tests":               {"-- unused/unused_test.go --\npackage unused_test\n", map[string][]string{unused: {unused}}},
		"test data":                    {"-- lone/testdata/deep/a.go --\npackage b\n", map[string][]string{lone: {"lone/testdata/deep/a.go"}}},
		"a template beside":            {"-- auth/page.tmpl --\nx\n", map[string][]string{auth: {"auth/page.tmpl"}}},
		"data that no tests are above": {"-- db/1.sql --\nx\n", map[string][]string{}},
		"a package without tests":      {"-- plain/plain.go --\npackage plain\n\n// more\n", map[string][]string{}},
		"godebug":                      {"-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n\ngodebug http2server=0\n", all("go.mod")},
		"sums":                         {"-- go.sum --\nexample.org/x v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", map[string][]string{}},
		"the language": {"-- go.mod --\nmodule example.com/pay\n\ngo 1.25\n", map[string][]string{
			auth: {auth}, main: {auth, main}, unused: {helper, unused}, lone: {lone},
		}},
		"tests that go and come": {"-- auth/auth_test.go --\ngone\n-- plain/plain_test.go --\npackage plain\n", map[string][]string{
			auth: {auth}, module + "plain": {module + "plain"},
		}},
		"a package that goes":        {"-- lone/lone_test.go --\ngone\n", map[string][]string{lone: {lone}}},
		"a test that cannot be read": {"-- auth/auth_test.go --\npackage auth\n\nfunc\n", map[string][]string{auth: {auth}}},
		"code that cannot be read":   {"-- auth/auth.go --\npackage auth\n\nfunc\n", map[string][]string{auth: {auth}, main: {auth}}},
		"an import that is not there": {"-- auth/auth.go --\npackage auth\n\nimport _ \"example.org/nowhere\"\n\nfunc Check(string) bool { return system() }\n", map[string][]string{
			auth: {auth, "example.org/nowhere"}, main: {auth, "example.org/nowhere"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, fix := folders(t, tested, test.difference)
			_, through := reach(t, base, fix, linux())
			assert.Equal(t, test.want, through)
		})
	}
}

func TestTestsOfOneSide(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, tested, "-- auth/auth_test.go --\ngone\n-- plain/plain_test.go --\npackage plain\n")
	found, _ := reach(t, base, fix, linux())
	assert.Equal(t, []change.TestPackage{
		{Path: "example.com/pay/auth", Through: []string{"example.com/pay/auth"}, Base: true},
		{Path: "example.com/pay/plain", Through: []string{"example.com/pay/plain"}, Fix: true},
	}, found.Packages)
	assert.Equal(t, []change.TestFile{
		{Path: "auth/auth_test.go", Package: "example.com/pay/auth", Status: policy.Removed},
		{Path: "plain/plain_test.go", Package: "example.com/pay/plain", Status: policy.Added},
	}, found.Tests)
}

// The code of a change is that of the target, and no tests.
func TestTestsOfATarget(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, tested, `
-- auth/system_windows.go --
package auth

func system() bool { return false }
-- auth/auth.go --
package auth

func Check(string) bool { return system() }
-- auth/auth_test.go --
package auth

// more
-- lone/testdata/deep/a.go --
package b
-- plain/plain.go --
gone
-- cmd/pay/tool.go --
//go:build ignore

package main
`)
	host := map[string]target.Target{"auth/system_windows.go": linux(), "auth/system_other.go": windows()}
	for excluded, on := range host {
		found, _ := reach(t, base, fix, on)
		files := []change.CodeFile{{Path: "auth/auth.go", Package: "example.com/pay/auth"}}
		if excluded == "auth/system_windows.go" {
			assert.Equal(t, []string{excluded, "cmd/pay/tool.go"}, found.Excluded)
		} else {
			files = append(files, change.CodeFile{Path: "auth/system_windows.go", Package: "example.com/pay/auth"})
			assert.Equal(t, []string{"cmd/pay/tool.go"}, found.Excluded)
		}
		assert.Equal(t, files, found.Files)
		assert.Equal(t, []change.TestFile{
			{Path: "auth/auth_test.go", Package: "example.com/pay/auth", Status: policy.Changed},
			{Path: "lone/testdata/deep/a.go", Package: "example.com/pay/lone", Status: policy.Changed, Data: true},
		}, found.Tests)
	}
}

// Another module in the tree has no tests of the main one, and reaches them.
func TestTestsOfAnotherModule(t *testing.T) {
	t.Parallel()
	const other = `
-- go.mod --
module example.com/pay

go 1.24

require example.org/log v1.0.0

replace example.org/log => ./log
-- cmd/pay/main_test.go --
package main

import _ "example.org/log"
-- log/go.mod --
module example.org/log

go 1.24
-- log/log.go --
package log
-- log/log_test.go --
package log
`
	base, fix := folders(t, pay+other, "-- log/log.go --\npackage log\n\n// more\n-- log/log_test.go --\npackage log\n\n// more\n")
	found, through := reach(t, base, fix, linux())
	assert.Equal(t, map[string][]string{"example.com/pay/cmd/pay": {"example.org/log"}}, through)
	assert.Equal(t, []change.CodeFile{{Path: "log/log.go", Package: "example.org/log"}}, found.Files)
}

// What is broken on both sides in the same way may differ all the same.
func TestTestsThatAreBroken(t *testing.T) {
	t.Parallel()
	const broken = "-- lone/lone_test.go --\npackage lone\n\nfunc\n"
	base, fix := folders(t, tested+broken, "-- plain/plain.go --\npackage plain\n\n// more\n")
	_, through := reach(t, base, fix, linux())
	assert.Equal(t, map[string][]string{"example.com/pay/lone": {"example.com/pay/lone"}}, through)
}

// Of a workspace, only the tests of the module that is released count.
func TestTestsOfAWorkspace(t *testing.T) {
	t.Parallel()
	const workspace = `
-- go.work --
go 1.24

use .
use ./log
-- log/go.mod --
module example.org/log

go 1.24
-- log/log_test.go --
package log
`
	base, fix := folders(t, tested+workspace, "-- log/log_test.go --\npackage log\n\n// more\n-- lone/lone_test.go --\npackage lone\n\n// more\n")
	old, err := change.Folder(base)
	require.NoError(t, err)
	now, err := change.Folder(fix)
	require.NoError(t, err)
	plan := func(dir string, t target.Target) (build.Plan, error) {
		p, err := planner("./cmd/pay")(dir, t)
		p.Workspace = filepath.Join(dir, "go.work")
		return p, err
	}
	found, err := change.Tests(t.Context(), old, now, plan, linux())
	require.NoError(t, err)
	require.Len(t, found.Packages, 1)
	assert.Equal(t, "example.com/pay/lone", found.Packages[0].Path)
}

func TestTestsCannotBeListed(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, tested, "-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n\nrequire example.org/x v1\n")
	for side, dirs := range map[string][2]string{"fix": {base, fix}, "base": {fix, base}} {
		old, err := change.Folder(dirs[0])
		require.NoError(t, err)
		now, err := change.Folder(dirs[1])
		require.NoError(t, err)
		_, err = change.Tests(t.Context(), old, now, planner("./cmd/pay"), linux())
		require.Error(t, err)
		assert.ErrorContains(t, err, "listing the tests of the "+side)
		assert.NotContains(t, err.Error(), filepath.Dir(base))
	}
	_, err := change.Tests(t.Context(), &change.Tree{}, &change.Tree{}, planner("./cmd/pay"), linux())
	assert.ErrorIs(t, err, change.ErrClosed)
}
