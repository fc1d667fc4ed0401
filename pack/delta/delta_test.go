package delta_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/delta/internal/programtest"
)

func diff(t testing.TB, old, new []byte) ([]byte, delta.Info) {
	t.Helper()
	var patch bytes.Buffer
	info, err := delta.Diff(context.Background(), old, new, &patch)
	require.NoError(t, err)
	return patch.Bytes(), info
}

func apply(old, patch []byte) ([]byte, error) {
	var made bytes.Buffer
	err := delta.Apply(context.Background(), bytes.NewReader(old), bytes.NewReader(patch), &made)
	return made.Bytes(), err
}

// random is noise of so many letters.
func random(seed uint64, size, letters int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(r.IntN(letters))
	}
	return data
}

// moved is data with edits as a linker makes them: bytes that come and go, and
// numbers all over that change a little.
func moved(data []byte) []byte {
	edited := append(bytes.Clone(data[:len(data)/3]), []byte("inserted by the fix")...)
	edited = append(edited, data[len(data)/3:len(data)/2]...)
	edited = append(edited, data[len(data)/2+40:]...)
	for i := 0; i < len(edited); i += 97 {
		edited[i] += 19
	}
	return edited
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	noise, text := random(1, 200_000, 256), random(2, 200_000, 4)
	for name, test := range map[string]struct {
		old, new []byte
		coder    delta.Coder
		most     int // bytes of the patch
	}{
		"nothing to nothing":   {nil, nil, delta.Whole, 100},
		"nothing to something": {nil, []byte("new"), delta.Whole, 110},
		"something to nothing": {noise, nil, delta.Whole, 110},
		"one byte":             {[]byte("a"), []byte("b"), delta.Whole, 110},
		"the same":             {noise, noise, delta.Generic, 140},
		"moved":                {noise, moved(noise), delta.Generic, 3000},
		"moved, few letters":   {text, moved(text), delta.Generic, 3000},
		"appended":             {noise, append(bytes.Clone(noise), "more"...), delta.Generic, 150},
		"cut":                  {noise, noise[1000:90_000], delta.Generic, 150},
		"unrelated":            {random(3, 10_000, 256), random(4, 10_000, 256), delta.Whole, 10_200},
		"zeros":                {make([]byte, 1<<20), make([]byte, 1<<20+1), delta.Generic, 200},
		"the other way round":  {moved(noise), noise, delta.Generic, 3000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patch, info := diff(t, test.old, test.new)
			made, err := apply(test.old, patch)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(test.new, made))
			assert.Equal(t, test.coder, info.Coder)
			assert.LessOrEqual(t, len(patch), test.most)
			read, err := delta.Inspect(bytes.NewReader(patch))
			require.NoError(t, err)
			assert.Equal(t, info, read)
			assert.Equal(t, sha256.Sum256(test.new), read.New.SHA256)
		})
	}
}

// This very program, as a real executable.
func TestExecutable(t *testing.T) {
	if testing.Short() {
		t.Skip("sorts the suffixes of megabytes")
	}
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	old, err := os.ReadFile(self)
	require.NoError(t, err)
	patch, info := diff(t, old, moved(old))
	made, err := apply(old, patch)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(moved(old), made))
	assert.Equal(t, delta.Generic, info.Coder)
	assert.Less(t, len(patch), len(old)/50)
}

func TestWrongBase(t *testing.T) {
	t.Parallel()
	old := random(1, 100_000, 256)
	patch, info := diff(t, old, moved(old))
	changed := bytes.Clone(old)
	changed[5]++
	for _, other := range [][]byte{changed, old[1:], append(bytes.Clone(old), 0), nil} {
		made, err := apply(other, patch)
		var wrong *delta.BaseError
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, info.Old, wrong.Want)
		assert.Empty(t, made, "nothing is written")
		got := sha256.Sum256(other)
		assert.ErrorContains(t, err, hex(info.Old.SHA256[:]))
		assert.ErrorContains(t, err, hex(got[:]))
	}
}

