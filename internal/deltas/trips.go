package main

import (
	"path"
	"slices"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// quickPairs are built in a minute and go through all coders.
func quickPairs() []pair {
	on := target.MustParse("linux/amd64")
	return slices.Concat([]pair{
		smallOn("linux/amd64"), smallOn("windows/amd64"), smallOn("darwin/arm64"),
		variant("small-unstripped", small(on), smallFixed(on), "", unstripped()),
	}, oddPairs(), installedPairs())
}

// smallOn is a fix of the small program for a target.
func smallOn(name string) pair {
	on := target.MustParse(name)
	return tripOf("small", small(on), smallFixed(on))
}

// roundTripPairs are all that can be had.
func roundTripPairs() []pair {
	return slices.Concat(oddPairs(), installedPairs(), packagedPairs(), variants(), toolchainTrips(), otherProcessors(), programTrips())
}

// tripOf is a pair of executables that is only tried.
func tripOf(name string, old, now upstream.Executable) pair {
	if old.Toolchain == "" {
		old.Toolchain = toolchain
	}
	if now.Toolchain == "" {
		now.Toolchain = toolchain
	}
	return of(name, roundTrip, old, now)
}

// buildFlags are the flags and variables of a way to build.
type buildFlags struct {
	flags []string
	env   []string
}

func unstripped() buildFlags { return buildFlags{flags: []string{"-trimpath"}} }

// variant is a pair that is built in another way than usual.
func variant(name string, old, now upstream.Executable, needs string, f buildFlags) pair {
	old.Flags, old.Env, now.Flags, now.Env = f.flags, f.env, f.flags, f.env
	p := tripOf(name, old, now)
	for _, side := range []*content{&p.old, &p.new} {
		b := (*side).(built)
		b.Needs = needs
		*side = b
	}
	return p
}

// variants are the ways to build that Go has, for a small program and for age.
func variants() []pair {
	var pairs []pair
	fix := ageFix()
	for _, on := range upstream.Targets("linux/amd64", "windows/amd64", "darwin/arm64", "linux/arm64") {
		pairs = append(pairs, plainVariants("small", small(on), smallFixed(on))...)
		pairs = append(pairs, plainVariants("age", fix.Base(on), fix.Fixed(on))...)
		pairs = append(pairs, variant("small-debug", small(on), smallFixed(on), "", buildFlags{flags: []string{"-trimpath", "-gcflags=all=-N -l"}}), versioned(on))
	}
	return append(pairs, cgoPairs()...)
}

const stripped = "-ldflags=-s -w"

func plainVariants(name string, old, now upstream.Executable) []pair {
	var pairs []pair
	for _, v := range []struct {
		name  string
		flags []string // beside -trimpath
	}{
		{"unstripped", nil}, {"no-dwarf", []string{"-ldflags=-w"}}, {"plain-dwarf", []string{"-ldflags=-compressdwarf=false"}},
		{"no-buildid", []string{stripped + " -buildid="}}, {"pie", []string{stripped, "-buildmode=pie"}}, {"unstripped-pie", []string{"-buildmode=pie"}},
	} {
		pairs = append(pairs, variant(name+"-"+v.name, old, now, "", buildFlags{flags: append([]string{"-trimpath"}, v.flags...)}))
	}
	return pairs
}

// versioned is a pair that differs in a variable that the linker sets.
func versioned(on target.Target) pair {
	old, now := small(on), small(on)
	old.Flags = []string{"-trimpath", "-ldflags=-s -w -X main.version=v1.2.3"}
	now.Flags = []string{"-trimpath", "-ldflags=-s -w -X main.version=v1.2.4-hotfix.1"}
	return tripOf("small-variable", old, now)
}

// cgoPairs need C compilers.
func cgoPairs() []pair {
	var pairs []pair
	for _, c := range []struct{ target, compiler string }{
		{"linux/amd64", nativeCompiler}, {"linux/arm64", "aarch64-linux-gnu-gcc"}, {"windows/amd64", "x86_64-w64-mingw32-gcc"},
	} {
		on, env := target.MustParse(c.target), []string{"CGO_ENABLED=1", "CC=" + c.compiler}
		old, now := withC(small(on)), withC(smallFixed(on))
		pairs = append(pairs,
			variant("small-cgo", old, now, c.compiler, buildFlags{[]string{"-trimpath", stripped}, env}),
			variant("small-cgo-unstripped", old, now, c.compiler, buildFlags{[]string{"-trimpath"}, env}),
			variant("small-cgo-pie", old, now, c.compiler, buildFlags{[]string{"-trimpath", stripped, "-buildmode=pie"}, env}),
		)
	}
	on, fix, env := target.MustParse("linux/amd64"), ageFix(), []string{"CGO_ENABLED=1"}
	return append(pairs,
		variant("age-cgo", fix.Base(on), fix.Fixed(on), nativeCompiler, buildFlags{[]string{"-trimpath", stripped}, env}),
		variant("small-external", small(on), smallFixed(on), nativeCompiler, buildFlags{[]string{"-trimpath", stripped + " -linkmode=external"}, env}),
		variant("small-race", small(on), smallFixed(on), nativeCompiler, buildFlags{[]string{"-trimpath", stripped, "-race"}, env}),
		variant("age-race", fix.Base(on), fix.Fixed(on), nativeCompiler, buildFlags{[]string{"-trimpath", "-race"}, env}),
	)
}

func ageFix() upstream.Hotfix {
	all := upstream.Hotfixes()
	return all[slices.IndexFunc(all, func(h upstream.Hotfix) bool { return h.Name == "age-a" })]
}

// toolchainTrips are fixes by each release of Go, and steps from each to the next.
func toolchainTrips() []pair {
	var pairs []pair
	on, before := target.MustParse("linux/amd64"), ""
	for _, version := range []string{"go1.21.3", "go1.22.12", "go1.23.0", "go1.24.13", olderToolchain, toolchain, latestToolchain} {
		pairs = append(pairs, tripOf("small-"+version, by(version, small(on)), by(version, smallFixed(on))))
		if before != "" {
			pairs = append(pairs, tripOf("small-"+before+"-"+version, by(before, small(on)), by(version, small(on))))
		}
		before = version
	}
	for _, on := range upstream.Targets("windows/amd64", "darwin/arm64", "linux/arm64") {
		for _, version := range []string{olderToolchain, latestToolchain} {
			pairs = append(pairs, tripOf("small-"+version, by(version, small(on)), by(version, smallFixed(on))))
		}
	}
	return pairs
}

// otherProcessors are those that the coder for Go executables does not know, and
// other systems.
func otherProcessors() []pair {
	var pairs []pair
	for _, on := range upstream.Targets("linux/386", "linux/arm", "linux/riscv64", "linux/s390x", "linux/ppc64le", "linux/loong64", "linux/mips64le", "freebsd/amd64", "openbsd/arm64", "windows/386") {
		pairs = append(pairs, smallOn(on.String()), tripOf("age", upstream.Age("v1.3.1").For(on), upstream.Age("v1.3.2").For(on)))
	}
	return pairs
}

// programTrips are releases of real programs for all targets.
func programTrips() []pair {
	var pairs []pair
	releases := append([]upstream.Release{{Name: "age-1.3.2", Program: upstream.Age("v1.3.1"), To: upstream.Age("v1.3.2")}}, upstream.Releases()...)
	for _, r := range releases {
		for _, on := range upstream.Targets("linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64", "darwin/amd64", "darwin/arm64") {
			pairs = append(pairs, tripOf(r.Name, r.Program.For(on), r.To.For(on)))
		}
	}
	return pairs
}

// installedPairs are programs of this machine, most of them not by Go.
func installedPairs() []pair {
	var pairs []pair
	for _, two := range [][2]string{{"ls", "cat"}, {"cat", "ls"}, {"sh", "sh"}, {"gzip", "ls"}} {
		pairs = append(pairs, pair{name: "installed-" + two[0] + "-" + two[1], kind: roundTrip, old: installed(two[0]), new: installed(two[1])})
	}
	fixed := goFile()
	return append(pairs,
		pair{name: "installed-ls-go", kind: roundTrip, old: installed("ls"), new: fixed},
		pair{name: "installed-go-ls", kind: roundTrip, old: fixed, new: installed("ls")},
	)
}

// packagedPairs are Debian's programs by Go.
func packagedPairs() []pair {
	var pairs []pair
	for _, p := range []packaged{{Package: "containerd", File: "usr/bin/containerd"}, {Package: "containerd", File: "usr/bin/ctr"}, {Package: "runc", File: "usr/sbin/runc"}} {
		before := p
		before.Before = true
		pairs = append(pairs, pair{name: "packaged-" + p.Package + "-" + path.Base(p.File), kind: roundTrip, old: before, new: p})
	}
	return append(pairs, pair{name: "packaged-age", kind: roundTrip, old: packaged{Package: "age", File: "usr/bin/age-keygen"}, new: packaged{Package: "age", File: "usr/bin/age"}})
}
