package build_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// TestPlan is the contract of what runs. It needs no go command.
func TestPlan(t *testing.T) {
	dir := writeTree(t, hello+"-- cpu.pprof --\n-- go.work --\ngo 1.26\n")
	profile, workspace := filepath.Join(dir, "cpu.pprof"), filepath.Join(dir, "go.work")
	tests := map[string]struct {
		target string
		opts   []build.Option
		argv   string // between "go build -v" and "-o"
		env    string // beyond what never changes
	}{
		"defaults": {
			target: "linux/amd64",
			argv:   `-trimpath|-buildvcs=false|-mod=readonly|-ldflags=-s -w`,
			env:    "CGO_ENABLED=0 GOAMD64=v1 GOARCH=amd64 GOOS=linux GOTOOLCHAIN=auto GOWORK=off",
		},
		"variant": {
			target: "linux/arm/7+softfloat",
			argv:   `-trimpath|-buildvcs=false|-mod=readonly|-ldflags=-s -w`,
			env:    "CGO_ENABLED=0 GOARCH=arm GOARM=7,softfloat GOOS=linux GOTOOLCHAIN=auto GOWORK=off",
		},
		"everything": {
			target: "windows/amd64/v3",
			opts: []build.Option{
				build.WithToolchain("go1.26.8"), build.WithTags("z", "a", "z"), build.WithVariable("main.version", "1.2.3 (it's)"),
				build.WithVariable("example.com/x.y", `"a=b"`), build.WithLdflags("-w"), build.WithGcflags("-l", "-d=a b"),
				build.WithPGO(profile), build.WithVendor(), build.WithBuildMode("pie"), build.WithRace(), build.WithVCSStamp(),
				build.WithCgo(build.Cgo{CC: "x86_64-w64-mingw32-gcc", CFLAGS: "-O2", LDFLAGS: "-static"}),
			},
			argv: `-trimpath|-buildvcs=true|-race|-mod=vendor|-buildmode=pie|-tags=a,z|-gcflags=-l '-d=a b'|` +
				`-ldflags=-w -X "main.version=1.2.3 (it's)" -X 'example.com/x.y="a=b"'|-pgo=` + profile,
			env: "CC=x86_64-w64-mingw32-gcc CGO_CFLAGS=-O2 CGO_ENABLED=1 CGO_LDFLAGS=-static GOAMD64=v3 GOARCH=amd64 GOOS=windows GOTOOLCHAIN=go1.26.8 GOWORK=off",
		},
		"workspace": {
			target: "darwin/arm64",
			opts:   []build.Option{build.WithWorkspace(workspace), build.WithPGO("off"), build.WithLdflags()},
			argv:   `-trimpath|-buildvcs=false|-mod=readonly|-pgo=off`,
			env:    "CGO_ENABLED=0 GOARCH=arm64 GOARM64=v8.0 GOOS=darwin GOTOOLCHAIN=auto GOWORK=" + workspace,
		},
	}
	environ := []string{
		"PATH=/bin", "HOME=/home/user", "GOENV=off", "GOPROXY=off",
		"GOFLAGS=-race", "GODEBUG=x=1", "GOEXPERIMENT=x", "CGO_CFLAGS=-O3", "CC=clang", "TZ=UTC", "LANG=de", "GOWORK=/x", "GOOS=plan9", "GOTOOLCHAIN=local", "GOROOT=/x", "LD_PRELOAD=/x.so",
	}
	const fixed = "GIT_TERMINAL_PROMPT=0 GO111MODULE=on GOENV=off GOFLAGS= GOPROXY=off GOTELEMETRY=off HOME=/home/user LC_ALL=C PATH=/bin"
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(dir, "out")
			opts := append([]build.Option{build.WithEnviron(environ), build.WithOutput(output)}, test.opts...)
			b, err := build.New(dir, ".", opts...)
			require.NoError(t, err)
			goal := target.MustParse(test.target)
			plan, err := b.Plan(goal)
			require.NoError(t, err)

			executable := filepath.Join(output, goal.FileName(), goal.Executable("hello"))
			assert.Equal(t, executable, plan.Output)
			want := append([]string{"go", "build", "-v"}, strings.Split(test.argv, "|")...)
			assert.Equal(t, append(want, "-o", executable, "."), plan.Argv())
			assert.ElementsMatch(t, strings.Split(fixed+" "+test.env, " "), plan.Environ())
			assert.IsIncreasing(t, plan.Environ())
			assert.NotContains(t, strings.Join(plan.Flags(), " "), filepath.ToSlash(dir), "recorded flags name a folder of the host")
		})
	}
}

func TestPlanRefusesAnInvalidTarget(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".")
	for _, invalid := range []target.Target{{}, {OS: "linux"}, {OS: "linux", Arch: "amd64", Variant: "v9"}, {OS: "../x", Arch: "amd64"}} {
		_, err := b.Plan(invalid)
		assert.Error(t, err)
		_, err = b.BuildAll(t.Context(), []target.Target{invalid})
		assert.Error(t, err)
	}
	_, err := b.BuildAll(t.Context(), nil)
	assert.ErrorContains(t, err, "no target")
	_, err = b.BuildAll(t.Context(), []target.Target{host(), host()})
	assert.ErrorContains(t, err, "twice")
}
