package verify

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Result is what a [Verifier] has established.
type Result struct {
	Release   manifest.Release `json:"release"`
	Statement manifest.Digest  `json:"statement"` // of the signed bytes; identifies the release
	Threshold int              `json:"threshold"` // signatures that were needed
	Signers   []KeyID          `json:"signers"`   // trusted keys that signed; sorted, each once
	Ignored   []KeyID          `json:"ignored"`   // keys of bundles that counted for nothing; sorted, each once
}

// String says in words what was established.
func (r *Result) String() string {
	var b strings.Builder
	release := r.Release
	fmt.Fprintf(&b, "hotfix %s of %s: version %s on channel %s, %s, %d %s; ",
		release.ID, release.Product, release.Version, release.Channel, manifest.FormatSequence(release.Epoch, release.Sequence),
		len(release.Packages), plural(len(release.Packages), "package"))
	fmt.Fprintf(&b, "signed by %d trusted %s (%d needed): %s",
		len(r.Signers), plural(len(r.Signers), "key"), r.Threshold, shortIDs(r.Signers))
	if len(r.Ignored) > 0 {
		fmt.Fprintf(&b, "; not counted, because unknown: %s", shortIDs(r.Ignored))
	}
	return b.String()
}

// VerifyFile checks that the file at path is the package of the same name in
// the release, and returns its entry. Errors are [*FileError] and
// [*MismatchError].
func (r *Result) VerifyFile(ctx context.Context, path string) (manifest.Entry, error) {
	name := filepath.Base(path)
	entry, ok := r.Release.Entry(name)
	if !ok {
		return manifest.Entry{}, &FileError{Name: name, Err: ErrUnexpected}
	}
	if err := File(ctx, path, entry.Digest, entry.Size); err != nil {
		return manifest.Entry{}, err
	}
	return entry, nil
}

// VerifyContent checks that content is the package of the given name in the
// release, and returns its entry. It reads at most one byte more than the
// package has.
func (r *Result) VerifyContent(ctx context.Context, name string, content io.Reader) (manifest.Entry, error) {
	entry, ok := r.Release.Entry(name)
	if !ok {
		return manifest.Entry{}, &FileError{Name: name, Err: ErrUnexpected}
	}
	if err := checkContent(ctx, name, content, entry.Digest, entry.Size); err != nil {
		return manifest.Entry{}, err
	}
	return entry, nil
}
