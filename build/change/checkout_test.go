package change_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	cmd := exec.CommandContext(t.Context(), "git", args...)
	const date = "2026-03-04T05:06:07Z"
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=release", "GIT_AUTHOR_EMAIL=release@example.com", "GIT_COMMITTER_NAME=release", "GIT_COMMITTER_EMAIL=release@example.com",
		"GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return strings.TrimSpace(string(out))
}

const fixed = "-- cmd/pay/main.go --\npackage main\n\nimport \"example.com/pay/auth\"\n\nfunc main() { println(!auth.Check(\"\")) }\n"

// repository holds the service, committed as v1.4.2.
func repository(t *testing.T) (dir, released string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, pay)
	git(t, dir, "init", "-q", "-b", "main")
	return dir, commit(t, dir, "v1.4.2")
}

func commit(t *testing.T, dir, tag string) string {
	t.Helper()
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "--allow-empty", "-m", "state")
	if tag != "" {
		git(t, dir, "tag", tag)
	}
	return git(t, dir, "rev-parse", "HEAD")
}

func open(t *testing.T, dir string) *change.Checkout {
	t.Helper()
	c, err := change.Open(t.Context(), dir, os.Environ())
	require.NoError(t, err)
	return c
}

func revision(t *testing.T, c *change.Checkout, rev string) *change.Tree {
	t.Helper()
	tree, err := c.Revision(t.Context(), rev, t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tree.Close()) })
	return tree
}

func workTree(t *testing.T, c *change.Checkout) *change.Tree {
	t.Helper()
	tree, err := c.WorkTree(t.Context())
	require.NoError(t, err)
	return tree
}

func differ(t *testing.T, base, fix *change.Tree) policy.Change {
	t.Helper()
	c, err := change.Between(t.Context(), base, fix, planner("./cmd/pay"), linux())
	require.NoError(t, err)
	return c
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	dir, released := repository(t)
	write(t, dir, fixed)
	now := commit(t, dir, "")
	git(t, dir, "tag", "v1.4.3-rc.1")
	git(t, dir, "tag", "v1.4.3")
	git(t, dir, "tag", "newest")
	checkout := open(t, dir)
	base, fix := revision(t, checkout, "v1.4.2"), revision(t, checkout, "main")
	c := differ(t, base, fix)
	assert.Equal(t, policy.Revision{Name: "v1.4.2", Commit: released, Version: "v1.4.2"}, c.Base)
	assert.Equal(t, policy.Revision{Name: "main", Commit: now, Version: "v1.4.3"}, c.Fix)
	assert.Equal(t, policy.Descends, c.Ancestry)
	assert.Equal(t, []string{"example.com/pay/cmd/pay"}, c.Affected[0].Changed)
	assert.Equal(t, []policy.File{{Path: "cmd/pay/main.go", Status: policy.Changed, Added: 1, Removed: 1}}, c.Files)
	assert.Equal(t, policy.Precedes, differ(t, fix, base).Ancestry)
	assert.Empty(t, git(t, dir, "status", "--porcelain"), "the checkout is as it was")

	git(t, dir, "checkout", "-q", "-b", "side", "v1.4.2")
	commit(t, dir, "")
	assert.Equal(t, policy.Diverged, differ(t, fix, revision(t, checkout, "side")).Ancestry)

	folder := base.Dir()
	require.NoError(t, base.Close())
	require.NoError(t, base.Close())
	assert.NoDirExists(t, folder)
	_, err := change.Between(t.Context(), base, fix, planner("./cmd/pay"), linux())
	require.ErrorIs(t, err, change.ErrClosed)
}

