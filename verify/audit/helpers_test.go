package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// clock stands still.
func clock() time.Time { return time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC) }

func entries() []Entry {
	statement := manifest.DigestOf([]byte("statement"))
	return []Entry{
		{Event: Accepted, Product: "payments", Hotfix: "payments-1.4.3", Statement: statement, Signers: []string{"3f9c2a7d01be", "a01b23c4d5e6"}},
		{Event: Refused, Product: "payments", Hotfix: "payments-1.4.2", Statement: statement, Rule: "floor", Reason: "1.4.3 is installed, which is newer"},
		{Event: Withdrawn, Product: "payments", Hotfix: "payments-1.4.3", Reason: "crashes with an empty basket"},
		{Event: Permitted, Host: "pay-17", Product: "payments", Rule: "downgrade", Reason: "until 15:00"},
		{Event: TrustUpdated, Product: "payments", Reason: "version 4"},
	}
}

func openAt(t testing.TB, path string, options ...Option) *Log {
	t.Helper()
	log, err := Open(t.Context(), path, append([]Option{WithClock(clock), WithHost("pay-16")}, options...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, log.Close()) })
	return log
}

// written returns a log of the entries above, and its head.
func written(t testing.TB) (path string, head Head) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	log := openAt(t, path)
	for _, e := range entries() {
		require.NoError(t, log.Append(t.Context(), e))
	}
	require.NoError(t, log.Close())
	return path, log.Head()
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func linesOf(data []byte) [][]byte {
	return slices.Collect(bytes.Lines(data))
}

// events returns the events of a log that must be whole.
func events(t testing.TB, path string) []Event {
	t.Helper()
	var all []Event
	for line, err := range Lines(bytes.NewReader(content(t, path))) {
		require.NoError(t, err)
		all = append(all, line.Event)
	}
	return all
}

var errFault = errors.New("fault")

// faulty is a file that fails when it is told to.
type faulty struct {
	file
	short         int // bytes of the next write that reach the file; -1 for all
	sync, shorten error
}

func (f *faulty) WriteAt(p []byte, offset int64) (int, error) {
	if f.short < 0 {
		return f.file.WriteAt(p, offset)
	}
	n, err := f.file.WriteAt(p[:min(f.short, len(p))], offset)
	return n, errors.Join(errFault, err)
}

func (f *faulty) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.file.Sync()
}

func (f *faulty) Truncate(size int64) error {
	if f.shorten != nil {
		return f.shorten
	}
	return f.file.Truncate(size)
}

// through lets all files be opened as f.
func through(f *faulty) Option {
	return func(c *config) error {
		c.openFile = func(path string, flag int) (file, error) {
			var err error
			f.file, err = openFile(path, flag)
			return f, err
		}
		return nil
	}
}
