package build

import (
	"context"
	"fmt"
	"path/filepath"
)

// localSource is the folder of WithSource: a clone of its repository at the
// recorded revision, or a copy of its files.
func (r *rebuilder) localSource(ctx context.Context) ([]*source, error) {
	root, err := r.workFolder()
	if err != nil {
		return nil, err
	}
	cloned := r.recipe.stamp != nil && r.recipe.stamp.isGit() && r.clone(ctx, root)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !cloned {
		if root, err = r.workFolder(); err != nil {
			return nil, err
		}
		if err := copyTree(r.source, root); err != nil {
			return nil, fmt.Errorf("copying %s: %w", r.source, err)
		}
	}
	subdir, err := findModule(root, r.recipe.module)
	if err != nil {
		return nil, err
	}
	src, err := r.checkoutSource(ctx, root, subdir, r.version)
	if err != nil {
		return nil, err
	}
	src.name = filepath.Join(r.source, filepath.FromSlash(subdir))
	if err := r.stampLocal(ctx, src, root, subdir, cloned); err != nil {
		return nil, err
	}
	return []*source{src}, nil
}

// clone checks out the recorded revision of the folder's repository. It
// reports whether there is one; it makes no change to it.
func (r *rebuilder) clone(ctx context.Context, root string) bool {
	g := gitFolder{rebuilder: r, dir: root}
	if top, err := (gitFolder{rebuilder: r, dir: r.source}).git(ctx, "rev-parse", "--show-toplevel"); err != nil || top == "" {
		return false
	} else if _, err := g.git(ctx, "clone", "--quiet", "--no-checkout", "--no-hardlinks", "--config=core.autocrlf=false", "--config=core.excludesFile=", "--", top, "."); err != nil {
		return false
	}
	_, err := g.git(ctx, "checkout", "--quiet", "--detach", r.recipe.stamp.revision)
	return err == nil
}

// stampLocal makes the state of a checkout the recorded one.
func (r *rebuilder) stampLocal(ctx context.Context, src *source, root, subdir string, cloned bool) error {
	s := r.recipe.stamp
	switch {
	case s == nil:
		return nil
	case !cloned:
		src.caveats = append(src.caveats, fmt.Sprintf("%s has no repository with %s; its files were built as they are, and the revision and its time were taken from the file", r.source, s))
		return r.forgeStamp(ctx, root, subdir)
	case s.modified:
		src.caveats = append(src.caveats, "the file was built from a checkout with changes, which are not recorded")
		return gitFolder{rebuilder: r, dir: root}.makeModified()
	}
	return nil
}