func TestWorkTree(t *testing.T) {
	t.Parallel()
	dir, released := repository(t)
	checkout := open(t, dir)
	base := revision(t, checkout, "v1.4.2")
	clean := differ(t, base, workTree(t, checkout))
	assert.Equal(t, policy.Revision{Name: dir, Commit: released, Version: "v1.4.2"}, clean.Fix)
	assert.Empty(t, clean.Files)
	assert.False(t, clean.Affected[0].Any())

	write(t, dir, fixed)
	dirty := differ(t, base, workTree(t, checkout))
	assert.Equal(t, policy.Revision{Name: dir, Commit: released, Dirty: true}, dirty.Fix)
	assert.Equal(t, policy.Descends, dirty.Ancestry)
	assert.Len(t, dirty.Files, 1)
}

// What git ignores is no change, unless it is built into the program.
func TestIgnoredFiles(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	write(t, dir, "-- .gitignore --\n/out\nzz_*\n*.gen\n")
	commit(t, dir, "v1.4.3")
	write(t, dir, "-- out/log.txt --\nx\n-- out/z/tool.go --\npackage z\n-- auth/zz_made.go --\npackage auth\n\nfunc init() {}\n-- auth/x.gen --\nx\n")
	checkout := open(t, dir)
	c := differ(t, revision(t, checkout, "v1.4.3"), workTree(t, checkout))
	assert.False(t, c.Fix.Dirty, "git does not know these files")
	var paths []string
	for _, f := range c.Files {
		paths = append(paths, f.Path)
	}
	assert.Equal(t, []string{"auth/x.gen", "auth/zz_made.go", "out/z/tool.go"}, paths)
	assert.Equal(t, []string{"example.com/pay/auth"}, c.Affected[0].Changed)
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	write(t, dir, fixed)
	commit(t, dir, "")
	git(t, dir, "checkout", "-q", "-b", "side", "v1.4.2")
	commit(t, dir, "side.1")
	place := t.TempDir()
	git(t, place, "clone", "-q", "--depth=1", "--no-single-branch", "file://"+filepath.ToSlash(dir), "clone")
	clone := open(t, filepath.Join(place, "clone"))
	_, err := clone.Revision(t.Context(), "v1.4.1", t.TempDir())
	require.ErrorIs(t, err, change.ErrNoRevision)
	assert.ErrorContains(t, err, "a shallow clone lacks older ones")
	c := differ(t, revision(t, clone, "origin/main"), revision(t, clone, "origin/side"))
	assert.Equal(t, policy.UnknownAncestry, c.Ancestry)
	assert.Len(t, c.Files, 1)
}

// A repository with neither tags nor remotes, and a module below its top.
func TestNoTags(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "svc")
	write(t, dir, pay)
	git(t, top, "init", "-q")
	commit(t, top, "")
	write(t, dir, fixed)
	commit(t, top, "")
	checkout := open(t, dir)
	c := differ(t, revision(t, checkout, "HEAD^"), revision(t, checkout, "HEAD"))
	assert.Empty(t, c.Base.Version)
	assert.Equal(t, policy.Descends, c.Ancestry)
	assert.Len(t, c.Files, 1)

	git(t, top, "tag", "svc/v1.0.0")
	git(t, top, "tag", "other/v2.0.0")
	assert.Equal(t, "v1.0.0", revision(t, checkout, "HEAD").Revision().Version)
}

func TestNoCheckout(t *testing.T) {
	t.Parallel()
	_, err := change.Open(t.Context(), t.TempDir(), append(os.Environ(), "GIT_CEILING_DIRECTORIES="+os.TempDir()))
	require.ErrorIs(t, err, change.ErrNoRepository)

	dir := t.TempDir()
	git(t, dir, "init", "-q")
	_, err = open(t, dir).WorkTree(t.Context())
	require.ErrorIs(t, err, change.ErrNoRevision, "there is no commit yet")

	write(t, dir, "-- README --\n")
	commit(t, dir, "v1.0.0")
	temp := t.TempDir()
	_, err = open(t, dir).Revision(t.Context(), "v1.0.0", temp)
	require.ErrorIs(t, err, change.ErrNoModule)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	assert.Empty(t, left, "nothing is left behind")
}
