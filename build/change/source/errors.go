package source

import (
	"errors"
	"fmt"
)

// Limits of a tree.
const (
	MaxFiles    = 500_000  // files of one tree
	MaxFileSize = 16 << 20 // bytes of a file that is read as text or as Go; a larger one counts as binary
)

// ErrTooManyFiles says that a tree has more than [MaxFiles] files.
var ErrTooManyFiles = errors.New("the tree has too many files: compare the folder of one module")

// FileError says which file of which tree stopped a comparison.
type FileError struct {
	Tree string // "base" or "fix"
	Path string // below the tree's folder
	Err  error
}

func (e *FileError) Error() string {
	return fmt.Sprintf("reading the %s: %s: %v", e.Tree, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
