package change_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// betweenModes is between, for plans with options.
func betweenModes(t *testing.T, base, fix, pkg string, options func(dir string) []build.Option) policy.Change {
	t.Helper()
	old, err := change.Folder(base)
	require.NoError(t, err)
	now, err := change.Folder(fix)
	require.NoError(t, err)
	c, err := change.Between(t.Context(), old, now, func(dir string, on target.Target) (build.Plan, error) {
		b, err := build.New(dir, pkg, options(dir)...)
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(on)
	}, target.Host())
	require.NoError(t, err)
	return c
}

// A vendored module is built from the vendor folder, which the change is in.
func TestVendored(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, `
-- go.mod --
module example.com/pay

go 1.24

require example.com/log v1.0.0
-- main.go --
package main

import "example.com/log"

func main() { log.Print() }
-- vendor/modules.txt --
# example.com/log v1.0.0
## explicit; go 1.24
example.com/log
-- vendor/example.com/log/log.go --
package log

func Print() { println("old") }
`, `
-- vendor/example.com/log/log.go --
package log

func Print() { println("new") }
`)
	c := betweenModes(t, base, fix, ".", func(string) []build.Option { return []build.Option{build.WithVendor()} })
	assert.Equal(t, []policy.Affected{{Target: target.Host(), Changed: []string{"example.com/log"}, Through: []string{"example.com/pay"}}}, c.Affected)
	assert.Equal(t, "vendor/example.com/log/log.go", c.Files[0].Path)
	assert.Nil(t, c.Modules, "its version is the same")
}

// Another module of a workspace, in the same tree, is part of the program.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	base, fix := folders(t, `
-- go.work --
go 1.24

use (
	.
	./lib
)
-- go.mod --
module example.com/pay

go 1.24
-- main.go --
package main

import "example.com/lib"

func main() { lib.Print() }
-- lib/go.mod --
module example.com/lib

go 1.24
-- lib/lib.go --
package lib

func Print() { println("old") }
`, `
-- lib/lib.go --
package lib

func Print() { println("new") }
`)
	c := betweenModes(t, base, fix, ".", func(dir string) []build.Option {
		return []build.Option{build.WithWorkspace(filepath.Join(dir, "go.work"))}
	})
	assert.Equal(t, []policy.Affected{{Target: target.Host(), Changed: []string{"example.com/lib"}, Through: []string{"example.com/pay"}}}, c.Affected)
	assert.Equal(t, "lib/lib.go", c.Files[0].Path)
}

// With cgo other files are part of the program, C files among them.
func TestCgo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("there is no C compiler")
	}
	base, fix := folders(t, `
-- go.mod --
module example.com/pay

go 1.24
-- main.go --
package main

import "example.com/pay/native"

func main() { println(native.One()) }
-- native/cgo.go --
package native

// int one(void);
import "C"

func One() int { return int(C.one()) }
-- native/one.c --
int one(void) { return 2; }
-- native/pure.go --
//go:build !cgo

package native

func One() int { return 1 }
`, `
-- native/one.c --
int one(void) { return 1; }
`)
	withCgo := betweenModes(t, base, fix, ".", func(string) []build.Option { return []build.Option{build.WithCgo(build.Cgo{})} })
	assert.Equal(t, []string{"example.com/pay/native"}, withCgo.Affected[0].Changed)
	require.Len(t, withCgo.Notes, 1)
	assert.Equal(t, policy.Cgo, withCgo.Notes[0].Kind)
	without := betweenModes(t, base, fix, ".", func(string) []build.Option { return nil })
	assert.Empty(t, without.Affected[0].Changed)
	assert.Equal(t, []string{"native/one.c"}, without.Affected[0].Excluded)
}

// What packages export is not asked for where bodies and comments alone differ,
// and is wherever else something could have changed.
func TestAPIBehindDeclarations(t *testing.T) {
	t.Parallel()
	const lib = `
-- go.mod --
module example.com/pay

go 1.24
-- main.go --
package main

import "example.com/pay/lib"

func main() { lib.Print(lib.Make()) }
-- lib/lib.go --
package lib

// Print prints.
func Print(t T) { println(t.n) }
-- lib/types.go --
package lib

type T struct{ n number }

type number int

var Default = one()

func one() int { return 1 }

func Make() T { return T{} }
`
	for name, test := range map[string]struct {
		difference string
		want       []policy.API
	}{
		"a body": {"-- lib/lib.go --\npackage lib\n\n// Print prints well.\nfunc Print(t T) { println(\"n\", t.n) }\n", nil},
		"a type that an exported function takes": {
			"-- lib/types.go --\npackage lib\n\ntype T struct{ n number }\n\ntype number string\n\nvar Default = one()\n\nfunc one() int { return 1 }\n\nfunc Make() T { return T{} }\n", nil,
		},
		"a type that is inferred": {
			"-- lib/types.go --\npackage lib\n\ntype T struct{ n number }\n\ntype number int\n\nvar Default = one()\n\nfunc one() uint { return 1 }\n\nfunc Make() T { return T{} }\n",
			[]policy.API{{Package: "example.com/pay/lib", Message: "Default: changed from int to uint"}},
		},
		"a constraint that hides a function": {
			"-- lib/types.go --\n//go:build never\n\npackage lib\n\ntype T struct{ n number }\n\ntype number int\n\nvar Default = one()\n\nfunc one() int { return 1 }\n\nfunc Make() T { return T{} }\n-- lib/lib.go --\npackage lib\n\ntype T int\n\nfunc Make() T { return 1 }\n\nfunc Print(t T) { println(t) }\n",
			[]policy.API{
				{Package: "example.com/pay/lib", Message: "Default: removed"},
				{Package: "example.com/pay/lib", Message: "T: changed from struct{n number} to int"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base, fix := folders(t, lib, test.difference)
			c := betweenModes(t, base, fix, ".", func(string) []build.Option { return nil })
			assert.Equal(t, test.want, c.API)
			assert.Nil(t, c.Unknown)
		})
	}
}
