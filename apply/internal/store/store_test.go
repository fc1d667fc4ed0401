package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/pack/manifest"
)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Create(filepath.Join(t.TempDir(), "deep", "store"), "payments")
	require.NoError(t, err)
	return s
}

// publish installs a version with the given executable and configuration.
func publish(t *testing.T, s *store.Store, exe, config string) manifest.Digest {
	t.Helper()
	dir, err := s.Stage("op")
	require.NoError(t, err)
	for name, content := range map[string]string{"bin/payments": exe, "config/app.yaml": config, "manifest.json": "{}"} {
		if content == "" {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	v, err := store.Describe(t.Context(), dir, s.Product(), "1.0.0")
	require.NoError(t, err)
	id, err := s.Publish(t.Context(), dir, v)
	require.NoError(t, err)
	require.NoError(t, s.Clean())
	return id
}

func TestVersionsAreNamedByWhatTheyHold(t *testing.T) {
	s := newStore(t)
	a, again := publish(t, s, "A", ""), publish(t, s, "A", "")
	withConfig := publish(t, s, "A", "port: 1")
	assert.Equal(t, a, again)
	assert.NotEqual(t, a, withConfig, "configuration is a part of a version")

	v, err := s.Check(t.Context(), a)
	require.NoError(t, err)
	exe, ok := v.Executable()
	require.True(t, ok)
	assert.Equal(t, manifest.DigestOf([]byte("A")), exe.Digest)
	info, err := os.Stat(s.ExecutablePath(a, v))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.EqualValues(t, 0o555, info.Mode().Perm(), "a version is not changed")
	}
	ids, err := s.Versions()
	require.NoError(t, err)
	assert.ElementsMatch(t, []manifest.Digest{a, withConfig}, ids)
}

func TestDamagedVersionIsFoundAndReplaced(t *testing.T) {
	s := newStore(t)
	id := publish(t, s, "whole", "")
	path := filepath.Join(s.Folder(id), "bin", "payments")
	require.NoError(t, os.Chmod(path, 0o755))
	require.NoError(t, os.WriteFile(path, []byte("torn!"), 0o755))
	_, err := s.Check(t.Context(), id)
	require.ErrorIs(t, err, store.ErrDamaged)

	require.Equal(t, id, publish(t, s, "whole", ""))
	_, err = s.Check(t.Context(), id)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(filepath.Join(s.Folder(id), store.VersionName), []byte("{}"), 0o644))
	_, err = s.Load(id)
	require.ErrorIs(t, err, store.ErrDamaged)
	_, err = s.Load(manifest.DigestOf([]byte("never")))
	require.ErrorIs(t, err, store.ErrNoVersion)
}

func TestLinks(t *testing.T) {
	s := newStore(t)
	none, err := s.Resolve(store.Current)
	require.NoError(t, err)
	assert.True(t, none.IsZero())

	a, b := publish(t, s, "A", ""), publish(t, s, "B", "")
	for _, id := range []manifest.Digest{a, b, b, a} {
		require.NoError(t, s.Point(store.Current, id))
		got, err := s.Resolve(store.Current)
		require.NoError(t, err)
		assert.Equal(t, id, got)
	}
	require.ErrorIs(t, s.Point(store.Current, manifest.DigestOf([]byte("never"))), store.ErrNoVersion)
	got, err := s.Resolve(store.Current)
	require.NoError(t, err)
	assert.Equal(t, a, got, "a link never leads to what is not there")

	require.NoError(t, s.Point(store.Current, manifest.Digest{}))
	got, err = s.Resolve(store.Current)
	require.NoError(t, err)
	assert.True(t, got.IsZero())
}

// link makes a link of the store by hand.
func link(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(path))
	if runtime.GOOS == "windows" {
		require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o644))
		return
	}
	require.NoError(t, os.Symlink(text, path))
}

