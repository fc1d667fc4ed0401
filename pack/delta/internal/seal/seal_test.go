package seal_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/delta/internal/programtest"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// The test binary itself has what the go command writes into every executable.
func TestOwnExecutable(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	s, err := seal.Find(data)
	require.NoError(t, err)
	id, ok := s.ID()
	if !ok {
		t.Skip("built without a build ID")
	}
	before := bytes.Clone(data)
	known := s.Known()
	assert.True(t, bytes.Equal(before, data), "Known leaves the file as it is")
	assert.Equal(t, seal.All, int(known))

	s.Blank(known, ok)
	assert.False(t, bytes.Equal(before, data))
	assert.NotEmpty(t, s.Spans(known, ok))
	s.Write(known, id, ok)
	assert.True(t, bytes.Equal(before, data), "what was blank is written again")
}

// A byte more or less, and the parts that depend on it are others.
func TestPartsDependOnTheRest(t *testing.T) {
	data := programtest.Build(programtest.Sample(5))
	s, err := seal.Find(data)
	require.NoError(t, err)
	id, ok := s.ID()
	require.True(t, ok)
	s.Write(seal.All, id, ok)
	first, _ := s.ID()
	assert.Equal(t, seal.All, int(s.Known()))
	data[len(data)-1]++
	assert.Zero(t, s.Known()&seal.Content)
	s.Write(seal.All, id, ok)
	second, _ := s.ID()
	assert.Equal(t, first[:3], second[:3])
	assert.NotEqual(t, first[3], second[3])
}

func FuzzFind(f *testing.F) {
	sample := programtest.Build(programtest.Sample(3))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, edits []byte) {
		data := programtest.Damage(sample, edits)
		s, err := seal.Find(data)
		if err != nil {
			return
		}
		id, ok := s.ID()
		s.Known()
		s.Write(seal.All, id, ok)
	})
}
