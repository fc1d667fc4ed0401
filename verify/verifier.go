package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Verifier decides whether a release is genuine, and whether a host may take it.
// It is made by [New]; the zero Verifier refuses everything.
type Verifier struct {
	config
	signers map[KeyID]trusted
}

// Option sets up a [Verifier].
type Option func(*config) error

type config struct {
	keys      []Key
	threshold int // 0: not given
	trust     *Trust
	clock     func() time.Time
	floor     *manifest.Floor
	host      *Host
	permits   [][]byte
	others    []BundleVerifier
}

// WithTrust takes who is trusted, and all rules, from a trust file. It replaces
// [WithKeys] and [WithThreshold].
func WithTrust(t *Trust) Option {
	return func(c *config) error {
		if t == nil || len(t.signers) == 0 {
			return errors.New("verify: WithTrust: the trust file is empty; make it with ParseTrust")
		}
		c.trust = t
		return nil
	}
}

// WithKeys adds trusted keys for any product: the short way, for tools. A key that
// is given twice counts once.
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

// WithThreshold sets how many of the keys must have signed; the default is 1.
// More than there are keys is [ErrUnreachable].
func WithThreshold(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("verify: WithThreshold: %d signatures prove nothing; ask for at least 1", n)
		}
		c.threshold = n
		return nil
	}
}

// WithClock sets the clock; the default is [time.Now].
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("verify: WithClock: there is no clock; leave the option out for the system's")
		}
		c.clock = now
		return nil
	}
}

// WithFloor judges releases by what the host has confirmed before. Without it,
// nothing stops an old release from being taken for a new one.
func WithFloor(f manifest.Floor) Option {
	return func(c *config) error {
		if err := f.Validate(); err != nil {
			return fmt.Errorf("verify: WithFloor: %w", err)
		}
		f.Installed, f.Withdrawn = slices.Clone(f.Installed), slices.Clone(f.Withdrawn)
		c.floor = &f
		return nil
	}
}

// WithHost accepts only releases that have a package for the host.
func WithHost(h Host) Option {
	return func(c *config) error {
		if err := h.validate(); err != nil {
			return fmt.Errorf("verify: WithHost: %w", err)
		}
		c.host = &h
		return nil
	}
}

// WithPermits gives the bundles over one permit of a downgrade. It needs [WithHost]
// with a name, [WithFloor] and [WithTrust].
func WithPermits(bundles ...[]byte) Option {
	return func(c *config) error {
		if err := checkBundleCount(len(bundles)); err != nil {
			return err
		}
		c.permits = append(c.permits, bundles...)
		return nil
	}
}

// WithBundleVerifier also takes bundles of another kind than those of keys. Whose
// they may be, the trust file says.
func WithBundleVerifier(other BundleVerifier) Option {
	return func(c *config) error {
		if other == nil {
			return errors.New("verify: WithBundleVerifier: there is none; leave the option out")
		}
		c.others = append(c.others, other)
		return nil
	}
}

// New returns a Verifier. Without trusted keys, by [WithTrust] or [WithKeys], it is
// [ErrNoKeys].
func New(options ...Option) (*Verifier, error) {
	c := config{clock: time.Now}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("verify: an option is nil; leave it out")
		}
		if err := option(&c); err != nil {
			return nil, err
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	v := &Verifier{config: c}
	if c.trust != nil {
		v.signers = c.trust.signers
		return v, nil
	}
	if err := v.trustKeys(); err != nil {
		return nil, err
	}
	return v, nil
}

// check refuses options that do not go together.
func (c *config) check() error {
	switch {
	case c.trust != nil && (len(c.keys) > 0 || c.threshold > 0):
		return errors.New("verify: WithTrust replaces WithKeys and WithThreshold: give one or the other")
	case c.trust == nil && len(c.keys) == 0:
		return ErrNoKeys
	case len(c.others) > 0 && c.trust == nil:
		return errors.New("verify: WithBundleVerifier: keys say nothing about identities: give a trust file that lists them with WithTrust")
	case len(c.permits) > 0 && (c.trust == nil || c.floor == nil || c.host == nil || c.host.Name == ""):
		return errors.New("verify: WithPermits: a permit is for one host, and needs a trust file, a floor and the host's name: give WithTrust, WithFloor and WithHost, too")
	}
	return nil
}

