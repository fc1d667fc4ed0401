package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// forgeStamp makes root a repository that shows the recorded revision, time and
// state, so that the go command stamps what the file records. No commit can be
// made that has a given hash; but a repository can replace an object by
// another (git-replace), and the replaced one need not be there:
//
//	refs/replace/REVISION  a commit of the files, with the recorded time
//	refs/heads/main        REVISION
//	refs/tags/VERSION      REVISION, or for a pseudo-version the tag before it
//	                       on a parent
func (r *rebuilder) forgeStamp(ctx context.Context, root, subdir string) error {
	s := r.recipe.stamp
	if s.system != "git" {
		return missing("give a checkout with WithSource", "the file was built from a repository of %s", s.system)
	}
	if !s.isGit() || s.time.IsZero() {
		return missing("give a checkout with WithSource", "the revision %.80q is not one of git, or its time is not recorded", s.revision)
	}
	format := "sha1"
	if len(s.revision) == 64 {
		format = "sha256"
	}
	g := gitFolder{rebuilder: r, dir: root}
	if _, err := g.git(ctx, "init", "--quiet", "--object-format="+format, "."); err != nil {
		return err
	}
	if err := g.configure(); err != nil {
		return err
	}
	commit, parent, err := g.commit(ctx)
	if err != nil {
		return err
	}
	here, before := tagsFor(r.recipe.main.Version, subdir)
	refs := map[string]string{"replace/" + s.revision: commit, "heads/main": s.revision}
	if here != "" {
		refs["tags/"+here] = s.revision
	}
	if before != "" {
		refs["tags/"+before] = parent
	}
	if err := g.writeRefs(refs); err != nil {
		return err
	}
	if s.modified {
		return g.makeModified()
	}
	return nil
}

// gitFolder runs git in a scratch folder.
type gitFolder struct {
	*rebuilder
	dir string
}

// git runs git without the user's configuration. Errors are of a missing tool
// or of the tool.
func (g gitFolder) git(ctx context.Context, args ...string) (string, error) {
	date := g.recipe.stamp.time.UTC().Format("2006-01-02T15:04:05Z")
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: append([]string{"git", "-c", "core.autocrlf=false", "-c", "core.longpaths=true", "-c", "init.defaultBranch=main"}, args...),
		Dir:  g.dir,
		Env: gocmd.With(g.hostPlaces, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
			"GIT_AUTHOR_NAME=hotfix", "GIT_AUTHOR_EMAIL=hotfix@localhost", "GIT_AUTHOR_DATE="+date,
			"GIT_COMMITTER_NAME=hotfix", "GIT_COMMITTER_EMAIL=hotfix@localhost", "GIT_COMMITTER_DATE="+date),
	})
	if err != nil {
		return "", &MissingError{What: "the stamp of the revision needs git", Err: err}
	}
	return strings.TrimSpace(string(result.Stdout)), nil
}

// configure overrides what the user's configuration would make "git status" of
// the go command report.
func (g gitFolder) configure() error {
	config, err := os.OpenFile(filepath.Join(g.dir, ".git", "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("making the stamp of the revision: %w", err)
	}
	_, err = config.WriteString("[core]\n\tautocrlf = false\n\tfileMode = false\n\tlongpaths = true\n\texcludesFile =\n[status]\n\tshowUntrackedFiles = all\n")
	return errors.Join(err, config.Close())
}

// commit stores all files, and returns a commit of them and its parent.
func (g gitFolder) commit(ctx context.Context) (commit, parent string, err error) {
	if _, err = g.git(ctx, "add", "--all", "--force", "."); err != nil {
		return "", "", err
	}
	tree, err := g.git(ctx, "write-tree")
	if err != nil {
		return "", "", err
	}
	if parent, err = g.git(ctx, "commit-tree", tree, "-m", "before"); err != nil {
		return "", "", err
	}
	commit, err = g.git(ctx, "commit-tree", tree, "-p", parent, "-m", "as recorded")
	return commit, parent, err
}

// writeRefs writes references as files: git itself refuses one to an object
// that is not there.
func (g gitFolder) writeRefs(refs map[string]string) error {
	for name, hash := range refs {
		path := filepath.Join(g.dir, ".git", "refs", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the stamp of the revision: %w", err)
		}
		if err := os.WriteFile(path, []byte(hash+"\n"), 0o644); err != nil {
			return fmt.Errorf("making the stamp of the revision: %w", err)
		}
	}
	return nil
}

// makeModified adds a file that is not in the commit.
func (g gitFolder) makeModified() error {
	return os.WriteFile(filepath.Join(g.dir, "hotfix-modified.txt"), nil, 0o644)
}
