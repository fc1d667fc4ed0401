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

// programTrips are releases of real programs for all targets, and the way back.
func programTrips() []pair {
	var pairs []pair
	releases := append([]upstream.Release{{Name: "age-1.3.2", Program: upstream.Age("v1.3.1"), To: upstream.Age("v1.3.2")}}, upstream.Releases()...)
	for _, r := range releases {
		for _, on := range upstream.Targets("linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64", "darwin/amd64", "darwin/arm64") {
			pairs = append(pairs, tripOf(r.Name, r.Program.For(on), r.To.For(on)), tripOf(r.Name+"-back", r.To.For(on), r.Program.For(on)))
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
