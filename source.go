package hotfix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/internal/gocmd"
)

// source is a tree that is built.
type source struct {
	*change.Tree
	commit string // hash, with "+dirty" if the tree differs from it; "" for a plain folder
}

func newSource(t *change.Tree) *source {
	s := &source{Tree: t, commit: t.Revision().Commit}
	if t.Revision().Dirty {
		s.commit += "+dirty"
	}
	return s
}

// openSource finds the fix: a revision, which is exported; the work tree, if
// the base is a revision of the same repository; else the folder as it stands.
func (r *run) openSource(ctx context.Context) (err error) {
	// Looked at before minutes of building are lost; and again in the end.
	if r.output != "" {
		if err := checkOutput(r.output, r.product); err != nil {
			return err
		}
	}
	switch {
	case r.fixRevision != "":
		r.fix, err = r.export(ctx, r.fixRevision)
	case r.asksGit():
		r.fix, err = r.workTree(ctx)
	default:
		r.fix, err = folder(r.dir)
	}
	if err == nil {
		r.result.Source.Commit = r.fix.commit
	}
	return err
}

// asksGit reports whether the options name a revision.
func (r *run) asksGit() bool {
	_, ok := r.base.(baseRevision)
	return ok || r.fixRevision != "" || r.sourceRevision != ""
}

func folder(dir string) (*source, error) {
	tree, err := change.Folder(dir)
	if err != nil {
		return nil, err
	}
	return newSource(tree), nil
}

func (r *run) workTree(ctx context.Context) (*source, error) {
	checkout, err := r.checkout(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := checkout.WorkTree(ctx)
	if err != nil {
		return nil, err
	}
	if tree.Revision().Dirty {
		r.warn("the work tree has changes that are in no commit: name the fix revision for a release")
	}
	return newSource(tree), nil
}

// export writes the tree of a revision into the run's temporary folder.
func (r *run) export(ctx context.Context, revision string) (*source, error) {
	checkout, err := r.checkout(ctx)
	if err != nil {
		return nil, err
	}
	temp, err := r.tempDir()
	if err != nil {
		return nil, err
	}
	tree, err := checkout.Revision(ctx, revision, temp)
	if err != nil {
		return nil, err
	}
	return newSource(tree), nil
}

// checkout opens the repository of the source when it is first needed.
func (r *run) checkout(ctx context.Context) (_ *change.Checkout, err error) {
	if r.repo == nil {
		r.repo, err = change.Open(ctx, r.dir, r.environ)
	}
	return r.repo, err
}

// plainDate dates what has no date of its own: the first moment that every
// package format can hold.
func plainDate() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// date returns the date of the release, as the package comment describes it.
func (r *run) date() (time.Time, error) {
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
	if !r.fix.Time().IsZero() {
		return latest(r.fix.Time(), plainDate()), nil
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
// killed runs left is removed: the cache's lock is held. A dry run holds no
// lock, and leaves the cache alone.
func (r *run) tempDir() (string, error) {
	if r.temp != "" {
		return r.temp, nil
	}
	parent := ""
	if !r.dryRun {
		parent = filepath.Join(r.cache, "tmp")
		if err := os.RemoveAll(parent); err != nil {
			return "", fmt.Errorf("removing what an earlier run left: %w", err)
		}
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return "", fmt.Errorf("making a temporary folder: %w", err)
		}
	}
	dir, err := os.MkdirTemp(parent, "hotfix-run-*")
	if err != nil {
		return "", fmt.Errorf("making a temporary folder: %w", err)
	}
	r.temp = dir
	return dir, nil
}
