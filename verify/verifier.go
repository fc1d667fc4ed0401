package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Verifier decides by trusted keys whether a release is genuine. It is made by
// [New]; the zero Verifier refuses everything.
type Verifier struct {
	keys      map[KeyID]Key
	threshold int
}

// Option sets up a [Verifier].
type Option func(*config) error

type config struct {
	keys      []Key
	threshold int
}

// WithKeys adds trusted keys. There is no default: a Verifier without keys
// is an error. A key that is given twice counts once.
func WithKeys(keys ...Key) Option {
	return func(c *config) error {
		for i, key := range keys {
			if key.public == nil {
				return fmt.Errorf("verify: WithKeys: key %d is empty; make it with ParsePublicKey", i+1)
			}
		}
		c.keys = append(c.keys, keys...)
		return nil
	}
}

// WithThreshold sets how many distinct trusted keys must have signed; the
// default is 1. More than there are trusted keys is [ErrUnreachable].
func WithThreshold(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("verify: WithThreshold: %d signatures prove nothing; ask for at least 1", n)
		}
		c.threshold = n
		return nil
	}
}

// New returns a Verifier. It needs at least one key: see [WithKeys].
func New(options ...Option) (*Verifier, error) {
	c := config{threshold: 1}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("verify: an option is nil; leave it out")
		}
		if err := option(&c); err != nil {
			return nil, err
		}
	}
	if len(c.keys) == 0 {
		return nil, ErrNoKeys
	}
	keys := make(map[KeyID]Key, len(c.keys))
	for _, key := range c.keys {
		keys[key.ID()] = key
	}
	if c.threshold > len(keys) {
		return nil, fmt.Errorf("%w: %d signatures are asked for, but there are only %d distinct keys; add keys or lower the threshold", ErrUnreachable, c.threshold, len(keys))
	}
	return &Verifier{keys: keys, threshold: c.threshold}, nil
}

// Verify checks the bundles of one release and returns what they establish.
// All of them must be over the same bytes. A bundle of a key that is not
// trusted counts for nothing; one that is damaged, or that names a trusted key
// without being signed by it, is an error even if the others would do.
//
// Errors are [*BundleError], [*ThresholdError], [*StatementError], [ErrNoKeys]
// and those of the context.
func (v *Verifier) Verify(ctx context.Context, bundles [][]byte) (*Result, error) {
	if err := v.ready(); err != nil {
		return nil, err
	}
	if err := checkBundleCount(len(bundles)); err != nil {
		return nil, err
	}
	parsed := make([]namedBundle, len(bundles))
	for i, data := range bundles {
		b, err := parseNamed(fmt.Sprintf("%d of %d", i+1, len(bundles)), data)
		if err != nil {
			return nil, err
		}
		parsed[i] = b
	}
	return v.verify(ctx, parsed)
}

// ready refuses a Verifier that New did not make.
func (v *Verifier) ready() error {
	if v == nil || len(v.keys) == 0 || v.threshold < 1 {
		return ErrNoKeys
	}
	return nil
}

func (v *Verifier) verify(ctx context.Context, bundles []namedBundle) (*Result, error) {
	if err := checkSamePayload(bundles); err != nil {
		return nil, err
	}
	signers, unknown, err := v.signers(ctx, bundles)
	if err != nil {
		return nil, err
	}
	if len(signers) < v.threshold {
		return nil, &ThresholdError{Threshold: v.threshold, Signers: signers, Unknown: unknown}
	}
	payload := bundles[0].Payload
	statement, err := manifest.DecodeStatement[manifest.Release](payload)
	if err != nil {
		return nil, &StatementError{Err: err}
	}
	return &Result{
		Release:   statement.Predicate,
		Statement: manifest.DigestOf(payload),
		Threshold: v.threshold,
		Signers:   signers,
		Ignored:   unknown,
	}, nil
}

// namedBundle is a bundle with the name that messages give it.
type namedBundle struct {
	name string
	Bundle
}

func parseNamed(name string, data []byte) (namedBundle, error) {
	b, err := ParseBundle(data)
	var refused *BundleError
	if errors.As(err, &refused) {
		return namedBundle{}, &BundleError{Bundle: name, Reason: refused.Reason, Err: refused.Err}
	}
	return namedBundle{name: name, Bundle: b}, err
}

func checkBundleCount(n int) error {
	if n > MaxBundles {
		return &BundleError{Bundle: fmt.Sprintf("%d of %d", MaxBundles+1, n), Reason: fmt.Sprintf("is one too many; a release has at most %d", MaxBundles)}
	}
	return nil
}

func checkSamePayload(bundles []namedBundle) error {
	for _, b := range bundles {
		if !bytes.Equal(b.Payload, bundles[0].Payload) {
			return &BundleError{Bundle: b.name, Err: ErrDifferentPayload}
		}
	}
	return nil
}

// signers returns the trusted keys whose signatures are good, and the keys of
// the other bundles.
func (v *Verifier) signers(ctx context.Context, bundles []namedBundle) (signers, unknown []KeyID, err error) {
	good, other := map[KeyID]bool{}, map[KeyID]bool{}
	for _, b := range bundles {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		key, trusted := v.keys[b.Key]
		if !trusted {
			other[b.Key] = true
			continue
		}
		if err := key.verify(SignedBytes(b.Payload), b.Signature); err != nil {
			return nil, nil, &BundleError{Bundle: b.name, Reason: "names the trusted key " + b.Key.Short(), Err: err}
		}
		good[b.Key] = true
	}
	return sortedIDs(good), sortedIDs(other), nil
}
