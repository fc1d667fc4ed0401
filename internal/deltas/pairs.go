package main

import (
	"path/filepath"

	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// Toolchains of the table.
const (
	toolchain       = "go1.26.8" // of all pairs but those of two toolchains
	patchToolchain  = "go1.26.5"
	olderToolchain  = "go1.25.1"
	latestToolchain = "go1.27.3"
)

// kind is what a pair is about.
type kind string

const (
	hotfix          kind = "hotfix"
	standardLibrary kind = "stdlib fix"
	patchRelease    kind = "patch release"
	minorRelease    kind = "minor release"
	toolchainPatch  kind = "Go patch level"
	toolchainMinor  kind = "Go minor"
	dependency      kind = "dependency"
	roundTrip       kind = "round trip"
)

// pair is an old and a new file.
type pair struct {
	name   string
	target string // in which folder below its name it is kept
	kind   kind
	old    content
	new    content
}

// String is the pair's name, as a folder.
func (p pair) String() string { return filepath.ToSlash(filepath.Join(p.name, p.target)) }

// of is a pair of two executables for one target.
func of(name string, k kind, old, now upstream.Executable) pair {
	return pair{name: name, target: now.Target.FileName(), kind: k, old: built{Executable: old}, new: built{Executable: now}}
}

// by is the executable built by a toolchain.
func by(toolchain string, e upstream.Executable) upstream.Executable {
	e.Toolchain = toolchain
	return e
}

// tablePairs are those with limits, and some that are only measured.
func tablePairs() []pair {
	var pairs []pair
	for _, h := range upstream.Hotfixes() {
		pairs = append(pairs, fixed(h)...)
	}
	linux := target.MustParse("linux/amd64")
	for _, r := range upstream.Releases() {
		pairs = append(pairs, released(r, linux))
	}
	return append(pairs, toolchains(linux)...)
}

func fixed(h upstream.Hotfix) []pair {
	k := hotfix
	if h.Edited == upstream.StandardLibrary {
		k = standardLibrary
	}
	var pairs []pair
	for _, on := range h.Targets {
		pairs = append(pairs, of(h.Name, k, by(toolchain, h.Base(on)), by(toolchain, h.Fixed(on))))
	}
	return pairs
}

func released(r upstream.Release, on target.Target) pair {
	k := patchRelease
	if semver.MajorMinor(r.Program.Version()) != semver.MajorMinor(r.To.Version()) {
		k = minorRelease
	}
	return of(r.Name, k, by(toolchain, r.Program.For(on)), by(toolchain, r.To.For(on)))
}

// toolchains are pairs that differ in what built them or in what they depend on.
func toolchains(on target.Target) []pair {
	age, nats := upstream.Age("v1.3.2").For(on), upstream.NATS("v2.14.8").For(on)
	bumped, raised := by(toolchain, age), by(toolchain, nats)
	bumped.Require = []string{"golang.org/x/crypto@v0.58.0"}
	raised.Require = []string{"github.com/klauspost/compress@v1.20.3"}
	return []pair{
		of("age-go1.26.8", toolchainPatch, by(patchToolchain, age), by(toolchain, age)),
		of("age-go1.26", toolchainMinor, by(olderToolchain, age), by(toolchain, age)),
		of("age-go1.27", toolchainMinor, by(toolchain, age), by(latestToolchain, age)),
		of("age-crypto", dependency, by(toolchain, age), bumped),
		of("nats-compress", dependency, by(toolchain, nats), raised),
	}
}
