package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// VersionSchema names the format of version.json.
const VersionSchema = "hotfix.version/v1"

// VersionName is the file that says what a version's folder holds.
const VersionName = "version.json"

// BundlesDir holds the bundles in a version's folder.
const BundlesDir = "bundles"

// Version is version.json: what an installed version consists of. Its SHA-256 is the
// version's id, so equal content has one folder, whatever it was made from. Other
// files in the folder say where it came from, and nothing depends on them.
type Version struct {
	Schema  string          `json:"schema"`  // [VersionSchema]
	Product string          `json:"product"` // whose it is
	Version string          `json:"version"` // that the release gives it
	Files   []manifest.File `json:"files"`   // below bin/, config/ and scripts/, sorted by path
}

func (v Version) encode() ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}

// Executable returns the file below bin/; false if there is none.
func (v Version) Executable() (manifest.File, bool) {
	i := slices.IndexFunc(v.Files, func(f manifest.File) bool { return strings.HasPrefix(f.Path, "bin/") })
	if i < 0 {
		return manifest.File{}, false
	}
	return v.Files[i], true
}

// decodeVersion reads version.json, which must be the one of the given id.
func decodeVersion(data []byte, id manifest.Digest) (Version, error) {
	if manifest.DigestOf(data) != id {
		return Version{}, fmt.Errorf("%s has another digest than its folder's name", VersionName)
	}
	var v Version
	if err := json.Unmarshal(data, &v); err != nil {
		return Version{}, err
	}
	if v.Schema != VersionSchema {
		return Version{}, fmt.Errorf("%s has schema %q, and this program knows %q", VersionName, v.Schema, VersionSchema)
	}
	for _, f := range v.Files {
		if err := manifest.CheckPath(f.Path); err != nil {
			return Version{}, err
		}
	}
	return v, nil
}

// Folder returns the folder of a version.
func (s *Store) Folder(id manifest.Digest) string { return s.Path("versions", id.Hex()) }

// Load reads version.json of an installed version. The files are not looked at. A
// version that is not there is [ErrNoVersion].
func (s *Store) Load(id manifest.Digest) (Version, error) {
	data, err := readSmall(filepath.Join(s.Folder(id), VersionName), manifest.MaxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return Version{}, fmt.Errorf("%w: %s", ErrNoVersion, s.Folder(id))
	}
	if err != nil {
		return Version{}, err
	}
	v, err := decodeVersion(data, id)
	if err != nil {
		return Version{}, fmt.Errorf("%w: %s: %w; apply its release again", ErrDamaged, s.Folder(id), err)
	}
	return v, nil
}

// Check reads all files of a version and compares their digests.
func (s *Store) Check(ctx context.Context, id manifest.Digest) (Version, error) {
	v, err := s.Load(id)
	if err != nil {
		return Version{}, err
	}
	for _, f := range v.Files {
		if err := verify.File(ctx, s.inFolder(id, f.Path), f.Digest, f.Size); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return Version{}, cause
			}
			return Version{}, fmt.Errorf("%w: %s: %w; apply its release again", ErrDamaged, s.Folder(id), err)
		}
	}
	return v, nil
}

// Versions returns the ids of all versions, the newest first.
func (s *Store) Versions() ([]manifest.Digest, error) {
	entries, err := os.ReadDir(s.Path("versions"))
	if err != nil {
		return nil, err
	}
	age := map[manifest.Digest]int64{}
	var ids []manifest.Digest
	for _, e := range entries {
		id, err := manifest.ParseHexDigest(e.Name())
		if err != nil {
			continue // nothing of ours; status tells of it
		}
		if info, err := e.Info(); err == nil {
			age[id] = info.ModTime().UnixNano()
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b manifest.Digest) int {
		return cmp.Compare(age[b], age[a])
	})
	return ids, nil
}

// Describe lists a folder as a version: everything below bin/, config/ and scripts/.
func Describe(ctx context.Context, dir, product, version string) (Version, error) {
	v := Version{Schema: VersionSchema, Product: product, Version: version, Files: []manifest.File{}}
	for _, top := range []string{"bin", "config", "scripts"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == filepath.Join(dir, top), err == nil && d.IsDir():
				return nil
			case err != nil:
				return err
			}
			if err := context.Cause(ctx); err != nil {
				return err
			}
			f, err := describe(dir, name)
			v.Files = append(v.Files, f)
			return err
		})
		if err != nil {
			return Version{}, err
		}
	}
	slices.SortStableFunc(v.Files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return v, nil
}

