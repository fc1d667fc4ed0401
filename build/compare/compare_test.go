package compare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/target"
)

// program is what the tests edit.
const program = `package main

import (
	"os"
	"strconv"
)

type account struct {
	name    string
	balance int
}

var limit = 250

var names = []string{"first", "second"}

func main() {
	a := account{name: names[len(os.Args)%2], balance: len(os.Args)}
	println(describe(a), check(a), twice(a.balance), func() string { return "closure of " + a.name }())
}

//go:noinline
func describe(a account) string { return "account " + a.name + " has " + strconv.Itoa(a.balance) }

//go:noinline
func check(a account) bool {
	if a.balance > limit {
		return false
	}
	return half(a.balance) < 100
}

func half(n int) int { return n / 2 }

//go:noinline
func twice(n int) int { return 2 * half(4*n) }
`

// built builds a program for a target and returns the executable's path.
func built(t *testing.T, source string, on target.Target) string {
	t.Helper()
	return builtAs(t, "example.com/app", source, on)
}

func builtAs(t *testing.T, module, source string, on target.Target) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module " + module + "\n\ngo 1.25\n", "main.go": source} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	b, err := build.New(dir, ".", build.WithOutput(t.TempDir()))
	require.NoError(t, err)
	artifact, err := b.Build(t.Context(), on)
	require.NoError(t, err)
	return artifact.Path
}

// told is the report's functions and data, a line each.
func told(r *compare.Report) []string {
	lines := []string{}
	for _, f := range r.Functions {
		line := string(f.Status) + " " + f.Name
		if f.Generated {
			line = "generated: " + line
		}
		if len(f.Through) > 0 {
			line += " through " + strings.Join(f.Through, ",")
		}
		lines = append(lines, line)
	}
	for _, d := range r.Data {
		lines = append(lines, fmt.Sprintf("%s of %s", d.Kind, strings.Join(d.Users, ",")))
	}
	return lines
}

// The compiler numbers function literals: one more before others renames them
// all, and they are the same all the same.
func TestRenumberedLiterals(t *testing.T) {
	t.Parallel()
	source := func(first, third string) string {
		return "package main\n\nimport \"os\"\n\nvar table = []func(int) int{\n" + first +
			"\tfunc(n int) int { return n + 1 },\n\tfunc(n int) int { return n * 3 },\n" + third +
			"\tfunc(n int) int { return 7 - n },\n}\n\nfunc main() {\n\tfor _, f := range table {\n\t\tprintln(f(len(os.Args)))\n\t}\n}\n"
	}
	before := built(t, source("", "\tfunc(n int) int { return n &^ 9 },\n"), target.Host())
	for _, test := range []struct {
		first, third string
		want         []string
	}{
		{"\tfunc(n int) int { return n ^ 5 },\n", "\tfunc(n int) int { return n &^ 9 },\n", []string{"added main.init.func1"}},
		{"", "", []string{"removed main.init.func3"}},
		{"\tfunc(n int) int { return n ^ 5 },\n", "", []string{"added main.init.func1", "removed main.init.func3"}},
		{"", "\tfunc(n int) int { return n &^ 99 },\n", []string{"edited main.init.func3"}},
	} {
		report, err := compare.Executables(t.Context(), before, built(t, source(test.first, test.third), target.Host()))
		require.NoError(t, err)
		var literals []string
		for _, line := range told(report) {
			if strings.Contains(line, "main.init.func") {
				literals = append(literals, line)
			}
		}
		assert.Equal(t, test.want, literals)
	}
}

// A type that is used as an interface is told of with the table by which it is.
func TestMethodTables(t *testing.T) {
	t.Parallel()
	source := func(kind string) string {
		return `package main

import "os"

type shape interface{ area() int }

type square struct{ side int }

func (s *square) area() int { return s.side * s.side }

//go:noinline
func show(s shape) { println(s.area()) }

func main() {
	show(struct {
		*square
		number ` + kind + `
	}{square: &square{side: len(os.Args)}})
}
`
	}
	report, err := compare.Executables(t.Context(), built(t, source("int32"), target.Host()), built(t, source("uint32"), target.Host()))
	require.NoError(t, err)
	var data []string
	for _, d := range report.Data {
		data = append(data, fmt.Sprintf("%s: %s", d.Kind, d.New))
	}
	assert.Contains(t, data, "method table: struct { *main.square; number uint32 } as main.shape")
}

