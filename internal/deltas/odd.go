package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// goFile is an executable by Go, of the small program.
func goFile() content { return smallOn("linux/amd64").new }

// oddPairs are files that nobody ships: empty, tiny, equal, exchanged, damaged.
func oddPairs() []pair {
	base, fix := smallOn("linux/amd64").old, goFile()
	empty, tiny, text, random := literal(""), literal("a"), literal("one line\nanother line\n"), noise(1)
	zeros := made{How: "zeros", make: func([]byte) []byte { return make([]byte, 100<<10) }}
	var pairs []pair
	add := func(name string, old, now content) {
		pairs = append(pairs, pair{name: "odd-" + name, kind: roundTrip, old: old, new: now})
	}
	add("empty", empty, empty)
	add("empty-tiny", empty, tiny)
	add("tiny-empty", tiny, empty)
	add("tiny", tiny, literal("bc"))
	add("text", text, literal("one line\nand another line\n"))
	add("empty-go", empty, fix)
	add("go-empty", base, empty)
	add("text-go", text, fix)
	add("go-text", base, text)
	add("noise", random, noise(2))
	add("noise-go", random, fix)
	add("go-noise", base, random)
	add("zeros-go", zeros, fix)
	add("equal", base, base)
	add("exchanged", fix, base)
	for _, d := range damages() {
		add(d.How+"-old", d.of(base), fix)
		add(d.How+"-new", base, d.of(fix))
		add(d.How+"-both", d.of(base), d.of(fix))
	}
	return pairs
}

func literal(text string) content {
	return made{How: "text " + text, make: func([]byte) []byte { return []byte(text) }}
}

// noise cannot be compressed.
func noise(seed uint64) content {
	return made{How: fmt.Sprintf("noise %d", seed), make: func([]byte) []byte {
		source, data := rand.New(rand.NewPCG(seed, 0)), make([]byte, 64<<10)
		for i := range data {
			data[i] = byte(source.Uint32())
		}
		return data
	}}
}

// damage is a way to make something else of an executable that looks like one.
type damage struct {
	How  string
	make func([]byte) []byte
}

func (d damage) of(c content) content { return made{How: d.How, From: c, make: d.make} }

func damages() []damage {
	return []damage{
		{"cut", func(b []byte) []byte { return b[:len(b)/2] }},
		{"appended", func(b []byte) []byte { return append(b, bytes.Repeat([]byte("appended"), 1000)...) }},
		{"hole", func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+len(b)/8]); return b }},
		{"headerless", func(b []byte) []byte { clear(b[:4096]); return b }},
		{"shifted", func(b []byte) []byte { return append([]byte("x"), b...) }},
		{"scattered", func(b []byte) []byte {
			for i := 8192; i < len(b); i += 4099 {
				b[i] ^= 0x55
			}
			return b
		}},
	}
}
