package sign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/timestamp"
)

// Stamper has a signature stamped by a time-stamp authority and returns its RFC
// 3161 response. The client of package tsa is one.
type Stamper interface {
	Stamp(ctx context.Context, signature []byte) ([]byte, error)
}

// StampError says that a signature got no timestamp. It is returned by
// [Signer.Sign] and [AddTimestamp].
type StampError struct{ Err error }

func (e *StampError) Error() string {
	return fmt.Sprintf("sign: the signature is made, but not stamped with the time: %v", e.Err)
}

// Unwrap returns what the stamper reported, or why its answer is refused.
func (e *StampError) Unwrap() error { return e.Err }

// WithTimestamps adds a timestamp by each of the stampers to every bundle. Signing
// fails if one of them does. The default is none.
func WithTimestamps(stampers ...Stamper) Option {
	return func(c *config) error {
		if slices.Contains(stampers, nil) {
			return errors.New("sign: WithTimestamps: a stamper is nil; leave it out")
		}
		if n := len(c.stampers) + len(stampers); n > verify.MaxTimestamps {
			return fmt.Errorf("sign: WithTimestamps: there are %d stampers, and a bundle has at most %d timestamps; choose some", n, verify.MaxTimestamps)
		}
		c.stampers = append(c.stampers, stampers...)
		return nil
	}
}

// AddTimestamp returns a bundle with one more timestamp, over the signature that
// it holds. The signature is not verified. Errors are [*verify.BundleError] and
// [*StampError].
func AddTimestamp(ctx context.Context, bundle []byte, stamper Stamper) ([]byte, error) {
	b, err := verify.ParseBundle(bundle)
	if err != nil {
		return nil, err
	}
	if len(b.Timestamps) == verify.MaxTimestamps {
		return nil, &verify.BundleError{Reason: fmt.Sprintf("has %d timestamps already, and may not have more", verify.MaxTimestamps)}
	}
	if b, err = addTimestamp(ctx, b, stamper); err != nil {
		return nil, err
	}
	return b.Encode()
}

// addTimestamp checks that what a stamper returned is a timestamp of the
// signature. Who made it, only the trust policy of a host can say.
func addTimestamp(ctx context.Context, b verify.Bundle, stamper Stamper) (verify.Bundle, error) {
	response, err := stamper.Stamp(ctx, b.Signature)
	if err != nil {
		return verify.Bundle{}, &StampError{Err: err}
	}
	if _, err := timestamp.Inspect(response, b.Signature); err != nil {
		return verify.Bundle{}, &StampError{Err: err}
	}
	b.Timestamps = append(slices.Clone(b.Timestamps), response)
	return b, nil
}
