package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The lines are the format: a changed text is a changed format.
func TestFormat(t *testing.T) {
	path, _ := written(t)
	const first = `{"n":1,"time":"2026-09-21T14:13:20Z",` +
		`"previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",` +
		`"event":"accepted","host":"pay-16","product":"payments","hotfix":"payments-1.4.3",` +
		`"statement":"sha256:8d66139b3acf78fa50e16383693a161c33b5e048","signers":["3f9c2a7d01be","a01b23c4d5e6"]}` + "\n"
	lines := linesOf(content(t, path))
	require.Len(t, lines, 5)
	got := string(lines[0])
	statement := entries()[0].Statement.String()
	assert.Equal(t, strings.Replace(first, "sha256:8d66139b3acf78fa50e16383693a161c33b5e048", statement, 1), got)
	assert.Contains(t, string(lines[3]), `"event":"permitted","host":"pay-17","product":"payments","rule":"downgrade","reason":"until 15:00"}`)
}

func TestOpenGoesOn(t *testing.T) {
	path, head := written(t)
	log := openAt(t, path, WithStart(Genesis()), WithHead(head))
	assert.Equal(t, head, log.Head())
	require.NoError(t, log.Append(t.Context(), Entry{Event: "closed-for-the-day", Time: clock().Add(time.Hour)}))
	require.NoError(t, log.Close())
	summary, err := Verify(t.Context(), bytes.NewReader(content(t, path)), WithHead(head))
	require.NoError(t, err)
	assert.EqualValues(t, 6, summary.Lines)
	assert.Equal(t, log.Head(), summary.Head)
	assert.Equal(t, clock().Add(time.Hour), summary.Last)
	assert.ErrorIs(t, log.Append(t.Context(), entries()[0]), ErrClosed)
	assert.ErrorIs(t, log.Rotate(t.Context(), path+".2"), ErrClosed)
}

func TestOpenRefusesDamage(t *testing.T) {
	path, head := written(t)
	good := content(t, path)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"altered":          {bytes.Replace(good, []byte("refused"), []byte("allowed"), 1), ErrAltered},
		"line removed":     {good[len(linesOf(good)[0]):], ErrRemoved},
		"end removed":      {good[:len(good)-len(linesOf(good)[4])], ErrCut},
		"end cut":          {good[:len(good)-1], ErrCut}, // the remembered line is not whole
		"emptied":          {nil, ErrCut},
		"tail without end": {append(bytes.Clone(good), make([]byte, MaxLine)...), ErrAltered},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, test.data, 0o644))
			_, err := Open(t.Context(), path, WithHead(head))
			var damage *DamageError
			require.ErrorAs(t, err, &damage)
			assert.ErrorIs(t, err, test.want)
			assert.Equal(t, string(test.data), string(content(t, path)), "evidence is left alone")
		})
	}
	require.NoError(t, os.Remove(path))
	_, err := Open(t.Context(), path, WithHead(head))
	require.ErrorIs(t, err, ErrCut)
	assert.NoFileExists(t, path)
}

// Wherever a crash cuts the last line, it is replaced by one that says so.
func TestCrashInALine(t *testing.T) {
	whole, _ := written(t)
	good := content(t, whole)
	last := linesOf(good)[4]
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for cut := 1; cut < len(last); cut++ {
		torn := good[:len(good)-cut]
		require.NoError(t, os.WriteFile(path, torn, 0o644))
		log := openAt(t, path)
		require.NoError(t, log.Append(t.Context(), entries()[4]))
		require.NoError(t, log.Close())
		assert.Equal(t, []Event{Accepted, Refused, Withdrawn, Permitted, Recovered, TrustUpdated}, events(t, path))
		assert.Contains(t, string(content(t, path)), fmt.Sprintf("an unfinished line of %d bytes", len(last)-cut))
	}
}

// A tail may be longer than the line that takes its place, and what is left of
// it when that write crashes is an unfinished line again.
func TestCrashWhileRecovering(t *testing.T) {
	path, _ := written(t)
	good := content(t, path)
	tail := bytes.Repeat([]byte("x"), 2000)
	for _, fault := range []*faulty{
		{short: 0}, {short: 100}, {short: -1, sync: errFault}, {short: -1, shorten: errFault},
	} {
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(good), tail...), 0o644))
		_, err := Open(t.Context(), path, through(fault), WithClock(clock))
		require.ErrorIs(t, err, errFault)
		require.NoError(t, openAt(t, path).Close())
		assert.Contains(t, string(content(t, path)), "an unfinished line of")
		got := events(t, path)
		assert.Equal(t, Recovered, got[5])
	}
}

func TestFailedWrite(t *testing.T) {
	whole, _ := written(t)
	good := content(t, whole)
	for name, test := range map[string]struct {
		fault faulty
		final bool
	}{
		"nothing was written":             {faulty{short: 0}, false},
		"half a line was written":         {faulty{short: 50}, false},
		"half a line, and it cannot go":   {faulty{short: 50, shorten: errFault}, true},
		"the line is not surely on disk":  {faulty{short: -1, sync: errFault}, true},
		"the line is written but for \\n": {faulty{short: 200, shorten: errFault}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			require.NoError(t, os.WriteFile(path, good, 0o644))
			disk := &faulty{short: -1}
			log := openAt(t, path, through(disk))
			before := log.Head()
			disk.short, disk.sync, disk.shorten = test.fault.short, test.fault.sync, test.fault.shorten
			err := log.Append(t.Context(), entries()[0])
			require.ErrorIs(t, err, errFault)
			assert.Equal(t, test.final, errors.Is(err, ErrBroken))
			assert.Equal(t, before, log.Head())

			disk.short, disk.sync, disk.shorten = -1, nil, nil
			if test.final {
				require.ErrorIs(t, log.Append(t.Context(), entries()[0]), ErrBroken)
				require.NoError(t, log.Close())
				log = openAt(t, path)
			}
			require.NoError(t, log.Append(t.Context(), entries()[1]))
			require.NoError(t, log.Close())
			_, err = Verify(t.Context(), bytes.NewReader(content(t, path)), WithHead(before))
			require.NoError(t, err)
		})
	}
}