// trustKeys makes signers of the plain keys.
func (v *Verifier) trustKeys() error {
	v.signers = make(map[KeyID]trusted, len(v.keys))
	for _, key := range v.keys {
		v.signers[key.ID()] = trusted{key: key}
	}
	v.threshold = max(v.threshold, 1)
	if v.threshold > len(v.signers) {
		return fmt.Errorf("%w: %d signatures are asked for, but there are only %d distinct keys; add keys or lower the threshold", ErrUnreachable, v.threshold, len(v.signers))
	}
	return nil
}

// ready refuses a Verifier that New did not make.
func (v *Verifier) ready() error {
	if v == nil || len(v.signers) == 0 {
		return ErrNoKeys
	}
	return nil
}

func (v *Verifier) signer(id KeyID) (trusted, bool) {
	s, ok := v.signers[id]
	return s, ok
}

// Verify checks the bundles of one release and returns what they establish.
// All of them must be over the same bytes. A bundle of a signer that is not
// trusted counts for nothing; one that is damaged, or that names a trusted signer
// without being signed by it, is an error even if the others would do.
//
// Errors are [*BundleError], [*ThresholdError], [*StatementError],
// [*RefusalError], [ErrNoKeys] and those of the context.
func (v *Verifier) Verify(ctx context.Context, bundles [][]byte) (*Result, error) {
	if err := v.ready(); err != nil {
		return nil, err
	}
	parsed, err := v.parseAll(ctx, bundles)
	if err != nil {
		return nil, err
	}
	return v.verify(ctx, parsed, nil)
}

// verify is the order of all checks: bundles, threshold, statement, time, floor,
// target and base, provenance. What is not authenticated yet is not looked at.
func (v *Verifier) verify(ctx context.Context, bundles, provenance []namedBundle) (*Result, error) {
	now, err := v.now()
	if err != nil {
		return nil, err
	}
	signed, err := v.open(ctx, bundles, now)
	if err != nil {
		return nil, err
	}
	release, err := decode[manifest.Release](signed, v.least())
	if err != nil {
		return nil, err
	}
	j := &judgment{Verifier: v, now: now, release: release, result: &Result{
		Release: release, Statement: manifest.DigestOf(signed.payload), Judged: now,
	}}
	if err := j.run(ctx, signed, provenance); err != nil {
		return nil, err
	}
	return j.result, nil
}

// least is how many good signatures there must be before anything that was signed
// is read.
func (v *Verifier) least() int {
	if v.trust == nil {
		return v.threshold
	}
	return v.trust.least()
}

// judgment is one release on its way through the rules.
type judgment struct {
	*Verifier
	now     time.Time
	release manifest.Release
	rules   manifest.TrustProduct // zero without a trust file
	result  *Result
}

func (j *judgment) run(ctx context.Context, signed *signatures, provenance []namedBundle) error {
	for _, check := range []func() error{
		func() error { return j.checkSigners(signed) },
		j.checkTime,
		func() error { return j.checkFloor(ctx) },
		j.checkHost,
		func() error { return j.checkProvenance(ctx, provenance) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSigners requires the quorum of the release's product.
func (j *judgment) checkSigners(signed *signatures) error {
	threshold, who := j.threshold, "key"
	if j.trust != nil {
		who = "signer"
		var err error
		if j.rules, err = j.trust.product(j.release.Product, j.release.Channel); err != nil {
			return err
		}
		threshold = int(j.rules.Releases.Threshold)
		signed = signed.among(j.rules.Releases.Signers, j.rules.RequireTimestamp)
	}
	if err := signed.require(threshold); err != nil {
		return err
	}
	j.result.Threshold, j.result.Signers, j.result.Uncounted = threshold, signed.good, signed.other
	j.establish(RuleThreshold, "signed by %d trusted %s (%d needed): %s", len(signed.good), plural(len(signed.good), who), threshold, join(signed.good))
	if j.trust != nil {
		j.result.TrustVersion = j.trust.Version()
		j.establish(RuleProduct, "trusted for product %s on channel %s by the trust file, version %d", j.release.Product, j.release.Channel, j.trust.Version())
	}
	return nil
}

func checkBundleCount(n int) error {
	if n > MaxBundles {
		return &BundleError{Bundle: fmt.Sprintf("%d of %d", MaxBundles+1, n), Reason: fmt.Sprintf("is one too many; a release has at most %d", MaxBundles)}
	}
	return nil
}

func checkSamePayload(bundles []namedBundle) error {
	for _, b := range bundles {
		if string(b.Payload) != string(bundles[0].Payload) {
			return &BundleError{Bundle: b.name, Err: ErrDifferentPayload}
		}
	}
	return nil
}
