package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Unpacked says which of several packages [UnpackSmallest] took, and why none of
// the smaller ones.
type Unpacked struct {
	Package *Package  // that was unpacked
	Skipped []Skipped // the smaller packages, the smallest first
}

// Skipped is a package that could not be used.
type Skipped struct {
	Name string // file name
	Err  error  // why: a [*MissingBaseError], a [*RefusedError], or one that wraps [fs.ErrNotExist]
}

// String says in one line what was taken, and what was not.
func (u *Unpacked) String() string {
	text := fmt.Sprintf("took %s (%d bytes)", u.Package.Name(), u.Package.Size)
	if len(u.Skipped) > 0 {
		text += " instead of " + (&SkippedError{u.Skipped}).list()
	}
	return text
}

// SkippedError says that none of several packages could be used.
type SkippedError struct {
	Skipped []Skipped // all of them, the smallest first
}

func (e *SkippedError) Error() string {
	return "no package can be used: fetch the full package again: " + e.list()
}

func (e *SkippedError) list() string {
	var each []string
	for _, s := range e.Skipped {
		each = append(each, fmt.Sprintf("%s, because %v", clip(s.Name), s.Err))
	}
	return strings.Join(each, "; ")
}

// Unwrap returns the errors of the packages.
func (e *SkippedError) Unwrap() []error {
	errs := make([]error, len(e.Skipped))
	for i, s := range e.Skipped {
		errs[i] = s.Err
	}
	return errs
}

// UnpackSmallest unpacks, of several packages that lead to one result, the
// smallest that can be used, as [Unpack] does: a delta package if [WithBases]
// finds the executable that it starts from, otherwise the full one. The entries
// are those of a signed release for one target, and the packages lie in the
// folder dir; not all need be there. A package of another digest than its entry
// says is not used, nor one that holds something else.
//
// The result says of each smaller package why it was not used. If none can be
// used the error is a [*SkippedError].
func UnpackSmallest(ctx context.Context, dir string, entries []manifest.Entry, dest string, opts ...ReadOption) (*Unpacked, error) {
	if err := checkAlternatives(entries); err != nil {
		return nil, err
	}
	smallestFirst := slices.SortedStableFunc(slices.Values(entries), func(a, b manifest.Entry) int { return cmp.Compare(a.Size, b.Size) })
	var u Unpacked
	for _, e := range smallestFirst {
		p, err := unpackEntry(ctx, dir, e, dest, opts)
		if err == nil {
			u.Package = p
			return &u, nil
		}
		if !isSkippable(err) {
			return nil, err
		}
		u.Skipped = append(u.Skipped, Skipped{Name: e.Name, Err: err})
	}
	return nil, &SkippedError{Skipped: u.Skipped}
}

// checkAlternatives refuses packages of which a host would have to choose the
// right one.
func checkAlternatives(entries []manifest.Entry) error {
	if len(entries) == 0 {
		return errors.New("unpacking: no package was given: name those of one target")
	}
	for _, e := range entries[1:] {
		if e.Target != entries[0].Target || !reflect.DeepEqual(e.Result, entries[0].Result) {
			return fmt.Errorf("unpacking: %s and %s do not lead to one result: name the packages of one target and one release", clip(entries[0].Name), clip(e.Name))
		}
	}
	return nil
}

// unpackEntry unpacks the package that an entry describes, and no other.
func unpackEntry(ctx context.Context, dir string, e manifest.Entry, dest string, opts []ReadOption) (*Package, error) {
	path := filepath.Join(dir, e.Name)
	opts = append(slices.Clone(opts), WithDigest(e.Digest))
	var p *Package
	err := publish(dest, func(to *folder) (err error) {
		if p, err = open(ctx, path, to, opts); err == nil && !reflect.DeepEqual(p.Entry(), e) {
			err = inArchive("reading", path, refuse("", "holds something else than its release says", nil))
		}
		return err
	})
	return p, err
}

func isSkippable(err error) bool {
	var missing *MissingBaseError
	return errors.As(err, &missing) || isRefusal(err) || errors.Is(err, fs.ErrNotExist)
}