func describe(dir, name string) (manifest.File, error) {
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return manifest.File{}, err
	}
	digest, size, err := manifest.DigestFile(name)
	if err != nil {
		return manifest.File{}, err
	}
	f := manifest.File{Path: filepath.ToSlash(rel), Digest: digest, Size: size, Mode: manifest.ModeFile, Encoding: manifest.EncodingIdentity}
	if top, _, _ := strings.Cut(f.Path, "/"); top != "config" {
		f.Mode = manifest.ModeExecutable
	}
	return f, manifest.CheckPath(f.Path)
}

// Publish makes the folder at dir, which lies in staging, the version that it
// describes, and returns its id. If that version is there already, whole, the folder
// is left as it is; a damaged one is replaced.
func (s *Store) Publish(ctx context.Context, dir string, v Version) (manifest.Digest, error) {
	data, err := v.encode()
	if err != nil {
		return manifest.Digest{}, err
	}
	id := manifest.DigestOf(data)
	if _, err := s.Check(ctx, id); err == nil {
		return id, nil
	} else if !errors.Is(err, ErrNoVersion) && !errors.Is(err, ErrDamaged) {
		return manifest.Digest{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, VersionName), data, 0o644); err != nil {
		return manifest.Digest{}, err
	}
	if err := seal(dir); err != nil {
		return manifest.Digest{}, err
	}
	return id, s.place(dir, id)
}

// place renames a sealed folder to its name among the versions.
func (s *Store) place(dir string, id manifest.Digest) error {
	if _, err := atomicfile.SwapDir(dir, s.Folder(id)); err != nil {
		return err
	}
	return atomicfile.SyncDir(s.Path("staging"))
}

// seal takes the right to write away and brings every file and folder to the disk.
func seal(dir string) error {
	var folders []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			folders = append(folders, name)
			return nil
		}
		return sealFile(dir, name)
	})
	for _, f := range slices.Backward(folders) {
		if hasModes && err == nil {
			err = os.Chmod(f, 0o755) // staging is private; versions are not
		}
		if err == nil {
			err = atomicfile.SyncDir(f)
		}
	}
	return err
}

func sealFile(dir, name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if hasModes && err == nil {
		mode := fs.FileMode(0o444)
		if rel, _ := filepath.Rel(dir, name); isProgram(filepath.ToSlash(rel)) {
			mode = 0o555
		}
		err = f.Chmod(mode)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func isProgram(rel string) bool {
	top, _, _ := strings.Cut(rel, "/")
	return top == "bin" || top == "scripts"
}

// CarryOver copies those files of an installed version below one of the given
// folders which the folder at dir does not have.
func (s *Store) CarryOver(id manifest.Digest, dir string, tops ...string) error {
	v, err := s.Load(id)
	if err != nil {
		return err
	}
	for _, f := range v.Files {
		if top, _, _ := strings.Cut(f.Path, "/"); !slices.Contains(tops, top) {
			continue
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := copyFile(s.inFolder(id, f.Path), to, f); err != nil {
			return fmt.Errorf("carrying %s over: %w", path.Clean(f.Path), err)
		}
	}
	return nil
}

// copyFile copies a file of the given digest.
func copyFile(from, to string, want manifest.File) error {
	data, err := os.Open(from)
	if err != nil {
		return err
	}
	defer data.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), io.LimitReader(data, want.Size+1))
	if got := manifest.Digest(hash.Sum(nil)); err == nil && got != want.Digest {
		err = fmt.Errorf("%w: %s has digest %s, not %s; apply its release again", ErrDamaged, from, got, want.Digest)
	}
	return errors.Join(err, out.Close())
}

// AddBundles writes the bundles of the release that a staged folder came with.
func AddBundles(dir string, bundles [][]byte) error {
	if err := os.MkdirAll(filepath.Join(dir, BundlesDir), 0o755); err != nil {
		return err
	}
	for _, data := range bundles {
		b, err := verify.ParseBundle(data)
		name := fmt.Sprintf("hotfix.%s.sigstore.json", manifest.DigestOf(data).Hex()[:16])
		if err == nil {
			name = verify.BundleName(b.Key)
		}
		if err := os.WriteFile(filepath.Join(dir, BundlesDir, name), bytes.Clone(data), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) inFolder(id manifest.Digest, rel string) string {
	return filepath.Join(s.Folder(id), filepath.FromSlash(rel))
}
