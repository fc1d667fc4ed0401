package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Update returns the next version of the trust file, which enough root signers of
// this version and of the next must have signed, as for the root role of The Update
// Framework (theupdateframework.github.io/specification, 5.3). A version that has
// expired can be updated; one that has expired already is not taken. Errors are
// those of [Verifier.Verify] and of [ParseTrust].
func (t *Trust) Update(ctx context.Context, bundles [][]byte, now time.Time) (*Trust, error) {
	document, err := t.openNext(ctx, bundles, now)
	if err != nil {
		return nil, fmt.Errorf("by the root signers of version %d: %w", t.Version(), err)
	}
	next, err := NewTrust(document)
	if err != nil {
		return nil, err
	}
	if err := t.checkNext(next, now); err != nil {
		return nil, err
	}
	if _, err := next.openNext(ctx, bundles, now); err != nil {
		return nil, fmt.Errorf("by the root signers of version %d, which it names itself: %w", next.Version(), err)
	}
	return next, nil
}

// openNext reads what enough root signers of this version have signed.
func (t *Trust) openNext(ctx context.Context, bundles [][]byte, now time.Time) (manifest.Trust, error) {
	v := &Verifier{config: config{trust: t, clock: func() time.Time { return now }}, signers: t.signers}
	next, _, err := openDocument[manifest.Trust](ctx, v, bundles, t.document.Root, false, now)
	return next, err
}

// checkNext requires the very next version, that it is in force, and that it is not
// older than this one.
func (t *Trust) checkNext(next *Trust, now time.Time) error {
	if next.Version() != t.Version()+1 {
		return refuse(RuleTrust, ErrTrustVersion, fmt.Sprintf("the trust file has version %d, and the next one after %d is %d", next.Version(), t.Version(), t.Version()+1), "install the versions one after the other")
	}
	if next.document.Created.Before(t.document.Created) {
		return refuse(RuleTrust, ErrTrustVersion, fmt.Sprintf("version %d of the trust file was made at %s, before version %d", next.Version(), moment(next.document.Created), t.Version()), "have it made anew")
	}
	return next.checkCurrent(now)
}
