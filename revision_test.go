package hotfix_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
)

// repository is a checkout whose commits have fixed dates, one day apart.
type repository struct {
	t   *testing.T
	dir string
	day int
}

func newRepository(t *testing.T, dir string) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := &repository{t: t, dir: dir}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	date := r.date().Format(time.RFC3339)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=release", "GIT_AUTHOR_EMAIL=release@example.com", "GIT_COMMITTER_NAME=release", "GIT_COMMITTER_EMAIL=release@example.com",
		"GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(r.t, err, stderr.String())
	return strings.TrimSpace(string(out))
}

// date is when the latest commit was made.
func (r *repository) date() time.Time { return time.Date(2026, 3, r.day, 8, 30, 0, 0, time.UTC) }

func (r *repository) commit(tag string) string {
	r.t.Helper()
	r.day++
	r.git("add", ".")
	r.git("commit", "-q", "-m", "state of "+tag)
	if tag != "" {
		r.git("tag", tag)
	}
	return r.git("rev-parse", "HEAD")
}

// released is a repository with v1.4.2 and a fix on top of it.
func released(t *testing.T) (r *repository, fix string) {
	t.Helper()
	r = newRepository(t, t.TempDir())
	writeModule(t, r.dir, "broken")
	r.commit("v1.4.2")
	writeModule(t, r.dir, "fixed")
	return r, r.commit("")
}

func TestBaseRevision(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithVersionVariable("main.version")}}.run(t)
	assert.Equal(t, "v1.4.2+hotfix.1", result.Version)
	assert.Equal(t, "v1.4.2", result.Base.Version)
	assert.Equal(t, r.date(), result.Created)
	assert.Equal(t, fix, result.Source.Commit)
	assert.NotEqual(t, result.Targets[0].Base.Digest, result.Targets[0].Executable.Digest)
	assert.Equal(t, "fixed v1.4.2+hotfix.1\n", unpackAndRun(t, result))
	assert.Equal(t, []string{"the release is not signed: no host takes it before somebody signs the dist folder"}, result.Warnings)
	assert.Empty(t, r.git("status", "--porcelain"), "the checkout is as it was")
	assert.Len(t, strings.Split(r.git("worktree", "list"), "\n"), 1, "no work tree was added")
}

// The base of a tag and of its commit are the same; only its name differs.
func TestRevisionsThatAreNotVersions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r, fix := released(t)
	hash := r.git("rev-parse", "v1.4.2")
	tagged := setup{src: r.dir, base: hotfix.BaseRevision(hash[:10])}.run(t)
	assert.Equal(t, "v1.4.2", tagged.Base.Version, "a version tag points to the commit")
	untagged := setup{src: r.dir, base: hotfix.BaseRevision("HEAD")}.run(t)
	assert.Equal(t, "v0.0.0-"+fix[:12], untagged.Base.Version)
	assert.Contains(t, untagged.String(), "nothing is fixed there")
}

func TestDirtyTree(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	writeFile(t, filepath.Join(r.dir, "untracked.go"), "package main\n")
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2")}.run(t)
	assert.Equal(t, fix+"+dirty", result.Source.Commit)
	assert.Contains(t, result.String(), "changes that are in no commit")
}

func TestFixRevision(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	r.git("tag", "v1.4.3")
	r.git("tag", "v1.4.3-rc.1")
	writeFile(t, filepath.Join(r.dir, "broken.go"), "this does not compile, and is in no commit")
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithFix("v1.4.3")}}.run(t)
	assert.Equal(t, "v1.4.3", result.Version)
	assert.Equal(t, fix, result.Source.Commit)

	// A revision, its plain files elsewhere, and the same with git's line
	// endings turned over: the same bytes.
	want := reproduced(t, result.Dist)
	r.git("config", "core.autocrlf", "true")
	r.git("config", "core.eol", "crlf")
	again := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithFix(fix)}}.run(t)
	assert.Equal(t, want, reproduced(t, again.Dist))
}

func TestLineEndingsAreThoseOfTheCommit(t *testing.T) {
	t.Parallel()
	r := newRepository(t, t.TempDir())
	writeModule(t, r.dir, "fixed")
	writeFile(t, filepath.Join(r.dir, "embed.go"), "package main\n\nimport _ \"embed\"\n\n//go:embed text\nvar text string\n\nfunc init() { println(text) }\n")
	writeFile(t, filepath.Join(r.dir, "text"), "one\ntwo\n")
	writeFile(t, filepath.Join(r.dir, ".gitattributes"), "* text=auto\n")
	r.commit("v1.0.0")
	build := func() map[string]string {
		return reproduced(t, setup{src: r.dir, options: []hotfix.Option{hotfix.WithFix("v1.0.0")}}.run(t).Dist)
	}
	want := build()
	r.git("config", "core.eol", "crlf")
	assert.Equal(t, want, build())
}

func TestModuleBelowTheTopOfTheRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r := newRepository(t, t.TempDir())
	src := writeModule(t, filepath.Join(r.dir, "services", "app"), "broken")
	r.commit("v1.0.0")
	writeModule(t, src, "fixed")
	r.commit("v1.0.1")
	result := setup{src: src, base: hotfix.BaseRevision("v1.0.0"), options: []hotfix.Option{hotfix.WithFix("v1.0.1")}}.run(t)
	assert.Equal(t, "fixed dev\n", unpackAndRun(t, result))
	r.git("mv", "services", "products")
	r.commit("v1.0.2")
	err := setup{src: filepath.Join(r.dir, "products", "app"), base: hotfix.BaseRevision("v1.0.0")}.fail(t, hotfix.StepBase)
	assert.ErrorContains(t, err, "has no folder products/app")
}

func TestRevisionsThatAreRefused(t *testing.T) {
	t.Parallel()
	r, _ := released(t)
	for _, revision := range []string{"v9.9.9", "--help", "v1.4.2:main.go", "HEAD~5"} {
		assert.ErrorContains(t, setup{src: r.dir, base: hotfix.BaseRevision(revision)}.fail(t, hotfix.StepBase), "no such revision")
		assert.ErrorContains(t, setup{src: r.dir, options: []hotfix.Option{hotfix.WithFix(revision)}}.fail(t, hotfix.StepSource), "no such revision")
	}
	assert.ErrorContains(t, setup{options: []hotfix.Option{hotfix.WithFix("v1.4.2")}}.fail(t, hotfix.StepSource), "not in a git repository")
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	clone := &repository{t: t, dir: t.TempDir(), day: r.day}
	clone.git("clone", "-q", "--depth=1", "file://"+filepath.ToSlash(r.dir), ".")
	assert.ErrorContains(t, setup{src: clone.dir, base: hotfix.BaseRevision("v1.4.2")}.fail(t, hotfix.StepBase), "shallow clone")
	result := setup{src: clone.dir, options: []hotfix.Option{hotfix.WithFix("HEAD")}}.run(t)
	assert.Equal(t, fix, result.Source.Commit)
}

func TestDryRunOfRevisions(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	parent := t.TempDir()
	result := setup{
		src: r.dir, out: filepath.Join(parent, "dist"), cache: filepath.Join(parent, "cache"), base: hotfix.BaseRevision("v1.4.2"),
		options: []hotfix.Option{hotfix.WithFix("HEAD"), hotfix.WithDryRun()},
	}.run(t)
	assert.Equal(t, fix, result.Source.Commit)
	assert.Equal(t, "v1.4.2+hotfix.1", result.Version)
	assert.Empty(t, snapshotBelow(t, parent))
}
