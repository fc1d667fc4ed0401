package disk

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A disk holds what a slice of bytes would.
func TestDisk(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d, want := New(10*blockSize), make([]byte, 10*blockSize)
	assert.EqualValues(t, len(want), d.Size())
	var copied *Disk
	var then []byte
	for i := range 500 {
		off := random.IntN(len(want))
		piece := bytes.Repeat([]byte{byte(random.IntN(3))}, random.IntN(min(3*blockSize, len(want)-off)+1))
		n, err := d.WriteAt(piece, int64(off))
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
		copy(want[off:], piece)
		if i == 250 {
			copied, then = d.Clone(), bytes.Clone(want)
		}
	}
	requireContent(t, want, d)
	requireContent(t, then, copied)
}

func requireContent(t *testing.T, want []byte, d *Disk) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := d.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, len(want), n)
	require.True(t, bytes.Equal(want, got))
}

func TestZerosTakeNoMemory(t *testing.T) {
	d := New(2 * blockSize)
	require.NoError(t, write(d, 0, bytes.Repeat([]byte{1}, 2*blockSize)))
	require.NoError(t, write(d, 0, make([]byte, 2*blockSize)))
	assert.Empty(t, d.blocks)
}

func TestBeyondTheEnd(t *testing.T) {
	d := New(blockSize + 1) // rounded down
	n, err := d.WriteAt(make([]byte, 10), blockSize-4)
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.Equal(t, 4, n)
	n, err = d.ReadAt(make([]byte, 10), blockSize-4)
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, 4, n)
}

const sector = 512

// sectors returns n sectors of one byte.
func sectors(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n*sector) }

// example is a record: two writes, a flush, a mark, three writes.
func example(t *testing.T) (*Disk, []Entry) {
	r := NewRecorder(New(4 * blockSize))
	r.Mark("before the record")
	_, err := r.WriteAt(sectors(1, 9), 0)
	require.NoError(t, err)
	start := r.Start()
	for i, step := range []func() error{
		func() error { return writeTo(r, 0, sectors(2, 1)) },
		func() error { return writeTo(r, 4*sector, sectors(1, 2)) },
		func() error { r.Flush(); return nil },
		func() error { r.Mark("told"); return nil },
		func() error { return writeTo(r, 1*sector, sectors(2, 3)) },
		func() error { return writeTo(r, 5*sector, sectors(1, 4)) },
		func() error { return writeTo(r, 6*sector, sectors(1, 5)) },
	} {
		require.NoError(t, step(), i)
	}
	record := r.Stop()
	require.NoError(t, writeTo(r, 0, sectors(1, 8)))
	require.Len(t, record, 7)
	return start, record
}

func writeTo(r *Recorder, off int64, data []byte) error {
	_, err := r.WriteAt(data, off)
	return err
}

// picture returns the first byte of the first eight sectors.
func picture(t *testing.T, d *Disk) string {
	t.Helper()
	var s string
	for i := range int64(8) {
		b := make([]byte, 1)
		_, err := d.ReadAt(b, i*sector)
		require.NoError(t, err)
		s += fmt.Sprint(b[0])
	}
	return s
}

func TestStates(t *testing.T) {
	start, record := example(t)
	require.Equal(t, "90000000", picture(t, start))
	states := States(record, sector, 1)
	seen := map[string]bool{}
	last := 0
	err := Replay(start, record, states, sector, func(s State, d *Disk, marks []string) error {
		key := fmt.Sprint(picture(t, d), marks)
		assert.False(t, seen[key], "twice: %s, %s", key, s.Name)
		seen[key] = true
		assert.GreaterOrEqual(t, s.Cut, last, "in order")
		last = s.Cut
		if s.Cut > 2 { // the first two writes were flushed
			assert.Contains(t, picture(t, d), "1", s.Name)
			assert.Contains(t, picture(t, d)[4:5], "2", s.Name)
		}
		assert.Equal(t, s.Cut > 3, len(marks) == 1)
		return nil
	})
	require.NoError(t, err)
	for _, want := range []string{
		"90000000[]",     // nothing was sent, or all was lost
		"11000000[]",     // the first write alone
		"90002000[]",     // the second alone, though it came later
		"11002000[]",     // both
		"11002000[told]", // a mark is no write
		"13302000[told]", // the third
		"11302400[told]", // it is torn
		"11002450[told]", // all but the first
		"13302450[told]", // all
	} {
		assert.True(t, seen[want], "%s is not among %v", want, seen)
	}
	assert.Equal(t, states, States(record, sector, 1), "the same seed makes the same states")
}

func TestReplayEndsWithAnError(t *testing.T) {
	start, record := example(t)
	calls := 0
	err := Replay(start, record, States(record, sector, 1), sector, func(State, *Disk, []string) error { calls++; return io.ErrUnexpectedEOF })
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, 1, calls)
}

func TestNothingRecorded(t *testing.T) {
	require.Len(t, States(nil, sector, 1), 1)
	r := NewRecorder(New(blockSize))
	r.Flush()
	r.Start()
	assert.Empty(t, r.Stop())
}
