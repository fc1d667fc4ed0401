package change

import (
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/gitrepo"
)

// Errors about trees.
var (
	// ErrNoModule says that a folder has no go.mod file.
	ErrNoModule = errors.New("no go.mod file")
	// ErrNoRepository says that a folder does not lie in a git repository.
	ErrNoRepository = gitrepo.ErrNoRepository
	// ErrNoRevision says that a revision does not name a commit.
	ErrNoRevision = gitrepo.ErrNoRevision
	// ErrClosed says that a tree was used after its Close.
	ErrClosed = errors.New("the tree is closed")
	// ErrNoTarget says that no target was given.
	ErrNoTarget = errors.New("no target is given")
)

// MissingMainError says that one side has no such main package on any target.
// It wraps [build.ErrNotMain].
type MissingMainError struct {
	Side    string // "base" or "fix"
	Package string // as the plan names it
	Reason  string // what the go command says
}

func (e *MissingMainError) Error() string {
	return fmt.Sprintf("the %s has no main package %s: %s: name one that both sides have", e.Side, e.Package, e.Reason)
}

// Unwrap returns [build.ErrNotMain].
func (e *MissingMainError) Unwrap() error { return build.ErrNotMain }