func TestEveryCoder(t *testing.T) {
	if testing.Short() {
		t.Skip("sorts suffixes")
	}
	t.Parallel()
	old, now := programtest.Build(programtest.Sample(40)), programtest.Build(programtest.Sample(40).Fixed(7))
	var patch bytes.Buffer
	info, err := delta.Diff(t.Context(), old, now, &patch, delta.WithEveryCoder())
	require.NoError(t, err)
	assert.Equal(t, delta.Program, info.Coder)
	text := random(5, 300_000, 4)
	patch.Reset()
	info, err = delta.Diff(t.Context(), text, moved(text), &patch, delta.WithEveryCoder())
	require.NoError(t, err)
	assert.Equal(t, delta.Generic, info.Coder)
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	var text []byte
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// Whatever is done to a patch, it is refused or makes the very file.
func TestDamagedPatches(t *testing.T) {
	if testing.Short() {
		t.Skip("applies thousands of patches")
	}
	t.Parallel()
	old := random(1, 3000, 16)
	now := moved(old)
	small, fixed := programtest.Build(programtest.Sample(40)), programtest.Build(programtest.Sample(40).Fixed(7))
	for name, test := range map[string]struct{ old, new []byte }{
		"generic": {old, now}, "whole": {old, random(9, 300, 256)}, "program": {small, fixed},
	} {
		patch, info := diff(t, test.old, test.new)
		require.Equal(t, name, info.Coder.String())
		refused := 0
		try := func(damaged []byte) {
			made, err := apply(test.old, damaged)
			if err != nil {
				refused++
				if name == "program" {
					require.Empty(t, made, "nothing wrong is written")
				}
				return
			}
			require.True(t, bytes.Equal(test.new, made), name)
		}
		for i := range patch {
			for bit := range 8 {
				damaged := bytes.Clone(patch)
				damaged[i] ^= 1 << bit
				try(damaged)
			}
			try(patch[:i])
			try(append(bytes.Clone(patch[:i]), patch[min(i+1, len(patch)):]...))
			try(append(append(bytes.Clone(patch[:i]), 0), patch[i:]...))
		}
		assert.Positive(t, refused)
	}
	_, err := apply(old, []byte("HFDELTA\x02\x01"))
	require.ErrorIs(t, err, delta.ErrNotPatch)
	patch, _ := diff(t, old, now)
	_, err = apply(old, append(patch, 0))
	require.ErrorIs(t, err, delta.ErrCorrupt)
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("somebody pressed control-C")
	cancel(why)
	_, err := delta.Diff(ctx, random(1, 1000, 4), random(2, 1000, 4), io.Discard)
	require.ErrorIs(t, err, why)
}

func FuzzApply(f *testing.F) {
	old := random(1, 2000, 16)
	patch, _ := diff(f, old, moved(old))
	f.Add(patch)
	patch, _ = diff(f, old, random(9, 300, 256))
	f.Add(patch)
	program := programtest.Build(programtest.Sample(20))
	patch, _ = diff(f, program, programtest.Build(programtest.Sample(20).Fixed(5)))
	f.Add(patch)
	f.Fuzz(func(t *testing.T, patch []byte) {
		base := old
		if info, err := delta.Inspect(bytes.NewReader(patch)); err == nil && info.Coder == delta.Program {
			base = program
		}
		made, err := apply(base, patch)
		if err != nil {
			return
		}
		info, err := delta.Inspect(bytes.NewReader(patch))
		require.NoError(t, err)
		require.Equal(t, info.New.SHA256, sha256.Sum256(made))
	})
}

func FuzzDiff(f *testing.F) {
	f.Add([]byte("an old text, an old text"), []byte("a new text, an old text"))
	f.Fuzz(func(t *testing.T, old, new []byte) {
		patch, _ := diff(t, old, new)
		made, err := apply(old, patch)
		require.NoError(t, err)
		require.True(t, bytes.Equal(new, made))
	})
}

// Patches that were made once decode for ever, whatever the encoder does now.
// "go test ./pack/delta -run Golden -update" makes those of a new format; those
// of an old one must never change.
func TestGoldenPatches(t *testing.T) {
	t.Parallel()
	noise, program := random(1, 3000, 16), programtest.Build(programtest.Sample(40))
	for name, test := range map[string]struct{ old, new []byte }{
		"generic": {noise, moved(noise)}, "whole": {noise, random(9, 300, 256)},
		"program": {program, programtest.Build(programtest.Sample(40).Fixed(7))},
	} {
		old, now, path := test.old, test.new, filepath.Join("testdata", name+".patch")
		if *update {
			patch, _ := diff(t, old, now)
			require.NoError(t, os.WriteFile(path, patch, 0o644))
		}
		patch, err := os.ReadFile(path)
		require.NoError(t, err)
		info, err := delta.Inspect(bytes.NewReader(patch))
		require.NoError(t, err)
		assert.Equal(t, name, info.Coder.String())
		made, err := apply(old, patch)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(now, made), name)
	}
}

var update = flag.Bool("update", false, "write the golden files anew")
