package gitrepo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/gitrepo"
)

// checkout is a repository with two modules side by side, and the folder of
// the first.
func checkout(t *testing.T) (root, module string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	root = t.TempDir()
	module = filepath.Join(root, "service")
	write(t, filepath.Join(module, "go.mod"), "module example.com/service\n")
	write(t, filepath.Join(root, "shared", "go.mod"), "module example.com/shared\n")
	git(t, root, "init", "-q")
	git(t, root, "add", ".")
	git(t, root, "commit", "-q", "-m", "import")
	git(t, root, "tag", "v1.0.0")
	return root, module
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=release", "GIT_AUTHOR_EMAIL=release@example.com", "GIT_AUTHOR_DATE=2026-03-04T05:06:07Z",
		"GIT_COMMITTER_NAME=release", "GIT_COMMITTER_EMAIL=release@example.com", "GIT_COMMITTER_DATE=2026-03-04T05:06:07Z")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestClean(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file string
		want bool
	}{
		"as committed":               {"", true},
		"changed in the module":      {"service/go.mod", false},
		"new in the module":          {"service/new.go", false},
		"changed in a sibling of it": {"shared/go.mod", false},
		"new in a sibling of it":     {"shared/new.go", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, module := checkout(t)
			if test.file != "" {
				write(t, filepath.Join(root, filepath.FromSlash(test.file)), "// changed\n")
			}
			repo, err := gitrepo.Open(t.Context(), module, os.Environ())
			require.NoError(t, err)
			clean, err := repo.Clean(t.Context())
			require.NoError(t, err)
			assert.Equal(t, test.want, clean)
		})
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	root, module := checkout(t)
	write(t, filepath.Join(module, "later.go"), "in no commit")
	repo, err := gitrepo.Open(t.Context(), module, os.Environ())
	require.NoError(t, err)
	commit, err := repo.Commit(t.Context(), "v1.0.0")
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), commit.Time)
	assert.Equal(t, []string{"v1.0.0"}, commit.Tags)

	dest := t.TempDir()
	dir, err := repo.Export(t.Context(), commit, dest)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dest, "service"), dir)
	assert.FileExists(t, filepath.Join(dest, "shared", "go.mod"))
	assert.NoFileExists(t, filepath.Join(dir, "later.go"))
	assert.NoFileExists(t, filepath.Join(dest, ".hotfix-index"))
	assert.FileExists(t, filepath.Join(root, "service", "later.go"), "the checkout is as it was")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, err := gitrepo.Open(t.Context(), t.TempDir(), append(os.Environ(), "GIT_CEILING_DIRECTORIES="+os.TempDir()))
	require.ErrorIs(t, err, gitrepo.ErrNoRepository)

	_, module := checkout(t)
	repo, err := gitrepo.Open(t.Context(), module, os.Environ())
	require.NoError(t, err)
	for _, revision := range []string{"v9.9.9", "", "--help", "v1.0.0:service/go.mod"} {
		_, err = repo.Commit(t.Context(), revision)
		assert.ErrorIs(t, err, gitrepo.ErrNoRevision, revision)
	}
}

func TestRelation(t *testing.T) {
	t.Parallel()
	root, module := checkout(t)
	write(t, filepath.Join(module, "fix.go"), "package service\n")
	git(t, root, "add", ".")
	git(t, root, "commit", "-q", "-m", "fix")
	git(t, root, "tag", "fix")
	git(t, root, "checkout", "-q", "-b", "other", "v1.0.0")
	git(t, root, "commit", "-q", "--allow-empty", "-m", "other")

	shallow := t.TempDir()
	git(t, shallow, "clone", "-q", "--depth=1", "--no-single-branch", "file://"+filepath.ToSlash(root), "clone")
	shallow = filepath.Join(shallow, "clone", "service")
	tests := map[string]struct {
		dir, commit, other string
		want               gitrepo.Relation
	}{
		"same":                    {module, "fix", "fix", gitrepo.Descendant},
		"later":                   {module, "fix", "v1.0.0", gitrepo.Descendant},
		"earlier":                 {module, "v1.0.0", "fix", gitrepo.Ancestor},
		"apart":                   {module, "other", "fix", gitrepo.Diverged},
		"not there":               {module, "fix", "0123456789012345678901234567890123456789", gitrepo.Unknown},
		"same, shallow":           {shallow, "fix", "fix", gitrepo.Descendant},
		"cut apart, shallow":      {shallow, "fix", "origin/other", gitrepo.Unknown},
		"one is lacking, shallow": {shallow, "fix", "v1.0.0", gitrepo.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo, err := gitrepo.Open(t.Context(), test.dir, os.Environ())
			require.NoError(t, err)
			got, err := repo.Relation(t.Context(), test.commit, test.other)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestIgnored(t *testing.T) {
	t.Parallel()
	root, module := checkout(t)
	write(t, filepath.Join(root, ".gitignore"), "*.log\nout/\n")
	write(t, filepath.Join(root, "top.log"), "")
	write(t, filepath.Join(module, "a b.log"), "")
	write(t, filepath.Join(module, "out", "deep", "x"), "")
	write(t, filepath.Join(module, "new.go"), "")
	for dir, want := range map[string][]string{module: {"a b.log", "out/"}, root: {"service/a b.log", "service/out/", "top.log"}} {
		repo, err := gitrepo.Open(t.Context(), dir, os.Environ())
		require.NoError(t, err)
		paths, err := repo.Ignored(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, paths)
	}
}

// A commit is what its hash says, whatever the repository puts in its place.
func TestReplacedCommit(t *testing.T) {
	t.Parallel()
	root, module := checkout(t)
	write(t, filepath.Join(module, "go.mod"), "module example.com/other\n")
	git(t, root, "commit", "-q", "-a", "-m", "another state")
	git(t, root, "replace", "v1.0.0", "HEAD")
	repo, err := gitrepo.Open(t.Context(), module, os.Environ())
	require.NoError(t, err)
	commit, err := repo.Commit(t.Context(), "v1.0.0")
	require.NoError(t, err)
	folder, err := repo.Export(t.Context(), commit, t.TempDir())
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	assert.Equal(t, "module example.com/service\n", string(data))
}
