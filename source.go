package hotfix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/internal/gitrepo"
	"github.com/gohotfix/hotfix/internal/gocmd"
)

// source is the tree that is built.
type source struct {
	dir    string    // module folder
	commit string    // hash, with "+dirty" if the tree differs from it; "" for a plain folder
	time   time.Time // of the commit; zero for a plain folder
	tags   []string  // that point to the commit
}

// openSource finds the fix: a revision, which is exported; the work tree, if
// the base is a revision of the same repository; else the folder as it stands.
func (r *run) openSource(ctx context.Context) (*source, error) {
	// Looked at before minutes of building are lost; and again in the end.
	if r.output != "" {
		if err := checkOutput(r.output, r.product); err != nil {
			return nil, err
		}
	}
	if r.fix != "" {
		return r.export(ctx, r.fix)
	}
	if _, ok := r.base.(baseRevision); !ok {
		return &source{dir: r.dir}, nil
	}
	repo, err := gitrepo.Open(ctx, r.dir, r.environ)
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	clean, err := repo.Clean(ctx)
	if err != nil {
		return nil, err
	}
	s := &source{dir: r.dir, commit: commit.Hash, time: commit.Time, tags: commit.Tags}
	if !clean {
		s.commit, s.tags = commit.Hash+"+dirty", nil
		r.warn("the work tree has changes that are in no commit: name the fix revision for a release")
	}
	return s, nil
}

// export writes the tree of a revision into the run's temporary folder. A dry
// run, which builds nothing, needs no tree.
func (r *run) export(ctx context.Context, revision string) (*source, error) {
	repo, err := gitrepo.Open(ctx, r.dir, r.environ)
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(ctx, revision)
	if err != nil {
		return nil, err
	}
	s := &source{commit: commit.Hash, time: commit.Time, tags: commit.Tags}
	if r.dryRun {
		return s, nil
	}
	temp, err := r.tempDir()
	if err != nil {
		return nil, err
	}
	dest, err := os.MkdirTemp(temp, "tree-*")
	if err != nil {
		return nil, fmt.Errorf("making a folder for revision %s: %w", revision, err)
	}
	if s.dir, err = repo.Export(ctx, commit, dest); err != nil {
		return nil, err
	}
	return s, nil
}

// versionTag returns the highest semantic version among the tags, or "".
func (s *source) versionTag() string {
	best := ""
	for _, tag := range s.tags {
		if semver.IsValid(tag) && semver.Compare(tag, best) > 0 {
			best = tag
		}
	}
	return best
}

// plainDate dates what has no date of its own: the first moment that every
// package format can hold.
func plainDate() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// date returns the date of the release, as the package comment describes it.
func (r *run) date(s *source) (time.Time, error) {
	if !r.time.IsZero() {
		return r.time, nil
	}
	if text := gocmd.Lookup(r.environ, "SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, which is not a number of seconds", text)
		}
		return latest(time.Unix(seconds, 0).UTC(), plainDate()), nil
	}
	if !s.time.IsZero() {
		return latest(s.time, plainDate()), nil
	}
	r.warn("the source is a plain folder without a date: the release is dated 1980-01-01; name the fix revision, set SOURCE_DATE_EPOCH, or give a time and a sequence")
	return plainDate(), nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tempDir makes the run's temporary folder when it is first needed. What
// killed runs left is removed: the cache's lock is held.
func (r *run) tempDir() (string, error) {
	if r.temp != "" {
		return r.temp, nil
	}
	parent := filepath.Join(r.cache, "tmp")
	if err := os.RemoveAll(parent); err != nil {
		return "", fmt.Errorf("removing what an earlier run left: %w", err)
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("making a temporary folder: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "run-*")
	if err != nil {
		return "", fmt.Errorf("making a temporary folder: %w", err)
	}
	r.temp = dir
	return dir, nil
}
