// Package gitrepo answers questions about a git repository and exports the
// tree of a revision, by the git command. It changes nothing in the
// repository: not its index, its work tree, its list of work trees or its
// configuration.
package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// Errors of this package.
var (
	// ErrNoRepository says that a folder does not lie in a git repository.
	ErrNoRepository = errors.New("not in a git repository")
	// ErrNoRevision says that a revision does not name a commit.
	ErrNoRevision = errors.New("no such revision")
)

// Repo is the repository around a folder.
type Repo struct {
	root   string // top of the work tree
	prefix string // path of the folder below root, slash-separated; "" for root itself
	places []string
}

// Commit is one revision.
type Commit struct {
	Hash string    // 40 or 64 hexadecimal digits
	Time time.Time // of the committer, in UTC
	Tags []string  // that point to it, sorted
}

// Open finds the repository around dir. The environment says where things
// are; see [gocmd.Places].
func Open(ctx context.Context, dir string, environ []string) (*Repo, error) {
	r := &Repo{root: dir, places: gocmd.Places(environ)}
	out, err := r.git(ctx, nil, "rev-parse", "--show-toplevel", "--show-prefix")
	var exit *gocmd.ExitError
	if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "not a git repository") {
		return nil, fmt.Errorf("%s: %w: name a checkout, or give the base as a file or a dist folder", dir, ErrNoRepository)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the repository of %s: %w", dir, err)
	}
	root, prefix, _ := strings.Cut(out, "\n")
	r.root, r.prefix = filepath.FromSlash(root), strings.TrimSuffix(strings.TrimSuffix(prefix, "\n"), "/")
	return r, nil
}

// Commit resolves a revision: a tag, a branch, a hash or any other name of a
// commit.
func (r *Repo) Commit(ctx context.Context, rev string) (Commit, error) {
	out, err := r.git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	var exit *gocmd.ExitError
	if errors.As(err, &exit) {
		return Commit{}, fmt.Errorf("%q: %w in %s: check its name, or fetch it (a shallow clone lacks older ones)", rev, ErrNoRevision, r.root)
	}
	if err != nil {
		return Commit{}, err
	}
	hash := strings.TrimSpace(out)
	out, err = r.git(ctx, nil, "log", "-1", "--no-show-signature", "--format=%ct", hash, "--")
	if err != nil {
		return Commit{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		return Commit{}, fmt.Errorf("reading the time of commit %s: %w", hash, err)
	}
	out, err = r.git(ctx, nil, "tag", "--points-at", hash)
	if err != nil {
		return Commit{}, err
	}
	return Commit{Hash: hash, Time: time.Unix(seconds, 0).UTC(), Tags: slices.Sorted(slices.Values(strings.Fields(out)))}, nil
}

// Relation is how one commit stands to another.
type Relation int

// What a commit can be to another.
const (
	Unknown    Relation = iota // the clone is too shallow to tell, or lacks one of the two
	Descendant                 // the same commit, or one that descends from it
	Ancestor                   // an ancestor of it
	Diverged                   // neither
)

// Relation tells how the commit c stands to the commit other. That one descends
// from the other is certain in any clone; that neither does is not in a shallow
// one, which lacks what lies between them.
func (r *Repo) Relation(ctx context.Context, c, other string) (Relation, error) {
	for _, commit := range []string{c, other} {
		if _, err := r.Commit(ctx, commit); errors.Is(err, ErrNoRevision) {
			return Unknown, nil
		} else if err != nil {
			return Unknown, err
		}
	}
	for _, q := range []struct {
		old, now string
		answer   Relation
	}{{other, c, Descendant}, {c, other, Ancestor}} {
		if yes, err := r.isAncestor(ctx, q.old, q.now); yes || err != nil {
			return q.answer, err
		}
	}
	out, err := r.git(ctx, nil, "rev-parse", "--is-shallow-repository")
	if err != nil || strings.TrimSpace(out) != "false" {
		return Unknown, err
	}
	return Diverged, nil
}

func (r *Repo) isAncestor(ctx context.Context, old, now string) (bool, error) {
	_, err := r.git(ctx, nil, "merge-base", "--is-ancestor", old, now)
	var exit *gocmd.ExitError
	if errors.As(err, &exit) && exit.Code == 1 {
		return false, nil
	}
	return err == nil, err
}

// Ignored returns what lies below the folder that Open was given and git neither
// tracks nor would add, slash-separated and relative to it. A folder that is
// ignored as a whole, which may hold very much, is one entry that ends in "/".
func (r *Repo) Ignored(ctx context.Context) ([]string, error) {
	out, err := r.git(ctx, nil, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", ":(top,literal)"+r.prefix)
	if err != nil {
		return nil, fmt.Errorf("listing what git ignores: %w", err)
	}
	var paths []string
	for p := range strings.SplitSeq(out, "\x00") {
		if p != "" {
			paths = append(paths, strings.TrimPrefix(strings.TrimPrefix(p, r.prefix), "/"))
		}
	}
	return paths, nil
}

// Root is the top of the work tree.
func (r *Repo) Root() string { return r.root }

// Prefix is the path of the folder that Open was given below Root,
// slash-separated; "" for Root itself.
func (r *Repo) Prefix() string { return r.prefix }

// Clean reports whether all tracked files of the repository are those of HEAD
// and none lies in it that git neither tracks nor ignores. Other folders than
// the module's count: a replace directive may build from them.
func (r *Repo) Clean(ctx context.Context) (bool, error) {
	out, err := r.git(ctx, nil, "status", "--porcelain", "--untracked-files=normal")
	return out == "", err
}

// Export writes the whole tree of a commit below dest, which must exist, and
// returns the folder in it that corresponds to the one that Open was given.
func (r *Repo) Export(ctx context.Context, c Commit, dest string) (string, error) {
	index := filepath.Join(dest, ".hotfix-index")
	env := []string{"GIT_INDEX_FILE=" + index}
	if _, err := r.git(ctx, env, "read-tree", c.Hash); err != nil {
		return "", fmt.Errorf("exporting commit %s: %w", c.Hash, err)
	}
	prefix := filepath.ToSlash(dest) + "/"
	// Line endings stay as they are committed, whatever the host prefers:
	// embedded files must not differ between hosts.
	_, err := r.git(ctx, env, "-c", "core.autocrlf=false", "-c", "core.eol=lf", "checkout-index", "--all", "--quiet", "--prefix="+prefix)
	if err != nil {
		return "", fmt.Errorf("exporting commit %s: %w", c.Hash, err)
	}
	if err := os.Remove(index); err != nil {
		return "", fmt.Errorf("exporting commit %s: %w", c.Hash, err)
	}
	folder := filepath.Join(dest, filepath.FromSlash(r.prefix))
	if _, err := os.Stat(folder); err != nil {
		return "", fmt.Errorf("commit %s has no folder %s", c.Hash, r.prefix)
	}
	return folder, nil
}

// git runs the git command at the top of the work tree, without hooks and file
// system monitors of the repository's own configuration, and without objects that
// stand for others (git-replace): a commit is what its hash says.
func (r *Repo) git(ctx context.Context, env []string, args ...string) (string, error) {
	argv := append([]string{"git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}, args...)
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: argv, Dir: r.root,
		Env: gocmd.With(r.places, append([]string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1"}, env...)...),
	})
	if err != nil {
		return "", err
	}
	return string(result.Stdout), nil
}
