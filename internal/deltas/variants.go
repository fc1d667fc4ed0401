package main

import (
	"slices"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

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
