package verify

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Result is what a [Verifier] has established.
type Result struct {
	Release      manifest.Release     `json:"release"`
	Statement    manifest.Digest      `json:"statement"`              // of the signed bytes; identifies the release
	Judged       time.Time            `json:"judged"`                 // when, by the clock
	TrustVersion int64                `json:"trustVersion,omitempty"` // of the trust file
	Threshold    int                  `json:"threshold"`              // signatures that were needed
	Signers      []Signature          `json:"signers"`                // that count, by signer
	Uncounted    []Uncounted          `json:"uncounted,omitempty"`    // that do not, by signer
	Installed    bool                 `json:"installed,omitempty"`    // the host has confirmed this very release before
	Permit       *manifest.Permit     `json:"permit,omitempty"`       // that allows this downgrade
	Provenance   *manifest.Provenance `json:"provenance,omitempty"`   // none if the release came without one
	Established  []Finding            `json:"established"`            // in the order of the checks
	Unchecked    []Finding            `json:"unchecked,omitempty"`    // what was not looked at, and why
}

// Finding is what came of a rule.
type Finding struct {
	Rule Rule   `json:"rule"`
	Text string `json:"text"` // a part of a sentence
}

func (j *judgment) establish(rule Rule, format string, args ...any) {
	j.result.Established = append(j.result.Established, Finding{rule, fmt.Sprintf(format, args...)})
}

func (j *judgment) leave(rule Rule, text string) {
	j.result.Unchecked = append(j.result.Unchecked, Finding{rule, text})
}

// String says in words what was established, and what was not looked at.
func (r *Result) String() string {
	var b strings.Builder
	release := r.Release
	fmt.Fprintf(&b, "hotfix %s of %s: version %s on channel %s, %s, %d %s", release.ID, release.Product, release.Version, release.Channel,
		release.Number(), len(release.Packages), plural(len(release.Packages), "package"))
	for _, f := range r.Established {
		b.WriteString("; " + f.Text)
	}
	if len(r.Uncounted) > 0 {
		b.WriteString("; not counted: " + join(r.Uncounted))
	}
	for _, f := range r.Unchecked {
		b.WriteString("; " + f.Text)
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
