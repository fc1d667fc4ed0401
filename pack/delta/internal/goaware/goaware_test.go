package goaware

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe/code"
	"github.com/gohotfix/hotfix/pack/delta/internal/programtest"
)

func roundTrip(t *testing.T, old, new []byte) []byte {
	t.Helper()
	body, err := Make(t.Context(), old, new)
	require.NoError(t, err)
	requireMade(t, old, body, new)
	again, err := Make(t.Context(), old, new)
	require.NoError(t, err)
	require.Equal(t, body, again, "the same files give the same patch")
	return body
}

// requireMade applies a body, and reads what it makes as a whole and in pieces
// that begin and end anywhere.
func requireMade(t *testing.T, old, body, new []byte) {
	t.Helper()
	made, err := Apply(t.Context(), old, body, len(new))
	require.NoError(t, err)
	require.True(t, bytes.Equal(new, whole(t, made, len(new))))
	for _, step := range []int{1, 3, 64, 1021} {
		piece := make([]byte, step)
		for at := 0; at+step <= len(new); at += 97 * step {
			_, err := made.ReadAt(piece, int64(at))
			require.NoError(t, err)
			require.Equal(t, new[at:at+step], piece, "at %d", at)
		}
	}
	n, err := made.ReadAt(make([]byte, 2), int64(len(new)-1))
	require.Equal(t, 1, n)
	require.ErrorIs(t, err, io.EOF)
}

func whole(t *testing.T, r io.ReaderAt, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	n, err := r.ReadAt(data, 0)
	require.NoError(t, err)
	require.Equal(t, size, n)
	return data
}

func TestFixes(t *testing.T) {
	t.Parallel()
	first := programtest.Sample(200)
	old := programtest.Build(first)
	for name, test := range map[string]struct {
		new  programtest.Recipe
		most int // bytes
	}{
		"nothing":             {first, 20},
		"the first function":  {first.Fixed(0), 200},
		"one in the middle":   {first.Fixed(77), 200},
		"two of them":         {first.Fixed(20).Fixed(90), 300},
		"fewer functions":     {programtest.Sample(150), 900},
		"more functions":      {programtest.Sample(220), 1000},
		"one that moved":      {reordered(first, 190, 3), 300},
		"the other way round": {programtest.Sample(1), 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := programtest.Build(test.new)
			assert.LessOrEqual(t, len(roundTrip(t, old, now)), test.most)
			roundTrip(t, now, old)
		})
	}
}

// reordered puts one function before another.
func reordered(r programtest.Recipe, from, to int) programtest.Recipe {
	order := make([]int, len(r.Functions)) // the old number of each
	for i := range order {
		order[i] = i
	}
	order = slices.Insert(slices.Delete(order, from, from+1), to, from)
	all := make([]programtest.Function, len(order))
	for i, old := range order {
		all[i] = r.Functions[old]
		all[i].Calls = slices.Clone(all[i].Calls)
		for j, callee := range all[i].Calls {
			all[i].Calls[j] = slices.Index(order, callee)
		}
	}
	r.Functions = all
	return r
}

func TestNotPrograms(t *testing.T) {
	t.Parallel()
	old := programtest.Build(programtest.Sample(5))
	for _, pair := range [][2][]byte{{old, []byte("text")}, {[]byte("text"), old}, {nil, nil}} {
		_, err := Make(t.Context(), pair[0], pair[1])
		require.ErrorIs(t, err, ErrUnknown)
	}
	_, err := Apply(t.Context(), old, []byte("not a body"), 5000)
	require.ErrorIs(t, err, ErrCorrupt)
}

// Whatever two executables hold, a patch between them makes the new one.
func FuzzMake(f *testing.F) {
	old, now := programtest.Build(programtest.Sample(12)), programtest.Build(programtest.Sample(12).Fixed(4))
	f.Add([]byte{}, []byte{})
	f.Add([]byte{1, 30, 1}, []byte{2, 40, 7})
	f.Fuzz(func(t *testing.T, before, after []byte) {
		a, b := programtest.Damage(old, before), programtest.Damage(now, after)
		body, err := Make(t.Context(), a, b)
		if err != nil {
			return
		}
		requireMade(t, a, body, b)
	})
}

// No body makes a host do more than its sizes allow.
func FuzzApply(f *testing.F) {
	old := programtest.Build(programtest.Sample(12))
	now := programtest.Build(programtest.Sample(12).Fixed(4))
	body, err := Make(f.Context(), old, now)
	require.NoError(f, err)
	f.Add(body, len(now))
	f.Fuzz(func(t *testing.T, body []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		if made, err := Apply(t.Context(), old, body, size); err == nil {
			whole(t, made, size)
		}
	})
}

// Executables that are damaged in all ways, and bodies, are refused or coded.
func TestDamaged(t *testing.T) {
	t.Parallel()
	old, now := programtest.Build(programtest.Sample(12)), programtest.Build(programtest.Sample(12).Fixed(4))
	good := roundTrip(t, old, now)
	r := rand.New(rand.NewPCG(1, 2))
	edits := func() []byte {
		list := make([]byte, 3*r.IntN(6))
		for i := range list {
			list[i] = byte(r.IntN(256))
		}
		return list
	}
	coded, rounds := 0, 600
	if testing.Short() {
		rounds = 60
	}
	for range rounds {
		a, b := programtest.Damage(old, edits()), programtest.Damage(now, edits())
		if body, err := Make(t.Context(), a, b); err == nil {
			requireMade(t, a, body, b)
			coded++
		}
		body := bytes.Clone(good)
		for range 1 + r.IntN(4) {
			body[r.IntN(len(body))] ^= byte(1 << r.IntN(8))
		}
		size := len(now) + r.IntN(2)*r.IntN(40_000)
		if made, err := Apply(t.Context(), old, body, size); err == nil {
			whole(t, made, size)
		}
	}
	assert.Greater(t, coded, rounds/6)
}

func TestPadding(t *testing.T) {
	t.Parallel()
	for size := 1; size < boundary; size++ {
		pad := appendPadding(nil, size)
		require.Len(t, pad, size)
		at := 0
		for in := range code.Instructions(code.AMD64, pad) {
			assert.Equal(t, code.Code, in.Class)
			at += in.Size
		}
		assert.Equal(t, size, at)
	}
}
