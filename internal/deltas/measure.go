package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// cost is what a process used.
type cost struct {
	CPU  float64 // user and system time in seconds
	Peak int64   // most memory that it held at once in bytes; 0 where the system does not tell
}

// add takes in another run of the same: what else the machine does only adds to a
// time.
func (c *cost) add(r *gocmd.Result) {
	if cpu := r.CPU.Seconds(); c.CPU == 0 || cpu < c.CPU {
		c.CPU = cpu
	}
	c.Peak = max(c.Peak, r.Peak)
}

// coded is the patch that a coder made of a pair.
type coded struct {
	Size   int64 // bytes
	Create cost
}

// measured is a row of the table.
type measured struct {
	Name   string
	Target string
	Kind   kind
	New    int64 // bytes of the new file
	Ours   coded
	Coder  string // of ours
	Apply  cost
	Rivals map[string]*coded // by the command's name, without those that are not installed
}

// smaller says how many times smaller our patch is than bsdiff's, 0 if there is
// none.
func (m *measured) smaller() float64 {
	if rival := m.Rivals[bsdiff]; rival != nil {
		return float64(rival.Size) / float64(m.Ours.Size)
	}
	return 0
}

// effort is what making our patch costs as a part of what bsdiff takes, 0 if there
// is none.
func (m *measured) effort() float64 {
	if rival := m.Rivals[bsdiff]; rival != nil {
		return m.Ours.Create.CPU / rival.Create.CPU
	}
	return 0
}

func (m *measured) applyPerMegabyte() float64 { return m.Apply.CPU / (float64(m.New) / 1e6) }

func (m *measured) applyPeak() float64 { return float64(m.Apply.Peak) / float64(m.New) }

// rival is an external command that makes patches.
type rival struct {
	name string
	once bool // only its size counts
	argv func(old, now, patch string) []string
}

const bsdiff = "bsdiff"

func rivals() []rival {
	return []rival{
		{bsdiff, false, func(old, now, patch string) []string { return []string{"bsdiff", old, now, patch} }},
		{"zstd", true, func(old, now, patch string) []string {
			return []string{"zstd", "-19", "--long=31", "--quiet", "--force", "--patch-from=" + old, now, "-o", patch}
		}},
	}
}

func rivalNamed(name string) *rival {
	all := rivals()
	if i := slices.IndexFunc(all, func(r rival) bool { return r.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// bench makes and applies patches.
type bench struct {
	settings
	self  string // this program's executable
	temp  string
	store *store
	out   io.Writer
}

// newBench keeps pairs in the cache that was asked for, or in the folder temp, which
// the caller removes.
func newBench(s settings, temp string, out io.Writer) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(temp, "cache")
	if s.cache != "" {
		if cache, err = filepath.Abs(s.cache); err != nil {
			return nil, err
		}
	}
	return &bench{settings: s, self: self, temp: temp, store: newStore(cache, temp), out: out}, nil
}

func (b *bench) path(name string) string { return filepath.Join(b.temp, name) }

// measure lets the coders take turns.
func (b *bench) measure(ctx context.Context, p pair) (*measured, error) {
	files, err := b.store.pair(ctx, p)
	if err != nil {
		return nil, err
	}
	m := &measured{Name: p.name, Target: p.target, Kind: p.kind, Rivals: map[string]*coded{}}
	for round := range b.rounds {
		for _, r := range rivals() {
			if !slices.Contains(strings.Split(b.rivals, ","), r.name) || r.once && round > 0 {
				continue
			}
			if err := b.rival(ctx, m, r, files); err != nil {
				return nil, err
			}
		}
		if err := b.ours(ctx, m, files); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (b *bench) rival(ctx context.Context, m *measured, r rival, files sides) error {
	patch := b.path("rival.patch")
	result, err := gocmd.Run(ctx, gocmd.Command{Argv: r.argv(files.old, files.new, patch), Dir: b.temp, Env: os.Environ()})
	if errors.Is(err, gocmd.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if m.Rivals[r.name] == nil {
		m.Rivals[r.name] = &coded{}
	}
	m.Rivals[r.name].Create.add(result)
	m.Rivals[r.name].Size, err = size(patch)
	return err
}

// ours makes a patch, applies it in another process and compares.
func (b *bench) ours(ctx context.Context, m *measured, files sides) error {
	patch, output := b.path("patch"), b.path("output")
	created, err := b.child(ctx, createJob, files.old, files.new, patch)
	if err != nil {
		return err
	}
	applied, err := b.child(ctx, applyJob, files.old, patch, output)
	if err != nil {
		return err
	}
	if err := same(files.new, output); err != nil {
		return err
	}
	m.Coder = string(created.Stdout)
	m.Ours.Create.add(created)
	m.Apply.add(applied)
	if m.Ours.Size, err = size(patch); err != nil {
		return err
	}
	m.New, err = size(output)
	return err
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// same compares two files without holding them: what this process holds could
// count as its children's.
func same(want, got string) error {
	a, err := os.Open(want)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(got)
	if err != nil {
		return err
	}
	defer b.Close()
	blockA, blockB := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); ; at += int64(len(blockA)) {
		n, errA := io.ReadFull(a, blockA)
		m, errB := io.ReadFull(b, blockB)
		if !bytes.Equal(blockA[:n], blockB[:m]) {
			return fmt.Errorf("what the patch makes differs from the new file, at byte %d or after it", at)
		}
		if errA != nil || errB != nil {
			return unlessEnd(errors.Join(errA, errB))
		}
	}
}

func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
