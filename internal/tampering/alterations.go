package main

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
)

// kind is a way to alter one part. The i-th alteration may turn out to be the part as
// it was; such a one is not tried.
type kind struct {
	name  string
	long  bool // alterations that are measured one by one
	count func(data []byte) int
	alter func(data, twin []byte, i int) []byte
}

func kinds() []kind {
	return []kind{
		{name: "flipped bit", count: times(8), alter: flipBit},
		{name: "changed byte", count: times(len(values)), alter: changeByte},
		{name: "cut off at the end", count: times(1), alter: func(data, _ []byte, i int) []byte { return slices.Clone(data[:i]) }},
		{name: "cut off at the start", count: times(1), alter: func(data, _ []byte, i int) []byte { return slices.Clone(data[i+1:]) }},
		{name: "range cut out", count: times(len(widths())), alter: ranged(cutOut)},
		{name: "range doubled", count: times(len(widths())), alter: ranged(double)},
		{name: "ranges swapped", count: times(len(widths())), alter: ranged(swap)},
		{name: "insertion", count: func(data []byte) int { return (len(data) + 1) * len(insertions()) }, alter: insert},
		{name: "halves of two", count: times(1), alter: cross},
		{name: "long run", long: true, count: func(data []byte) int { return len(places(data)) * len(fillers()) }, alter: blowUp},
		{name: "too long", long: true, count: func([]byte) int { return 2 }, alter: tooLong},
	}
}

func times(n int) func([]byte) int { return func(data []byte) int { return len(data) * n } }

func flipBit(data, _ []byte, i int) []byte {
	altered := slices.Clone(data)
	altered[i/8] ^= 1 << (i % 8)
	return altered
}

// values are what each byte is set to.
const values = "\x00A"

func changeByte(data, _ []byte, i int) []byte {
	altered := slices.Clone(data)
	altered[i/len(values)] = values[i%len(values)]
	return altered
}

// widths are the bytes of a range: one, and four groups of base64.
func widths() []int { return []int{1, 16} }

// ranged hands a function the place and the width of a range that lies within.
func ranged(alter func(data []byte, at, width int) []byte) func(data, twin []byte, i int) []byte {
	return func(data, _ []byte, i int) []byte {
		at, width := i/len(widths()), widths()[i%len(widths())]
		if at+width > len(data) {
			return data
		}
		return alter(data, at, width)
	}
}

func cutOut(data []byte, at, width int) []byte { return slices.Concat(data[:at], data[at+width:]) }

func double(data []byte, at, width int) []byte {
	return slices.Concat(data[:at+width], data[at:])
}

// swap exchanges a range with the one after it.
func swap(data []byte, at, width int) []byte {
	second := min(at+2*width, len(data))
	return slices.Concat(data[:at], data[at+width:second], data[at:at+width], data[second:])
}

// insertions are what is put between any two bytes.
func insertions() []string {
	return []string{"\x00", " ", `"`, "A"}
}

func insert(data, _ []byte, i int) []byte {
	at := i / len(insertions())
	return slices.Concat(data[:at], []byte(insertions()[i%len(insertions())]), data[at:])
}

// cross takes the beginning of one and the end of another, both good.
func cross(data, twin []byte, i int) []byte {
	altered := slices.Concat(data[:i], twin[min(i, len(twin)):])
	if bytes.Equal(altered, twin) {
		return nil // as good as it was
	}
	return altered
}

// fillers are what a parser may spend time or memory on.
func fillers() []string {
	return []string{"[", `{"a":`, "{},", "null,", "9", "\\u0000", " ", "A"}
}

// maxPlaces is where long runs are put into a part at most.
const maxPlaces = 12

// places are those after a character of JSON's structure, and the end; spread evenly
// if there are too many.
func places(data []byte) []int {
	all := []int{0}
	for i, c := range data {
		if strings.IndexByte(`{[,:"`, c) >= 0 {
			all = append(all, i+1)
		}
	}
	all = append(all, len(data))
	if len(all) <= maxPlaces {
		return all
	}
	chosen := make([]int, maxPlaces)
	for i := range chosen {
		chosen[i] = all[i*(len(all)-1)/(maxPlaces-1)]
	}
	return chosen
}

// longest is the length up to which a part is looked into.
func longest(data []byte) int {
	if inline.Found(data) {
		return inline.MaxText
	}
	return verify.MaxBundle
}

func blowUp(data, _ []byte, i int) []byte {
	at, filler := places(data)[i/len(fillers())], fillers()[i%len(fillers())]
	run := strings.Repeat(filler, (longest(data)-len(data))/len(filler))
	return slices.Concat(data[:at], []byte(run), data[at:])
}

// tooLong goes one byte, and sixteen times, beyond what is looked into.
func tooLong(data, _ []byte, i int) []byte {
	length := []int{longest(data) + 1, 16 * longest(data)}[i]
	return slices.Concat(data, bytes.Repeat([]byte(" "), length-len(data)))
}