func TestAppendNoticesOtherPrograms(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"appends": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("{}\n")
			return errors.Join(err, f.Close())
		},
		"empties": func(path string) error { return os.Truncate(path, 0) },
		"renames": func(path string) error { return os.Rename(path, path+".1") },
		"replaces": func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasPrefix(name, "re") {
				t.Skip("Windows does not rename a file that is open")
			}
			path, _ := written(t)
			log := openAt(t, path)
			require.NoError(t, change(path))
			assert.ErrorIs(t, log.Append(t.Context(), entries()[0]), ErrChanged)
		})
	}
}

func TestConcurrentAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	log := openAt(t, path)
	const writers, each = 8, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				assert.NoError(t, log.Append(t.Context(), Entry{Event: Accepted, Hotfix: fmt.Sprintf("%d-%d", w, i)}))
				log.Head()
			}
		})
	}
	group.Wait()
	summary, err := Verify(t.Context(), bytes.NewReader(content(t, path)), WithHead(log.Head()))
	require.NoError(t, err)
	assert.EqualValues(t, writers*each, summary.Lines)
}

func TestOneProcessAtATime(t *testing.T) {
	path, _ := written(t)
	log := openAt(t, path)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Open(short, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, path)
	require.NoError(t, log.Close())
	openAt(t, path)
}

func TestCancelledCallsWriteNothing(t *testing.T) {
	path, _ := written(t)
	log := openAt(t, path)
	before := content(t, path)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, log.Append(ended, entries()[0]), context.Canceled)
	require.ErrorIs(t, log.Rotate(ended, path+".2"), context.Canceled)
	assert.Equal(t, before, content(t, path))

	log.turn <- struct{}{} // another call that takes its time
	waiting, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := log.Append(waiting, entries()[0])
	log.give()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, before, content(t, path))
	require.NoError(t, log.Close())
	_, err = Open(ended, path)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestEntriesThatAreRefused(t *testing.T) {
	path, _ := written(t)
	log := openAt(t, path)
	before := content(t, path)
	for field, e := range map[string]Entry{
		"event ": {},
		"event":  {Event: "Accepted"},
		" event": {Event: "accepted by\nnobody"},
		"e":      {Event: Event(strings.Repeat("e", MaxEvent+1))},
		"ev":     {Event: Recovered},
		"eve":    {Event: Rotated},
		"even":   {Event: Continued},
		"time":   {Event: Accepted, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"time ":  {Event: Accepted, Time: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		var refused *EntryError
		require.ErrorAs(t, log.Append(t.Context(), e), &refused, field)
		assert.NotContains(t, refused.Error(), "\n")
	}
	assert.Equal(t, before, content(t, path))
}

// What an attacker can write into an entry neither ends the line nor keeps it
// from being written.
func TestHostileTexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	log := openAt(t, path)
	hostile := []string{
		"one\ntwo\r\n\x00\x1b[2J", `","event":"accepted`, "\u202egnp.exe\u2028\u2029\u0085", "\xff\xfe\xc3", `back\slash"`,
		strings.Repeat("ü", 4*MaxReason), strings.Repeat("\u3000", 4*MaxReason), strings.Repeat("\xff", 8*MaxReason), strings.Repeat(`"`, 1<<20),
	}
	many := make([]string, 3*MaxSigners)
	for i := range many {
		many[i] = strings.Repeat(`\`, 2*MaxName)
	}
	for _, text := range hostile {
		require.NoError(t, log.Append(t.Context(), Entry{
			Event: Refused, Host: text, Product: text, Hotfix: text, Rule: text, Reason: text, Signers: append([]string{text}, many...),
		}))
	}
	data := content(t, path)
	for line, err := range Lines(bytes.NewReader(data)) {
		require.NoError(t, err)
		assert.Equal(t, Refused, line.Event)
		require.Len(t, line.Signers, MaxSigners)
		assert.Equal(t, "and 130 more", line.Signers[MaxSigners-1])
		for _, text := range append(line.Signers, line.Host, line.Product, line.Hotfix, line.Rule) {
			assert.LessOrEqual(t, len(text), MaxName)
		}
		assert.LessOrEqual(t, len(line.Reason), MaxReason)
	}
	assert.Len(t, linesOf(data), len(hostile))
	assert.Equal(t, "one two  \ufffd\ufffd[2J", clean(hostile[0], MaxReason))
	for _, text := range hostile {
		assert.Equal(t, clean(text, MaxReason), clean(clean(text, MaxReason), MaxReason))
		assert.Equal(t, len(text) > MaxReason, strings.HasSuffix(clean(text, MaxReason), ellipsis))
	}
}

func TestOpenNeedsAFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(t.Context(), filepath.Join(dir, "missing", "audit.jsonl"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	_, err = Open(t.Context(), filepath.Join(dir, "folder"))
	require.Error(t, err)
	if runtime.GOOS == "linux" {
		require.NoError(t, os.Symlink("/dev/null", filepath.Join(dir, "null")))
		_, err = Open(t.Context(), filepath.Join(dir, "null"))
		assert.ErrorContains(t, err, "is not a regular file")
	}
}
