package journal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
)

func record(state journal.State) journal.Record {
	return journal.Record{
		Time: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC), Operation: "op-1", Kind: journal.Apply, State: state,
		Hotfix: "HF-1", Statement: manifest.DigestOf([]byte("s")), To: manifest.DigestOf([]byte("to")), Reason: "one\ntwo\x00<three>",
	}
}

func write(t *testing.T, path string, states ...journal.State) {
	t.Helper()
	j, err := journal.Open(t.Context(), path)
	require.NoError(t, err)
	for _, s := range states {
		require.NoError(t, j.Append(record(s)))
	}
	require.NoError(t, j.Close())
}

func TestRecordsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	write(t, path, journal.Receiving, journal.Verified)
	write(t, path, journal.Activating)

	records, err := journal.Read(t.Context(), path)
	require.NoError(t, err)
	require.Len(t, records, 3)
	for i, state := range []journal.State{journal.Receiving, journal.Verified, journal.Activating} {
		assert.Equal(t, state, records[i].State)
		assert.EqualValues(t, i+1, records[i].N)
		assert.Equal(t, "one two <three>", records[i].Reason, "a reason is one line")
		assert.Equal(t, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), records[i].Time)
	}
}

func TestNoFileIsAnEmptyJournal(t *testing.T) {
	records, err := journal.Read(t.Context(), filepath.Join(t.TempDir(), "journal"))
	require.NoError(t, err)
	assert.Empty(t, records)
}

// Whatever a crash leaves of the last line, the lines before it are read, and the next
// one is written after them.
func TestUnfinishedEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	write(t, path, journal.Receiving, journal.Verified)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	last := bytes.IndexByte(whole, '\n') + 1
	for cut := last; cut < len(whole); cut++ {
		for _, rest := range []string{"", strings.Repeat("\x00", len(whole)-cut), strings.Repeat("\x00", len(whole)-cut-1) + "\n"} {
			require.NoError(t, os.WriteFile(path, append(bytes.Clone(whole[:cut]), rest...), 0o644))
			records, err := journal.Read(t.Context(), path)
			if rest != "" && rest[0] == '\n' { // the last byte alone is another one: that line is whole
				continue
			}
			require.NoError(t, err, "cut at %d", cut)
			require.Len(t, records, 1, "cut at %d", cut)
		}
	}
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-3], 0o644))
	write(t, path, journal.Preloaded)
	records, err := journal.Read(t.Context(), path)
	require.NoError(t, err)
	require.Len(t, records, 2)
	assert.Equal(t, journal.Preloaded, records[1].State)
}

// A line that was finished and is not what was written is damage, wherever it is.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	write(t, path, journal.Receiving, journal.Verified, journal.Confirmed)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))[:3]
	join := func(lines ...[]byte) []byte { return bytes.Join(lines, nil) }
	cases := map[string][]byte{
		"first removed":  join(lines[1], lines[2]),
		"middle removed": join(lines[0], lines[2]),
		"moved":          join(lines[1], lines[0], lines[2]),
		"twice":          join(lines[0], lines[0], lines[1]),
		"no checksum":    []byte("{}\n"),
		"too long":       append(bytes.Repeat([]byte("a"), journal.MaxLine+1), '\n'),
		"endless":        bytes.Repeat([]byte("a"), journal.MaxLine+1),
	}
	delete(cases, "first removed") // a rotated journal begins in the middle
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, data, 0o644))
			_, err := journal.Read(t.Context(), path)
			var damage *journal.DamageError
			require.ErrorAs(t, err, &damage)
			_, err = journal.Open(t.Context(), path)
			require.ErrorAs(t, err, &damage)
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, data, now, "a damaged journal is left as it is")
		})
	}
}

func TestEveryFlippedByteIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	write(t, path, journal.Receiving, journal.Verified)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	want, err := journal.Read(t.Context(), path)
	require.NoError(t, err)
	for i := range whole {
		for _, flip := range []byte{1, 0x20, 0x80, whole[i]} { // the last one makes it zero
			damaged := bytes.Clone(whole)
			damaged[i] ^= flip
			require.NoError(t, os.WriteFile(path, damaged, 0o644))
			records, err := journal.Read(t.Context(), path)
			if err == nil { // an unfinished end
				require.Less(t, len(records), 2, "byte %d by %#x", i, flip)
				require.Truef(t, len(records) == 0 || assert.ObjectsAreEqual(want[:len(records)], records), "byte %d by %#x", i, flip)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(t.Context(), path)
	require.NoError(t, err)
	r := record(journal.Receiving)
	r.Reason = strings.Repeat("x", journal.MaxReason)
	n := journal.RotateSize/journal.MaxReason + 1 // lines are longer than their reasons
	for range n {
		require.NoError(t, j.Append(r))
	}
	require.NoError(t, j.Close())
	old, err := journal.Read(t.Context(), path+".1")
	require.NoError(t, err)
	now, err := journal.Read(t.Context(), path)
	require.NoError(t, err)
	assert.Equal(t, old[len(old)-1], now[0], "the new file begins with the end of the old one")
	assert.EqualValues(t, n, now[len(now)-1].N)
	assert.Less(t, len(now), n)
}

func TestRefusedRecords(t *testing.T) {
	j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "journal"))
	require.NoError(t, err)
	for name, change := range map[string]func(*journal.Record){
		"operation": func(r *journal.Record) { r.Operation = "" },
		"kind":      func(r *journal.Record) { r.Kind = "guess" },
		"state":     func(r *journal.Record) { r.State = "lost" },
		"starts":    func(r *journal.Record) { r.Starts = -1 },
		"text":      func(r *journal.Record) { r.Hotfix = strings.Repeat("x", journal.MaxText+1) },
	} {
		r := record(journal.Receiving)
		change(&r)
		assert.Error(t, j.Append(r), name)
	}
	require.NoError(t, j.Append(record(journal.Receiving)), "nothing of the refused ones is left")
	require.NoError(t, j.Close())
}

func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "journal")
	j, err := journal.Open(f.Context(), path)
	require.NoError(f, err)
	for _, s := range journal.States() {
		require.NoError(f, j.Append(record(s)))
	}
	require.NoError(f, j.Close())
	seed, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(seed)
	f.Add(seed[:len(seed)-5])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		require.NoError(t, os.WriteFile(path, data, 0o644))
		records, err := journal.Read(t.Context(), path)
		if err != nil {
			return
		}
		j, err := journal.Open(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, len(records), len(j.Records()))
		if last, ok := j.Last(); !ok || last.N < manifest.MaxInteger {
			require.NoError(t, j.Append(record(journal.Confirmed)))
		}
		require.NoError(t, j.Close())
	})
}
