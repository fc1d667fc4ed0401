package program_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
	"github.com/gohotfix/hotfix/pack/delta/internal/programtest"
)

// own opens the test binary itself: a real executable of the system that the test
// runs on, if its processor is one that is understood.
func own(t *testing.T) *program.Program {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	p, err := program.Open(data)
	require.NoError(t, err)
	return p
}

// What the linker makes of the functions can be made again from what is read of
// them.
func TestTablesAreMadeAnew(t *testing.T) {
	for name, p := range map[string]*program.Program{"own": own(t), "sample": sample(t)} {
		t.Run(name, func(t *testing.T) {
			assertFinder(t, p)
			assertRecords(t, p)
			assertTables(t, p)
			assertRelocations(t, p)
		})
	}
}

func sample(t *testing.T) *program.Program {
	t.Helper()
	p, err := program.Open(programtest.Build(programtest.Sample(40)))
	require.NoError(t, err)
	return p
}

func content(p *program.Program, r program.Range) []byte { return p.Data[r.Start:r.End] }

func assertFinder(t *testing.T, p *program.Program) {
	var entries []uint64
	for _, f := range p.Functions {
		entries = append(entries, f.Entry)
	}
	last := p.Functions[len(p.Functions)-1]
	assert.Equal(t, content(p, p.Parts.Finder), program.MakeFinder(entries, last.Entry+uint64(last.Size)))
}

func assertRecords(t *testing.T, p *program.Program) {
	records := content(p, p.Parts.Records)
	for i := range p.Functions {
		f := &p.Functions[i]
		made := f.AppendRecord(nil, uint32(f.Entry-p.Text()))
		require.True(t, bytes.Contains(records, made), p.NameOf(f))
	}
}

func assertTables(t *testing.T, p *program.Program) {
	for i := range p.Functions {
		f := &p.Functions[i]
		for j := range f.Tables {
			made := program.AppendTable(nil, p.Steps(f, j, nil), p.Quantum())
			require.Equal(t, p.TableBytes(f, j), made, p.NameOf(f))
		}
	}
}

func assertRelocations(t *testing.T, p *program.Program) {
	if len(p.Relocations) > 0 {
		made := p.AppendRelocations(nil, slices.Values(p.Relocations), func(addr uint64) uint64 { return addr })
		assert.Equal(t, content(p, p.Parts.Relocations), made)
	}
}

func TestReferencesAreInOrder(t *testing.T) {
	for _, p := range []*program.Program{own(t), sample(t)} {
		end := 0
		kinds := map[program.Kind]int{}
		for r := range p.References.All(0) {
			require.GreaterOrEqual(t, int(r.Offset), end)
			end = int(r.Offset) + int(r.Size)
			kinds[r.Kind]++
		}
		assert.LessOrEqual(t, end, len(p.Data))
		assert.Positive(t, kinds[program.Word])
		assert.True(t, slices.IsSorted(p.Labels()))
	}
}

// A reference that is rewritten to where it led before is as it was, and one that
// is rewritten there and back.
func TestRewrite(t *testing.T) {
	for _, p := range []*program.Program{own(t), sample(t)} {
		for r := range p.References.All(0) {
			if r.Kind == program.Line {
				continue
			}
			field := p.Data[r.Offset : r.Offset+int32(r.Size)]
			made := bytes.Clone(field)
			addr, _, _ := p.Loaded(int(r.Offset))
			place, target := program.Movement{Old: addr, New: addr}, program.Movement{Old: p.Low() + uint64(r.Target), New: p.Low() + uint64(r.Target)}
			r.Rewrite(made, place, target, program.Movement{})
			require.Equal(t, field, made, r)
			there, back := target, target
			there.New += 0x2000
			back.Old += 0x2000
			r.Rewrite(made, place, there, program.Movement{})
			r.Rewrite(made, place, back, program.Movement{})
			require.Equal(t, field, made, r)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("#!/bin/sh\n"), programtest.Build(programtest.Sample(3))[:5000]} {
		_, err := program.Open(data)
		require.ErrorIs(t, err, program.ErrUnknown)
	}
}

// Whatever is done to an executable, reading it ends, and what is found lies in it.
func FuzzOpen(f *testing.F) {
	sample := programtest.Build(programtest.Sample(12))
	f.Add([]byte{0, 0, 1}, 0)
	f.Fuzz(func(t *testing.T, edits []byte, cut int) {
		data := programtest.Damage(sample, edits)
		if cut > 0 {
			data = data[:len(data)-cut%len(data)]
		}
		p, err := program.Open(data)
		if err != nil {
			return
		}
		for r := range p.References.All(0) {
			require.LessOrEqual(t, int(r.Offset)+int(r.Size), len(data))
		}
		for i := range p.Functions {
			for j := range p.Functions[i].Tables {
				p.Steps(&p.Functions[i], j, nil)
				p.TableBytes(&p.Functions[i], j)
			}
		}
	})
}
