package seal_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/delta/internal/programtest"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// find finds the parts of a file.
func find(t *testing.T, data []byte) *seal.Seals {
	t.Helper()
	s, err := seal.Find(bytes.NewReader(data), len(data))
	require.NoError(t, err)
	return s
}

// written is the file with what was written.
func written(t *testing.T, s *seal.Seals, size int) []byte {
	t.Helper()
	data, err := io.ReadAll(io.NewSectionReader(s, 0, int64(size)))
	require.NoError(t, err)
	return data
}

// The test binary itself has what the go command writes into every executable.
func TestOwnExecutable(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	s := find(t, data)
	id, ok := s.ID()
	if !ok {
		t.Skip("built without a build ID")
	}
	known := s.Known()
	assert.Equal(t, seal.All, int(known))

	blank := bytes.Clone(data)
	for _, part := range s.Spans(known, ok) {
		clear(blank[part.Start:part.End])
	}
	require.False(t, bytes.Equal(data, blank))
	s = find(t, blank)
	require.NoError(t, s.Write(known, id, ok))
	assert.True(t, bytes.Equal(data, written(t, s, len(data))), "what was blank is written again")
	for at := range 200 {
		from := s.Spans(seal.All, true)[0].Start - 100 + at
		var b [3]byte
		_, err := s.ReadAt(b[:], int64(from))
		require.NoError(t, err)
		require.Equal(t, data[from:from+3], b[:], "parts of what was written")
	}
}

// A byte more or less, and the parts that depend on it are others.
func TestPartsDependOnTheRest(t *testing.T) {
	data := programtest.Build(programtest.Sample(5))
	s := find(t, data)
	id, ok := s.ID()
	require.True(t, ok)
	require.NoError(t, s.Write(seal.All, id, ok))
	data = written(t, s, len(data))
	first, _ := find(t, data).ID()
	assert.Equal(t, seal.All, int(find(t, data).Known()))
	data[len(data)/2]++
	s = find(t, data)
	assert.Zero(t, s.Known()&seal.Content)
	require.NoError(t, s.Write(seal.All, id, ok))
	second, _ := s.ID()
	assert.Equal(t, first[:3], second[:3])
	assert.NotEqual(t, first[3], second[3])
}

func FuzzFind(f *testing.F) {
	sample := programtest.Build(programtest.Sample(3))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, edits []byte) {
		data := programtest.Damage(sample, edits)
		before := bytes.Clone(data)
		s, err := seal.Find(bytes.NewReader(data), len(data))
		if err != nil {
			return
		}
		id, ok := s.ID()
		s.Known()
		_ = s.Write(seal.All, id, ok) // an error is an answer
		if !bytes.Equal(before, data) {
			t.Fatal("the file has changed")
		}
	})
}
