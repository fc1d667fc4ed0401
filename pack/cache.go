package pack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// CacheEntries is the number of packages, and of patches, of one product and
// target that a cache keeps, see [WithCache].
const CacheEntries = 8

// formatRevision changes whenever the bytes of a package change for the same
// input, see the golden tests.
const formatRevision = 1

// patchRevision changes whenever package delta makes another patch of the same
// two files, see the golden tests: a patch that is not the smallest is good, but
// not the one that a machine without this cache makes.
const patchRevision = 1

// cache keeps archives in folders dir/product/target/key, and patches in
// dir/product/target.patches/key, each with a record of the file's digest.
type cache struct{ dir string }

const (
	cacheRecordName  = "record.json"
	cacheArchiveName = "archive"
)

// cacheRecord is the content of record.json.
type cacheRecord struct {
	Digest manifest.Digest `json:"digest"`
	Size   int64           `json:"size"`
}

// cacheKey returns a name for all that the archive of pkg depends on. The
// manifest stands for all members, since it lists their digests.
func cacheKey(pkg *Package) (string, error) {
	text, err := pkg.Manifest.Encode()
	if err != nil {
		return "", err
	}
	return keyOf(string(text), pkg.Format.String(), pkg.Time.Format(time.RFC3339), fmt.Sprint(formatRevision), compressors()), nil
}

// patchKey returns a name for all that a patch depends on.
func patchKey(old, new manifest.Digest) string {
	return keyOf(old.Hex(), new.Hex(), fmt.Sprint(patchRevision), compressors())
}

func keyOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return manifest.Digest(h.Sum(nil)).Hex()
}

// compressors returns the versions of the code that makes the bytes: the
// compressors are a module, archive/tar comes with the toolchain.
func compressors() string {
	const module = "github.com/klauspost/compress"
	versions := runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, dep := range info.Deps {
		if dep.Path != module {
			continue
		}
		if dep.Replace != nil {
			dep = dep.Replace
		}
		versions += " " + dep.Path + " " + dep.Version + " " + dep.Sum
	}
	return versions
}

// folder returns where the packages of pkg's product and target are.
func (c *cache) folder(pkg *Package) string {
	return filepath.Join(c.dir, pkg.Manifest.Product, pkg.Manifest.Target.FileName())
}

// restore puts the archive of the given key at pkg.Path, completes pkg and sets
// Cached. If there is none, or it is damaged, pkg stays as it is.
func (c *cache) restore(ctx context.Context, key string, pkg *Package) error {
	entry := filepath.Join(c.folder(pkg), key)
	record, err := readRecord(filepath.Join(entry, cacheRecordName))
	if err != nil {
		return nil // nothing usable: it is packed again, and replaced
	}
	ok, err := record.matches(ctx, pkg.Path)
	if err == nil && !ok {
		ok, err = record.copyArchive(ctx, filepath.Join(entry, cacheArchiveName), pkg.Path)
	}
	if err != nil || !ok {
		return err
	}
	pkg.Digest, pkg.Size, pkg.Cached = record.Digest, record.Size, true
	markUsed(entry)
	return nil
}

// markUsed keeps an entry from being pruned. There is no harm if it fails.
func markUsed(entry string) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(entry, cacheRecordName), now, now)
}

func readRecord(path string) (cacheRecord, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return cacheRecord{}, err
	}
	var r cacheRecord
	err = json.Unmarshal(data, &r)
	return r, err
}

// matches reports whether the file at path is the recorded archive.
func (r cacheRecord) matches(ctx context.Context, path string) (bool, error) {
	fi, err := os.Lstat(path)
	if err != nil || !fi.Mode().IsRegular() || fi.Size() != r.Size {
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, nil // it is replaced
	}
	defer f.Close()
	digest, _, err := digestOf(ctx, f)
	return digest == r.Digest, err
}

// errStale stops the copy of an archive that is not the recorded one.
var errStale = errors.New("the cached archive is not the recorded one")

// copyArchive copies the archive and reports whether it is the recorded one. If
// not, nothing is at to that was not there before.
func (r cacheRecord) copyArchive(ctx context.Context, from, to string) (bool, error) {
	f, err := os.Open(from)
	if err != nil {
		return false, nil
	}
	defer f.Close()
	err = atomicfile.Write(to, packageMode, func(w io.Writer) error {
		digest, n, err := digestOf(ctx, io.TeeReader(f, w))
		if err == nil && (digest != r.Digest || n != r.Size) {
			return errStale
		}
		return err
	})
	if errors.Is(err, errStale) {
		return false, nil
	}
	return err == nil, err
}

// store keeps a copy of the archive of pkg. A cache that cannot be written is no
// failure: the package is there, and the next call packs it again.
func (c *cache) store(ctx context.Context, key string, pkg *Package) error {
	folder := c.folder(pkg)
	if err := c.storeEntry(ctx, filepath.Join(folder, key), pkg); err != nil {
		_ = os.RemoveAll(filepath.Join(folder, key))
		return ctx.Err()
	}
	prune(folder)
	return nil
}

// storeEntry writes the record last, so that there is none without an archive.
func (c *cache) storeEntry(ctx context.Context, entry string, pkg *Package) error {
	if err := os.MkdirAll(entry, folderMode); err != nil {
		return err
	}
	record := cacheRecord{Digest: pkg.Digest, Size: pkg.Size}
	if ok, err := record.copyArchive(ctx, pkg.Path, filepath.Join(entry, cacheArchiveName)); err != nil || !ok {
		return cmp.Or(err, errStale)
	}
	return record.write(entry)
}

func (r cacheRecord) write(entry string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(entry, cacheRecordName), data, packageMode)
}

// patches returns where the patches for the input's product and target are.
func (c *cache) patches(in Input) string {
	return filepath.Join(c.dir, in.Product, in.Target.FileName()+".patches")
}

// restorePatch returns the patch of the given key, or nil if there is none that
// is whole.
func (c *cache) restorePatch(in Input, key string) []byte {
	if c == nil {
		return nil
	}
	entry := filepath.Join(c.patches(in), key)
	record, err := readRecord(filepath.Join(entry, cacheRecordName))
	if err != nil {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(entry, cacheArchiveName))
	if err != nil || manifest.DigestOf(data) != record.Digest {
		return nil
	}
	markUsed(entry)
	return data
}

// storePatch keeps a patch. If that fails it is made again next time.
func (c *cache) storePatch(in Input, key string, patch []byte) {
	if c == nil {
		return
	}
	folder := c.patches(in)
	entry := filepath.Join(folder, key)
	if os.MkdirAll(entry, folderMode) != nil {
		return
	}
	record := cacheRecord{Digest: manifest.DigestOf(patch), Size: int64(len(patch))}
	err := atomicfile.WriteFile(filepath.Join(entry, cacheArchiveName), patch, packageMode)
	if err == nil {
		err = record.write(entry)
	}
	if err != nil {
		_ = os.RemoveAll(entry)
		return
	}
	prune(folder)
}

// prune removes all but the entries of a folder that were used last. What
// cannot be removed stays for the next call.
func prune(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	used := func(e fs.DirEntry) time.Time {
		fi, err := os.Stat(filepath.Join(folder, e.Name(), cacheRecordName))
		if err != nil {
			return time.Now() // another process is storing it
		}
		return fi.ModTime()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return used(b).Compare(used(a)) })
	for _, e := range entries[min(len(entries), CacheEntries):] {
		_ = os.RemoveAll(filepath.Join(folder, e.Name()))
	}
}
