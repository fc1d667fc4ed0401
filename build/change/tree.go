package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/gitrepo"
)

// Tree is one side of a change: the folder of a module, and what is known of
// its revision. Close it when it is no longer needed.
type Tree struct {
	dir      string
	revision policy.Revision
	time     time.Time
	repo     *gitrepo.Repo   // nil for a plain folder
	ignored  map[string]bool // paths below dir that git ignores; those of whole folders end in "/"
	temp     string          // removed by Close; "" for nothing
}

// Dir is the folder of the module, absolute and without symbolic links. Plans
// are made for it.
func (t *Tree) Dir() string { return t.dir }

// Revision says what the tree is.
func (t *Tree) Revision() policy.Revision { return t.revision }

// Time is when the revision was committed, in UTC; zero for a plain folder. A
// work tree has the time of its HEAD.
func (t *Tree) Time() time.Time { return t.time }

// Prefix is the path of the module's folder below the top of its repository,
// slash-separated; "" for the top, and for a plain folder.
func (t *Tree) Prefix() string {
	if t.repo == nil {
		return ""
	}
	return t.repo.Prefix()
}

// Close removes the temporary folder of a revision, and nothing else. It may be
// called more than once.
func (t *Tree) Close() error {
	temp := t.temp
	if temp == "" {
		return nil
	}
	t.dir, t.temp = "", ""
	if err := os.RemoveAll(temp); err != nil {
		return fmt.Errorf("removing an exported revision: %w", err)
	}
	return nil
}

// ignores reports whether git ignores a file, or a folder that it is in.
func (t *Tree) ignores(p string) bool {
	for i := range len(p) {
		if p[i] == '/' && t.ignored[p[:i+1]] {
			return true
		}
	}
	return t.ignored[p]
}

// Folder is the module in a folder as it stands, with no revision at all, even
// if it lies in a repository.
func Folder(dir string) (*Tree, error) {
	t := &Tree{revision: policy.Revision{Name: dir}}
	return t, t.settle(dir)
}

// settle resolves the folder, and refuses one that is no module's.
func (t *Tree) settle(dir string) error {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return fmt.Errorf("the folder of the module: %w", err)
	}
	_, err = os.Stat(filepath.Join(abs, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: give the folder of the module, not of the package", t.revision.Name, ErrNoModule)
	}
	t.dir = abs
	return err
}

// Checkout is a module in a git repository. It is safe for concurrent use.
type Checkout struct {
	dir  string
	repo *gitrepo.Repo
}

// Open finds the repository around the folder of a module. The environment, as
// [os.Environ] returns it, says where git and its configuration are.
func Open(ctx context.Context, dir string, environ []string) (*Checkout, error) {
	repo, err := gitrepo.Open(ctx, dir, environ)
	if err != nil {
		return nil, err
	}
	return &Checkout{dir: dir, repo: repo}, nil
}

// Revision exports the tree of a revision into a new folder below temp, or
// below the system's folder for temporary files if it is "". Close of the tree
// removes that folder.
func (c *Checkout) Revision(ctx context.Context, rev, temp string) (*Tree, error) {
	commit, err := c.repo.Commit(ctx, rev)
	if err != nil {
		return nil, err
	}
	t := &Tree{repo: c.repo, revision: c.revision(rev, commit), time: commit.Time}
	if t.temp, err = os.MkdirTemp(temp, "hotfix-change-*"); err != nil {
		return nil, fmt.Errorf("making a folder for revision %s: %w", rev, err)
	}
	if err := c.export(ctx, t, commit); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (c *Checkout) export(ctx context.Context, t *Tree, commit gitrepo.Commit) error {
	dir, err := c.repo.Export(ctx, commit, t.temp)
	if err != nil {
		return err
	}
	return t.settle(dir)
}

// WorkTree is the checkout's folder as it stands. Its revision is that of HEAD,
// and Dirty if a file differs from it or is new.
func (c *Checkout) WorkTree(ctx context.Context) (*Tree, error) {
	commit, err := c.repo.Commit(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	clean, err := c.repo.Clean(ctx)
	if err != nil {
		return nil, err
	}
	ignored, err := c.repo.Ignored(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tree{repo: c.repo, revision: c.revision(c.dir, commit), time: commit.Time, ignored: map[string]bool{}}
	for _, p := range ignored {
		t.ignored[p] = true
	}
	if !clean { // what was built from a version's tag is not this tree
		t.revision.Dirty, t.revision.Version = true, ""
	}
	return t, t.settle(c.dir)
}

func (c *Checkout) revision(name string, commit gitrepo.Commit) policy.Revision {
	return policy.Revision{Name: name, Commit: commit.Hash, Version: versionOf(commit.Tags, c.repo.Prefix())}
}

// versionOf returns the highest semantic version among the tags, or "". Tags of
// a module below the top of its repository may have its folder in front.
func versionOf(tags []string, prefix string) string {
	best := ""
	for _, tag := range tags {
		version := tag
		if prefix != "" {
			version = strings.TrimPrefix(tag, prefix+"/")
		}
		if semver.IsValid(version) && semver.Compare(version, best) > 0 {
			best = version
		}
	}
	return best
}

// ancestry asks the repository of the fix, which may not have the base's commit.
func ancestry(ctx context.Context, base, fix *Tree) (policy.Ancestry, error) {
	if base.repo == nil || fix.repo == nil {
		return policy.UnknownAncestry, nil
	}
	relation, err := fix.repo.Relation(ctx, fix.revision.Commit, base.revision.Commit)
	if err != nil {
		return policy.UnknownAncestry, fmt.Errorf("how the fix stands to the base: %w", err)
	}
	return map[gitrepo.Relation]policy.Ancestry{
		gitrepo.Descendant: policy.Descends, gitrepo.Ancestor: policy.Precedes, gitrepo.Diverged: policy.Diverged,
	}[relation], nil
}
