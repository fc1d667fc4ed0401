package build

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

func TestParseDiagnostics(t *testing.T) {
	tests := map[string]struct {
		output string
		want   []PackageErrors
	}{
		"nothing":  {"", nil},
		"progress": {"runtime\nexample.com/m\ngo: downloading example.org/x v1.0.0\n", nil},
		"compiler": {
			"example.com/m/a\n# example.com/m/a\na/a.go:3:5: undefined: x\n./b.go:7: too many errors\n",
			[]PackageErrors{{"example.com/m/a", []Diagnostic{{"a/a.go", 3, 5, "undefined: x"}, {"b.go", 7, 0, "too many errors"}}}},
		},
		"continued": {
			"# example.com/m\nmain.go:3:5: cannot use x as T:\n\tmissing method M\n\t\thave m()\n",
			[]PackageErrors{{"example.com/m", []Diagnostic{{"main.go", 3, 5, "cannot use x as T: missing method M have m()"}}}},
		},
		"absolute path": {
			"# example.com/m\n/src/m/main.go:3:5: bad\n/elsewhere/x.go:1:1: bad\n",
			[]PackageErrors{{"example.com/m", []Diagnostic{{"main.go", 3, 5, "bad"}, {"/elsewhere/x.go", 1, 1, "bad"}}}},
		},
		"C compiler": {
			"# example.com/m\nmain.go: In function 'f':\nmain.go:3:24: error: 'missing' undeclared\n    3 | int f(void)\n      |     ^~~~\n",
			[]PackageErrors{{"example.com/m", []Diagnostic{
				{Message: "main.go: In function 'f':"}, {"main.go", 3, 24, "error: 'missing' undeclared 3 | int f(void) | ^~~~"},
			}}},
		},
		"linker": {
			"# example.com/m\nmain.main: relocation target main.missing not defined\n",
			[]PackageErrors{{"example.com/m", []Diagnostic{{Message: "main.main: relocation target main.missing not defined"}}}},
		},
		"cycle": {
			"package example.com/m\n\timports example.com/m/a from m.go\n\timports example.com/m/a from a.go: import cycle not allowed\n",
			[]PackageErrors{{"example.com/m", []Diagnostic{{Message: "imports example.com/m/a from m.go imports example.com/m/a from a.go: import cycle not allowed"}}}},
		},
		"go.mod": {
			"go: errors parsing go.mod:\ngo.mod:5:2: unknown directive: x\n",
			[]PackageErrors{{"", []Diagnostic{{Message: "errors parsing go.mod:"}, {"go.mod", 5, 2, "unknown directive: x"}}}},
		},
		"package of a file": {
			"sub/x.go:3:8: package nostd/x is not in std\nmain.go:4:2: no required module provides package y\n",
			[]PackageErrors{
				{"example.com/m/sub", []Diagnostic{{"sub/x.go", 3, 8, "package nostd/x is not in std"}}},
				{"example.com/m", []Diagnostic{{"main.go", 4, 2, "no required module provides package y"}}},
			},
		},
		"not about the source": {"build cache is required, but could not be located\n", nil},
		"Windows line ends":    {"# m\r\nmain.go:1:2: bad\r\n", []PackageErrors{{"m", []Diagnostic{{"main.go", 1, 2, "bad"}}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := parseDiagnostics(test.output, "/src/m", "example.com/m")
			if test.want == nil {
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Equal(t, test.want, got.Packages)
		})
	}
}

func TestCompileErrorIsBounded(t *testing.T) {
	e := CompileError{Packages: []PackageErrors{{ImportPath: "m", Diagnostics: make([]Diagnostic, 40)}}}
	assert.ErrorContains(t, &e, "; and 35 more")
}

func FuzzDiagnostics(f *testing.F) {
	f.Add("# example.com/m\nmain.go:3:5: cannot use x:\n\tcontinued\n")
	f.Add("package a\n\timports b: import cycle not allowed\n")
	f.Add("a: no non-test Go files in /x\nC:\\x.go:99999999999999999999:1: x\n")
	f.Add("go: download go1.99.0: toolchain not available\n")
	f.Fuzz(func(t *testing.T, output string) {
		if e := parseDiagnostics(output, "/src", "example.com/m"); e != nil {
			if len(e.Packages) == 0 || strings.Contains(e.Error(), "\n") {
				t.Fatalf("%#v: %v", e, e)
			}
			for _, p := range e.Packages {
				if len(p.Diagnostics) == 0 {
					t.Fatalf("a package without diagnostics: %#v", e)
				}
			}
		}
		err := explain(&gocmd.ExitError{Argv: []string{"go", "build"}, Code: 1, Stderr: []byte(output)}, Plan{Dir: "/src"}, "example.com/m")
		if err == nil || err.Error() == "" {
			t.Fatal("a failure without an error")
		}
	})
}

func TestExplain(t *testing.T) {
	plan := Plan{Dir: "/src", Target: target.Target{OS: "linux", Arch: "amd64"}}
	failed := func(stderr string) error {
		return explain(&gocmd.ExitError{Argv: []string{"go", "build"}, Code: 1, Stderr: []byte(stderr)}, plan, "example.com/m")
	}
	assert.ErrorIs(t, failed("go: unsupported GOOS/GOARCH pair a/b\n"), errors.ErrUnsupported)
	assert.ErrorIs(t, failed("/x/compile: writing output: write x: no space left on device\n"), ErrDiskFull)
	assert.ErrorIs(t, failed("main.go:3:8: example.org/x@v1.0.0: Get \"https://proxy\": dial tcp: connection refused\n"), ErrFetch)
	for stderr, toolchain := range map[string]string{
		"go: download go1.99.0 for linux/amd64: toolchain not available\n":                           "go1.99.0",
		"go: download go1.99.0: golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64: 403 Forbidden\n":   "go1.99.0",
		"go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=go1.26.8)\n":                 "go1.26.8",
		"go: cannot find \"go1.99.0\" in PATH\n":                                                     "go1.99.0",
		"go: example.org/x@v1.0.0 requires go >= 1.99.0 (running go 1.26.8; GOTOOLCHAIN=go1.26.8)\n": "go1.26.8",
	} {
		var missing *ToolchainError
		require.ErrorAs(t, failed(stderr), &missing, stderr)
		assert.Equal(t, toolchain, missing.Toolchain)
	}
	other := errors.New("other")
	assert.Equal(t, other, explain(other, plan, ""))
}

func TestJoinFlags(t *testing.T) {
	assert.Equal(t, `-s "it's" '-X=a b' 'say "x"'`, joinFlags([]string{"-s", "it's", "-X=a b", `say "x"`}))
}