func TestEdits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		replace, with string
		want          []string
	}{
		"nothing":                {"", "", []string{}},
		"a comment, lines moved": {"type account", "// One\n// or two.\ntype account", []string{}},
		"a statement":            {"	if a.balance > limit", "	if a.name == \"\" {\n		return false\n	}\n	if a.balance > limit", []string{"edited main.check"}},
		"an operator in place":   {"a.balance > limit", "a.balance >= limit", []string{"edited main.check"}},
		"a literal":              {`"account "`, `"Account "`, []string{"edited main.describe", "constant of main.describe"}},
		"a longer literal":       {`"account "`, `"the account "`, []string{"edited main.describe"}},
		"a number":               {"< 100", "< 101", []string{"edited main.check"}},
		"another callee":         {"describe(a), check", "a.name, check", []string{"removed main.describe", "edited main.main"}},
		"an inlined function":    {"return n / 2", "return n / 3", []string{"inlined main.check through main.half", "inlined main.twice through main.half"}},
		"a variable":             {"limit = 250", "limit = 260", []string{"variable of main.check"}},
		"a string in a variable": {`"second"`, `"SECOND"`, []string{"variable of main.main"}},
		"a closure":              {`"closure of "`, `"a closure of "`, []string{"edited main.main"}},
		"a new function":         {"func half", "//go:noinline\nfunc more() int { return limit }\n\nfunc init() { limit += more() }\n\nfunc half", []string{"added main.init.0", "added main.more"}},
	}
	for _, on := range []target.Target{target.MustParse("linux/amd64"), target.MustParse("darwin/arm64")} {
		base := built(t, program, on)
		for name, test := range tests {
			t.Run(on.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				report, err := compare.Executables(t.Context(), base, built(t, strings.ReplaceAll(program, test.replace, test.with), on))
				require.NoError(t, err)
				assert.Equal(t, test.want, told(report), "%s", report)
			})
		}
	}
}

func TestOneProgramTwice(t *testing.T) {
	t.Parallel()
	path := built(t, program, target.Host())
	report, err := compare.Executables(t.Context(), path, path)
	require.NoError(t, err)
	assert.True(t, report.Identical)
	assert.Empty(t, told(report))
	assert.Equal(t, report.Old.Functions, report.Equal)
	assert.Contains(t, report.String(), "identical, byte for byte")
}

func TestWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	host, other := built(t, program, target.MustParse("linux/amd64")), built(t, program, target.MustParse("windows/amd64"))
	data, err := os.ReadFile(host)
	require.NoError(t, err)
	write := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "app")
		require.NoError(t, os.WriteFile(path, data, 0o755))
		return path
	}
	tests := map[string]struct{ path, want string }{
		"another program": {builtAs(t, "example.com/other", program, target.MustParse("linux/amd64")), "compare two versions of one program"},
		"another target":  {other, "compare two of one target"},
		"not executable":  {write([]byte("#!/bin/sh\n")), "no Go build info"},
		"empty":           {write(nil), "no Go build info"},
		"half of it":      {write(data[:len(data)/2]), "cannot be compared function by function"},
		"a processor":     {built(t, program, target.MustParse("linux/386")), "cannot be compared function by function"},
		"the table":       {write(bytes.Replace(data, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0}, []byte{0xf9, 0xff, 0xff, 0xff, 0, 0}, 1)), "no Go function table"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, order := range [][2]string{{host, test.path}, {test.path, host}} {
				_, err := compare.Executables(t.Context(), order[0], order[1])
				require.ErrorIs(t, err, compare.ErrUnknown)
				assert.ErrorContains(t, err, test.want)
				assert.NotContains(t, err.Error(), "\n")
			}
		})
	}
	_, err = compare.Executables(t.Context(), host, filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = compare.Executables(t.Context(), host, builtAs(t, "example.com/app/v2", program, target.MustParse("linux/amd64")))
	assert.NoError(t, err, "a major version is of the same program")
}

// Executables come from strangers: whatever is damaged in one, there is an
// answer, and soon.
func TestDamagedExecutables(t *testing.T) {
	t.Parallel()
	path := built(t, program, target.MustParse("linux/amd64"))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	table := bytes.Index(data, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8})
	require.Positive(t, table)
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	random := rand.New(rand.NewPCG(1, 2))
	damaged := filepath.Join(t.TempDir(), "app")
	for range rounds {
		bad := bytes.Clone(data)
		for range 1 + random.IntN(40) {
			at := random.IntN(len(bad))
			switch random.IntN(3) {
			case 0:
				at = random.IntN(4096) // headers
			case 1:
				at = table + random.IntN(len(bad)-table)
			}
			bad[at] = byte(random.Uint32())
		}
		require.NoError(t, os.WriteFile(damaged, bad, 0o755))
		for _, order := range [][2]string{{path, damaged}, {damaged, path}} {
			if report, err := compare.Executables(t.Context(), order[0], order[1]); err == nil {
				assert.NotEmpty(t, report.String())
			}
		}
	}
}

func ExampleExecutables() {
	report, err := compare.Executables(context.Background(), "payments-1.4.2", "payments-1.4.3")
	if err != nil {
		fmt.Println(errors.Is(err, os.ErrNotExist))
		return
	}
	for _, f := range report.Edited() {
		fmt.Println(f.Name, f.File, f.Line)
	}
	// Output: true
}
