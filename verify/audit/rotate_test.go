package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestRotate(t *testing.T) {
	path, _ := written(t)
	next := path + ".2"
	log := openAt(t, path)
	require.NoError(t, log.Rotate(t.Context(), next))
	require.NoError(t, log.Append(t.Context(), entries()[0]))
	assert.Equal(t, []Event{Accepted, Refused, Withdrawn, Permitted, TrustUpdated, Rotated}, events(t, path))
	assert.Equal(t, []Event{Continued, Accepted}, events(t, next))

	old, err := Verify(t.Context(), bytes.NewReader(content(t, path)))
	require.NoError(t, err)
	assert.True(t, old.Rotated)
	summary, err := Verify(t.Context(), bytes.NewReader(content(t, next)), WithStart(old.Head), WithHead(log.Head()))
	require.NoError(t, err)
	assert.Equal(t, old.Head, summary.Start)
	assert.EqualValues(t, 8, summary.Head.N)
	assert.EqualValues(t, 2, summary.Lines)
	require.NoError(t, log.Close())

	_, err = Open(t.Context(), path)
	var rotated *RotatedError
	require.ErrorAs(t, err, &rotated)
	require.ErrorIs(t, err, ErrRotated)
	assert.Equal(t, &RotatedError{Path: path, Head: old.Head}, rotated)
	again := openAt(t, next, WithStart(old.Head), WithHead(old.Head))
	require.NoError(t, again.Append(t.Context(), entries()[1]))
	openAt(t, path+".3") // the locks of the others are free, or held by again
}

func TestRotatedFileIsPartOfOneChain(t *testing.T) {
	path, before := written(t)
	next := path + ".2"
	log := openAt(t, path)
	require.NoError(t, log.Rotate(t.Context(), next))
	data := content(t, next)
	other := Head{N: 6, Digest: manifest.DigestOf([]byte("other"))}
	for name, test := range map[string]struct {
		options []Option
		want    error
	}{
		"another file before":     {[]Option{WithStart(other)}, ErrAltered},
		"first file of a chain":   {[]Option{WithStart(Genesis())}, ErrRemoved},
		"another line remembered": {[]Option{WithHead(other)}, ErrRewritten},
		"line of the file before": {[]Option{WithHead(before)}, nil},
		"start in the middle":     {[]Option{WithStart(log.Head())}, ErrInserted},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(t.Context(), bytes.NewReader(data), test.options...)
			require.Error(t, err)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
	first := content(t, path)
	_, err := Verify(t.Context(), bytes.NewReader(first), WithStart(other))
	require.ErrorIs(t, err, ErrInserted)
	plain := rechained(t, other, Entry{Event: Accepted})
	_, err = Verify(t.Context(), bytes.NewReader(plain), WithStart(other))
	assert.ErrorIs(t, err, ErrAltered, "the first line does not say that it continues")
}

// After a crash between the two files, and in the first line of the second,
// Open does what was left.
func TestCrashWhileRotating(t *testing.T) {
	path, _ := written(t)
	log := openAt(t, path)
	require.NoError(t, log.Rotate(t.Context(), path+".2"))
	first := content(t, path+".2")
	require.NoError(t, log.Close())
	_, err := Open(t.Context(), path)
	var rotated *RotatedError
	require.ErrorAs(t, err, &rotated)
	for cut := range len(first) + 1 {
		next := filepath.Join(t.TempDir(), "next")
		require.NoError(t, os.WriteFile(next, first[:cut], 0o644))
		again := openAt(t, next, WithStart(rotated.Head))
		require.NoError(t, again.Append(t.Context(), entries()[0]))
		want := []Event{Continued, Recovered, Accepted}
		if cut == 0 || cut == len(first) {
			want = []Event{Continued, Accepted}
		}
		assert.Equal(t, want, events(t, next))
		_, err := Verify(t.Context(), bytes.NewReader(content(t, next)), WithStart(rotated.Head))
		require.NoError(t, err)
	}
	missing := openAt(t, path+".3", WithStart(rotated.Head))
	assert.EqualValues(t, rotated.Head.N+1, missing.Head().N)
}

// A line that was begun after the end of a file is none that a log wrote.
func TestTailAfterTheEnd(t *testing.T) {
	path, _ := written(t)
	log := openAt(t, path)
	require.NoError(t, log.Rotate(t.Context(), path+".2"))
	require.NoError(t, log.Close())
	require.NoError(t, os.WriteFile(path, append(content(t, path), "{"...), 0o644))
	_, err := Open(t.Context(), path)
	assert.ErrorIs(t, err, ErrCut)
}

func TestRotateFails(t *testing.T) {
	t.Run("the next file exists", func(t *testing.T) {
		path, head := written(t)
		log := openAt(t, path)
		require.NoError(t, os.WriteFile(path+".2", nil, 0o644))
		require.ErrorIs(t, log.Rotate(t.Context(), path+".2"), os.ErrExist)
		assert.Equal(t, head, log.Head())
		assert.NoError(t, log.Append(t.Context(), entries()[0]))
	})
	t.Run("no folder", func(t *testing.T) {
		path, _ := written(t)
		log := openAt(t, path)
		require.ErrorIs(t, log.Rotate(t.Context(), filepath.Join(path+".d", "next")), os.ErrNotExist)
		assert.NoError(t, log.Append(t.Context(), entries()[0]))
	})
	t.Run("the end of the old file", func(t *testing.T) {
		path, _ := written(t)
		disk := &faulty{short: -1}
		log := openAt(t, path, through(disk))
		log.config.openFile = openFile
		disk.short = 10
		require.ErrorIs(t, log.Rotate(t.Context(), path+".2"), errFault)
		assert.NoFileExists(t, path+".2")
		disk.short = -1
		assert.NoError(t, log.Append(t.Context(), entries()[0]))
		assert.NoError(t, log.Rotate(t.Context(), path+".2"))
	})
	t.Run("the start of the new file", func(t *testing.T) {
		path, _ := written(t)
		log := openAt(t, path)
		require.NoError(t, through(&faulty{short: 10, shorten: errFault})(&log.config))
		err := log.Rotate(t.Context(), path+".2")
		require.ErrorIs(t, err, errFault)
		var rotated *RotatedError
		require.ErrorAs(t, err, &rotated)
		require.ErrorIs(t, log.Append(t.Context(), entries()[0]), ErrRotated)
		require.NoError(t, log.Close())
		openAt(t, path+".2", WithStart(rotated.Head))
		assert.Equal(t, []Event{Continued, Recovered}, events(t, path+".2"))
	})
}