func TestLinksThatLeadElsewhere(t *testing.T) {
	s := newStore(t)
	id := publish(t, s, "A", "")
	refused := func(text string) {
		_, err := s.Resolve(store.Current)
		assert.ErrorIs(t, err, store.ErrLink, text)
		_, err = s.Collect(0)
		assert.ErrorIs(t, err, store.ErrLink, "nothing is collected while it is not known what is current")
	}
	for _, to := range []string{"/etc", "versions/..", "versions/" + id.Hex() + "/../..", "versions/../versions/" + id.Hex()[:10], "versions", "../payments/versions/" + id.Hex(), `C:\Windows`, `\\host\share`, `versions\..`} {
		link(t, s.Path("current"), to)
		refused(to)
	}
	if runtime.GOOS == "windows" {
		link(t, s.Path("current"), "")
		refused("an empty file")
		link(t, s.Path("current"), `versions\`+id.Hex())
		got, err := s.Resolve(store.Current)
		require.NoError(t, err)
		assert.Equal(t, id, got, "as people write paths there")
		return // and links between folders need a right
	}
	require.NoError(t, os.Remove(s.Path("current")))
	require.NoError(t, os.WriteFile(s.Path("current"), []byte("versions/"+id.Hex()), 0o644))
	refused("a file")
	require.NoError(t, os.RemoveAll(s.Folder(id)))
	require.NoError(t, os.Symlink(t.TempDir(), s.Folder(id)))
	link(t, s.Path("current"), "versions/"+id.Hex())
	_, err := s.Resolve(store.Current)
	assert.ErrorContains(t, err, "not a folder but a link")
}

// Whoever asks while the link is set gets one version or the other, and keeps nobody
// from setting it.
func TestLinkIsReadWhileItIsSet(t *testing.T) {
	s := newStore(t)
	ids := []manifest.Digest{publish(t, s, "A", ""), publish(t, s, "B", "")}
	require.NoError(t, s.Point(store.Current, ids[1]))
	for n := range 50 {
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				id, err := s.Resolve(store.Current)
				assert.NoError(t, err)
				assert.Contains(t, ids, id)
			})
		}
		err := s.Point(store.Current, ids[n%2])
		readers.Wait()
		require.NoError(t, err)
	}
}

func TestStoresThatAreRefused(t *testing.T) {
	root := t.TempDir()
	_, err := store.Open(root, "payments")
	require.ErrorIs(t, err, store.ErrNotStore)
	_, err = store.Open(root, "../etc")
	require.Error(t, err)
	_, err = store.Create(root, "payments")
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(filepath.Join(root, "payments", "format"), []byte("hotfix.store/v2\n"), 0o644))
	_, err = store.Open(root, "payments")
	require.ErrorIs(t, err, store.ErrFormat)
	assert.ErrorContains(t, err, "hotfix.store/v2")
	_, err = store.Create(root, "payments")
	require.ErrorIs(t, err, store.ErrFormat)
	require.NoError(t, os.WriteFile(filepath.Join(root, "payments", "format"), []byte(store.Format), 0o644))

	if runtime.GOOS == "windows" {
		return
	}
	require.NoError(t, os.Chmod(filepath.Join(root, "payments", "versions"), 0o777))
	_, err = store.Open(root, "payments")
	require.ErrorIs(t, err, store.ErrWritable)
	require.NoError(t, os.Remove(filepath.Join(root, "payments", "versions")))
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(root, "payments", "versions")))
	_, err = store.Open(root, "payments")
	assert.ErrorContains(t, err, "not a folder but a link")
}

func TestLock(t *testing.T) {
	s := newStore(t)
	lock, err := s.Lock(t.Context())
	require.NoError(t, err)
	assert.True(t, s.Busy())
	_, err = s.Lock(t.Context())
	require.ErrorIs(t, err, store.ErrBusy)
	require.NoError(t, lock.Release())
	lock, err = s.Lock(t.Context())
	require.NoError(t, err)
	require.NoError(t, lock.Release())
}

func TestCollectKeepsWhatIsNeeded(t *testing.T) {
	s := newStore(t)
	var ids []manifest.Digest
	for i, exe := range []string{"A", "B", "C", "D", "E", "F", "G"} {
		id := publish(t, s, exe, "")
		at := time.Now().Add(time.Duration(i-10) * time.Hour)
		require.NoError(t, os.Chtimes(s.Folder(id), at, at))
		ids = append(ids, id)
	}
	require.NoError(t, s.Point(store.Current, ids[0]))
	require.NoError(t, s.Point(store.Previous, ids[1]))
	require.NoError(t, s.Pin(ids[2]))
	removed, err := s.Collect(1, ids[3])
	require.NoError(t, err)
	assert.ElementsMatch(t, ids[4:6], removed, "the newest one that nobody needs is kept")
	left, err := s.Versions()
	require.NoError(t, err)
	assert.ElementsMatch(t, append(ids[:4:4], ids[6]), left)

	require.NoError(t, s.Unpin(ids[2]))
	removed, err = s.Collect(0, ids[3])
	require.NoError(t, err)
	assert.ElementsMatch(t, []manifest.Digest{ids[2], ids[6]}, removed)
}

func TestQuarantine(t *testing.T) {
	s := newStore(t)
	statement := manifest.DigestOf([]byte("statement"))
	require.NoError(t, s.CheckQuarantine(statement))
	q := store.Quarantined{Statement: statement, Hotfix: "HF-1", Reason: "it crashed", Time: time.Now()}
	require.NoError(t, s.Quarantine(q))
	err := s.CheckQuarantine(statement)
	require.ErrorIs(t, err, store.ErrQuarantined)
	assert.ErrorContains(t, err, "it crashed")
	all, err := s.Quarantined()
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "HF-1", all[0].Hotfix)

	require.NoError(t, os.WriteFile(s.Path("quarantine", statement.Hex()+".json"), []byte("{"), 0o644))
	require.ErrorIs(t, s.CheckQuarantine(statement), store.ErrDamaged, "what cannot be read is not taken for nothing")
}

func TestInstallPath(t *testing.T) {
	s := newStore(t)
	id := publish(t, s, "new", "")
	path := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o775))
	require.NoError(t, s.Project(t.Context(), id, path))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Zero(t, info.Mode().Perm()&0o022, "others cannot write to it")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestAdoptedFile(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(path, []byte("by hand"), 0o755))
	id, err := s.AdoptFile(t.Context(), "op", path, "app", "adopted")
	require.NoError(t, err)
	v, err := s.Check(t.Context(), id)
	require.NoError(t, err)
	exe, ok := v.Executable()
	require.True(t, ok)
	assert.Equal(t, manifest.DigestOf([]byte("by hand")), exe.Digest)
	entries, err := os.ReadDir(s.Path("staging"))
	require.NoError(t, err)
	assert.Empty(t, entries)
	_, err = s.AdoptFile(t.Context(), "op", filepath.Dir(path), "app", "adopted")
	assert.ErrorContains(t, err, "not a regular file")
}

func TestSpace(t *testing.T) {
	s := newStore(t)
	require.NoError(t, s.CheckSpace(1))
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		err := s.CheckSpace(1 << 60)
		require.ErrorIs(t, err, store.ErrNoSpace)
		assert.ErrorContains(t, err, "nothing was written")
	}
}
