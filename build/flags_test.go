package build_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
)

// What a plan lists leads to the same plan.
func TestFlagOptions(t *testing.T) {
	dir := writeTree(t, hello)
	for name, options := range map[string][]build.Option{
		"defaults":       nil,
		"no ldflags":     {build.WithLdflags()},
		"variables":      {build.WithVariable("main.version", "1.2.3 (it's)"), build.WithVariable("example.com/x.y", `"a=b"`)},
		"gcflags":        {build.WithGcflags("-l", "-N", "-d=checkptr")},
		"tags, vendor":   {build.WithTags("a", "b"), build.WithVendor()},
		"mode, profile":  {build.WithBuildMode("pie"), build.WithPGO("off")},
		"default PGO":    {build.WithPGO("auto")},
		"stamp, race":    {build.WithVCSStamp(), build.WithRace()},
		"cgo":            {build.WithCgo(build.Cgo{})},
		"cgo, variables": {build.WithCgo(build.Cgo{CC: "x86_64-w64-mingw32-gcc -m64", CXX: "clang++-19", AR: "llvm-ar", CFLAGS: "-O2", CXXFLAGS: "-O1", LDFLAGS: "-static", PkgConfig: "pkg-config"})},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := newBuilder(t, dir, ".", options...).Plan(host())
			require.NoError(t, err)
			again, err := build.FlagOptions(want.Flags())
			require.NoError(t, err)
			got, err := newBuilder(t, dir, ".", again...).Plan(host())
			require.NoError(t, err)
			assert.Equal(t, want.Flags(), got.Flags())
		})
	}
}

func TestFlagOptionsOfAProfile(t *testing.T) {
	dir := writeTree(t, hello+"-- cpu.pprof --\n")
	path := filepath.Join(dir, "cpu.pprof")
	options, err := build.FlagOptions([]string{"-trimpath", "-mod=readonly", "-pgo=" + path, "CGO_ENABLED=0"})
	require.NoError(t, err)
	plan, err := newBuilder(t, dir, ".", options...).Plan(host())
	require.NoError(t, err)
	assert.Equal(t, path, plan.PGO)
}

func TestFlagOptionsThatAreRefused(t *testing.T) {
	good := []string{"-trimpath", "-mod=readonly", "CGO_ENABLED=0"}
	for name, test := range map[string]struct {
		flags []string
		says  string
	}{
		"unknown flag":              {append([]string{"-toolexec=/bin/sh"}, good...), "no option gives -toolexec=/bin/sh"},
		"unknown variable":          {append([]string{"GOFLAGS=-toolexec=x"}, good...), "no option gives GOFLAGS"},
		"overlay":                   {append([]string{"-overlay=x.json"}, good...), "no option gives -overlay"},
		"package":                   {append([]string{"./x"}, good...), "no option gives ./x"},
		"external linker":           {append([]string{"-ldflags=-s -extld=/bin/sh"}, good...), "-extld=/bin/sh, which could run a program"},
		"plugin of the C compiler":  {append([]string{"-ldflags=-extldflags=-fplugin=x.so"}, good...), "-fplugin=x.so"},
		"quotes":                    {append([]string{"-ldflags='-s"}, good...), "'-s"},
		"output of the compiler":    {append([]string{"-gcflags=-cpuprofile=x"}, good...), "-cpuprofile=x"},
		"not trimmed":               {good[1:], "-trimpath is missing"},
		"modules as they come":      {[]string{"-trimpath", "-mod=mod", "CGO_ENABLED=0"}, "no option gives -mod=mod"},
		"no word on modules":        {[]string{"-trimpath", "CGO_ENABLED=0"}, "no option gives"},
		"no word on cgo":            {good[:2], "variables of cgo"},
		"cgo, neither on nor off":   {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=2"}, "variables of cgo"},
		"a compiler, and cgo off":   {append([]string{"CC=gcc"}, good...), "variables of cgo"},
		"a shell as a compiler":     {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "CC=sh -c gcc"}, "CC has sh"},
		"a compiler of a folder":    {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "CC=./gcc"}, "CC has ./gcc"},
		"a compiler with a plugin":  {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "CC=gcc -fplugin=x.so"}, "-fplugin=x.so"},
		"C flags that load a file":  {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "CGO_CFLAGS=-fplugin=x.so"}, "-fplugin=x.so"},
		"C flags for another tool":  {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "CGO_LDFLAGS=-fuse-ld=/tmp/ld"}, "-fuse-ld=/tmp/ld"},
		"an archiver that is a rm":  {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "AR=rm -rf"}, "AR has rm"},
		"a package config, as well": {[]string{"-trimpath", "-mod=readonly", "CGO_ENABLED=1", "PKG_CONFIG=curl"}, "PKG_CONFIG has curl"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := build.FlagOptions(test.flags)
			var refused *build.OptionError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
		})
	}
}
