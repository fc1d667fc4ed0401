package verify

import (
	"context"
	"io/fs"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Sums checks that fsys holds every file that a SHA256SUMS file lists, with the
// listed digest. It does not look at other files, and it does not say who made
// the list. Errors are [*manifest.SumsError], [*FileError], [*MismatchError] and
// those of the context.
func Sums(ctx context.Context, fsys fs.FS, sums manifest.Sums) error {
	if _, err := sums.Encode(); err != nil {
		return err
	}
	for _, sum := range sums {
		if err := checkFile(ctx, fsys, sum.Name, sum.Digest, anySize); err != nil {
			return err
		}
	}
	return nil
}
