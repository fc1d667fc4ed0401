package main

import (
	"bytes"
	"context"
	"slices"
)

// subject is a release or document, signed, that a host takes or refuses as a whole.
type subject struct {
	name  string
	parts []part
	twin  [][]byte // the parts of another good one, in the same order

	// mayBeSame says that there are several spellings of one.
	mayBeSame bool

	// open takes it as a host does. An altered part stands in its place, one that
	// is left out is nil. Same says that what comes out of it is what was signed.
	open func(ctx context.Context, contents [][]byte) (same bool, err error)
}

type part struct {
	name    string
	about   string // what kind of part it is, for the table
	content []byte
}

func (s *subject) contents() [][]byte {
	all := make([][]byte, len(s.parts))
	for i, p := range s.parts {
		all[i] = p.content
	}
	return all
}

// with returns the contents with one of them replaced.
func (s *subject) with(i int, content []byte) [][]byte {
	all := s.contents()
	all[i] = content
	return all
}

// job is a number of alterations of one kind. Make returns nil for one that would
// alter nothing.
type job struct {
	subject     *subject
	about, kind string
	name        string // of the part; empty for several
	long        bool
	count       int
	make        func(i int) [][]byte
}

// step is the distance between those that are tried. Those of several parts are so
// few that each has its turn.
func (j job) step(sample int) int {
	if j.about == severalParts {
		return 1
	}
	return sample
}

func jobsOf(subjects []*subject) []job {
	var jobs []job
	for _, s := range subjects {
		for i := range s.parts {
			jobs = append(jobs, s.alterPart(i)...)
		}
		jobs = append(jobs, s.mix(), s.leaveOut(), s.misplace(subjects))
	}
	return jobs
}

func (s *subject) alterPart(n int) []job {
	p := s.parts[n]
	var jobs []job
	for _, k := range kinds() {
		jobs = append(jobs, job{
			subject: s, about: p.about, kind: k.name, name: p.name, long: k.long, count: k.count(p.content),
			make: func(i int) [][]byte {
				altered := k.alter(p.content, s.twin[n], i)
				if altered == nil || bytes.Equal(altered, p.content) {
					return nil
				}
				return s.with(n, altered)
			},
		})
	}
	return jobs
}

const severalParts = "several parts"

// mix takes some of the parts from the twin, in all combinations but none and all.
func (s *subject) mix() job {
	return job{
		subject: s, about: severalParts, kind: "parts of two mixed", count: 1<<len(s.parts) - 2,
		make: func(i int) [][]byte {
			return s.choose(i+1, func(n int) []byte { return s.twin[n] })
		},
	}
}

// leaveOut leaves some of the parts out, in all combinations.
func (s *subject) leaveOut() job {
	return job{
		subject: s, about: severalParts, kind: "parts left out", count: 1<<len(s.parts) - 1,
		make: func(i int) [][]byte {
			return s.choose(i+1, func(int) []byte { return nil })
		},
	}
}

// choose replaces the parts whose bits are set.
func (s *subject) choose(bits int, replacement func(n int) []byte) [][]byte {
	all := s.contents()
	for n := range all {
		if bits>>n&1 == 1 {
			all[n] = replacement(n)
		}
	}
	return all
}

// misplace puts each part of all subjects into the place of each other part, and
// swaps each two parts of this one.
func (s *subject) misplace(subjects []*subject) job {
	var strangers [][]byte
	for _, other := range subjects {
		strangers = append(strangers, other.contents()...)
	}
	single := len(s.parts) * len(strangers)
	return job{
		subject: s, about: severalParts, kind: "parts misplaced", count: single + len(s.parts)*len(s.parts),
		make: func(i int) [][]byte {
			if i >= single {
				return s.exchange((i-single)/len(s.parts), (i-single)%len(s.parts))
			}
			n, content := i/len(strangers), strangers[i%len(strangers)]
			if bytes.Equal(content, s.parts[n].content) {
				return nil
			}
			return s.with(n, content)
		},
	}
}

// exchange swaps two parts that have names: those of a list may come in any order.
func (s *subject) exchange(a, b int) [][]byte {
	if a >= b || s.parts[a].name == s.parts[b].name {
		return nil
	}
	all := slices.Clone(s.contents())
	all[a], all[b] = all[b], all[a]
	return all
}
