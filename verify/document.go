package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// openAll checks the signatures in bundles that came without names.
func (v *Verifier) openAll(ctx context.Context, bundles [][]byte, now time.Time) (*signatures, error) {
	parsed, err := v.parseAll(ctx, bundles)
	if err != nil {
		return nil, err
	}
	return v.open(ctx, parsed, now)
}

// decode reads what was signed, if there are enough good signatures.
func decode[P manifest.Predicate](signed *signatures, threshold int) (P, error) {
	var none P
	if err := signed.require(threshold); err != nil {
		return none, err
	}
	statement, err := manifest.DecodeStatement[P](signed.payload)
	if err != nil {
		return none, &StatementError{Err: err}
	}
	return statement.Predicate, nil
}

// openDocument verifies the bundles over a document by a quorum, and only then
// reads it.
func openDocument[P manifest.Predicate](ctx context.Context, v *Verifier, bundles [][]byte, quorum manifest.Quorum, timed bool, now time.Time) (P, *signatures, error) {
	signed, err := v.openAll(ctx, bundles, now)
	if err != nil {
		var none P
		return none, nil, err
	}
	signed = signed.among(quorum.Signers, timed)
	document, err := decode[P](signed, int(quorum.Threshold))
	return document, signed, err
}

// VerifyNotice verifies the bundles over a notice by those who may release the
// product on the channel that it names, and returns the floor of the product with
// what it takes back. It needs [WithTrust] and [WithFloor]. A notice may be old: what
// was taken back stays so.
func (v *Verifier) VerifyNotice(ctx context.Context, bundles [][]byte) (manifest.Notice, manifest.Floor, error) {
	notice, err := v.openNotice(ctx, bundles)
	if err != nil {
		return manifest.Notice{}, manifest.Floor{}, err
	}
	if notice.Product != v.floor.Product {
		return manifest.Notice{}, manifest.Floor{}, refuse(RuleProduct, ErrUnknownProduct, fmt.Sprintf("the notice is for product %s, and the floor is that of %s", notice.Product, v.floor.Product), "give the floor of the product")
	}
	f := *v.floor
	f.Trust = max(f.Trust, v.trust.Version())
	f.Withdrawn = withdraw(f.Withdrawn, notice.Withdrawals)
	f, err = checkFloor(f)
	return notice, f, err
}

func (v *Verifier) openNotice(ctx context.Context, bundles [][]byte) (manifest.Notice, error) {
	if err := v.ready(); err != nil {
		return manifest.Notice{}, err
	}
	if v.trust == nil || v.floor == nil {
		return manifest.Notice{}, fmt.Errorf("verify: a notice needs to know who may withdraw, and what to withdraw it from: %w; give WithTrust and WithFloor", ErrNoKeys)
	}
	now, err := v.now()
	if err != nil {
		return manifest.Notice{}, err
	}
	signed, err := v.openAll(ctx, bundles, now)
	if err != nil {
		return manifest.Notice{}, err
	}
	notice, err := decode[manifest.Notice](signed, v.least())
	if err != nil {
		return manifest.Notice{}, err
	}
	rules, err := v.trust.product(notice.Product, notice.Channel)
	if err != nil {
		return manifest.Notice{}, err
	}
	return notice, signed.among(rules.Releases.Signers, rules.RequireTimestamp).require(int(rules.Releases.Threshold))
}
