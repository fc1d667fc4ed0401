package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signature is one that counts.
type Signature struct {
	Signer    KeyID     `json:"signer"`
	Name      string    `json:"name,omitempty"`      // of the signer, as the trust file has it
	Time      time.Time `json:"time,omitzero"`       // when it was made at the latest, if that is proven
	Authority string    `json:"authority,omitempty"` // that proves the time
}

// String names the signer, and since when it is proven to have signed.
func (s Signature) String() string {
	text := s.Signer.Short()
	if s.Name != "" {
		text += " (" + printable(s.Name) + ")"
	}
	if !s.Time.IsZero() {
		text += " at " + moment(s.Time) + " by " + printable(s.Authority)
	}
	return text
}

// Uncounted is a signature that counts for nothing.
type Uncounted struct {
	Signer KeyID  `json:"signer"`
	Name   string `json:"name,omitempty"` // as the trust file has it; none for an unknown one
	Reason string `json:"reason"`         // in words, as the end of a sentence
	Err    error  `json:"-"`              // ErrUnknownSigner, ErrSignerRevoked, ErrSignerValidity, ErrUntimedSigner or ErrSignerElsewhere
}

func (u Uncounted) String() string {
	text := u.Signer.Short()
	if u.Name != "" {
		text += " (" + printable(u.Name) + ")"
	}
	return text + ": " + u.Reason
}

// signatures are those on one payload.
type signatures struct {
	payload []byte
	good    []Signature // of distinct signers, by id
	other   []Uncounted // of distinct signers, by id
}

// open checks the signatures in bundles over the same bytes. A bundle of a signer
// that is not trusted counts for nothing; one that is damaged, or that names a
// trusted signer without being signed by it, is an error even if the others would
// do.
func (v *Verifier) open(ctx context.Context, bundles []namedBundle, now time.Time) (*signatures, error) {
	if err := checkSamePayload(bundles); err != nil {
		return nil, err
	}
	s := &signatures{}
	if len(bundles) > 0 {
		s.payload = bundles[0].Payload
	}
	for _, b := range bundles {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := v.count(s, b, now); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(s.good, func(a, b Signature) int { return a.Signer.compare(b.Signer) })
	slices.SortStableFunc(s.other, func(a, b Uncounted) int { return a.Signer.compare(b.Signer) })
	return s, nil
}

// count puts the signature of a bundle among the good ones, or the others.
func (v *Verifier) count(s *signatures, b namedBundle, now time.Time) error {
	signer, known := v.signer(b.Key)
	if !known {
		s.addOther(Uncounted{Signer: b.Key, Reason: "is not trusted", Err: ErrUnknownSigner})
		return nil
	}
	found := Signature{Signer: b.Key, Name: signer.Name}
	if b.foreign != nil {
		found.Time, found.Authority = b.foreign.Time, b.foreign.Name
	} else if err := v.check(b, signer.key, &found); err != nil {
		return err
	}
	if found.Time.After(now.Add(v.skew())) {
		return &RefusalError{Rule: RuleClock, Err: ErrClock, Reason: fmt.Sprintf("bundle %s was signed at %s, which is still to come", quote(b.name), moment(found.Time)), Remedy: "set the clock of this machine"}
	}
	if reason, err := signer.counts(found.Time, now); err != nil {
		s.addOther(Uncounted{Signer: b.Key, Name: signer.Name, Reason: reason, Err: err})
		return nil
	}
	s.addGood(found)
	return nil
}

// check verifies a key's signature, and the timestamps on it.
func (v *Verifier) check(b namedBundle, key Key, found *Signature) error {
	if err := key.verify(SignedBytes(b.Payload), b.Signature); err != nil {
		return &BundleError{Bundle: b.name, Reason: "names the trusted key " + b.Key.Short(), Err: err}
	}
	return v.checkTimestamps(b, found)
}

// addGood keeps the earliest of a signer's signatures.
func (s *signatures) addGood(found Signature) {
	for i, g := range s.good {
		if g.Signer != found.Signer {
			continue
		}
		if !found.Time.IsZero() && (g.Time.IsZero() || found.Time.Before(g.Time)) {
			s.good[i] = found
		}
		return
	}
	s.good = append(s.good, found)
}

func (s *signatures) addOther(u Uncounted) {
	if !slices.ContainsFunc(s.other, func(o Uncounted) bool { return o.Signer == u.Signer }) {
		s.other = append(s.other, u)
	}
}

// counts says why a signature, proven to be made at a time or not at all, does not
// count now; "" and nil if it does.
func (t trusted) counts(proven, now time.Time) (string, error) {
	if r := t.Revoked; r != nil && (proven.IsZero() || !proven.Before(r.Since)) { // nothing is before a Since that is not given
		return "was revoked: " + printable(r.Reason), ErrSignerRevoked
	}
	at, how := proven, "signed at "+moment(proven)
	if proven.IsZero() {
		at, how = now, "has no timestamp that proves when it was made"
	}
	switch {
	case at.Before(t.NotBefore): // which nothing is where none is given
		return how + ", and the key is valid from " + moment(t.NotBefore) + " on", ErrSignerValidity
	case !t.NotAfter.IsZero() && at.After(t.NotAfter):
		return how + ", and the key was valid up to " + moment(t.NotAfter), ErrSignerValidity
	}
	return "", nil
}

// among splits off the signatures that do not count for a quorum.
func (s *signatures) among(ids []string, timed bool) *signatures {
	kept := &signatures{payload: s.payload, other: slices.Clone(s.other)}
	for _, g := range s.good {
		switch {
		case !slices.Contains(ids, g.Signer.String()):
			kept.other = append(kept.other, Uncounted{Signer: g.Signer, Name: g.Name, Reason: "is not trusted for this product and channel", Err: ErrSignerElsewhere})
		case timed && g.Time.IsZero():
			kept.other = append(kept.other, Uncounted{Signer: g.Signer, Name: g.Name, Reason: "has no timestamp that proves when it was made, which the trust file demands", Err: ErrUntimedSigner})
		default:
			kept.good = append(kept.good, g)
		}
	}
	slices.SortStableFunc(kept.other, func(a, b Uncounted) int { return a.Signer.compare(b.Signer) })
	return kept
}

// require is a [*ThresholdError] if fewer than so many signatures are good.
func (s *signatures) require(threshold int) error {
	if len(s.good) < threshold {
		return &ThresholdError{Threshold: threshold, Signers: s.good, Uncounted: s.other}
	}
	return nil
}

// namedBundle is a bundle with the name that messages give it.
type namedBundle struct {
	name string
	Bundle
	foreign *Signed // what another verifier found it to prove
}

// parse reads a bundle, or has it verified by those who know its kind.
func (v *Verifier) parse(ctx context.Context, name string, data []byte) (namedBundle, error) {
	b, err := ParseBundle(data)
	var refused *BundleError
	if !errors.As(err, &refused) { // as every error of ParseBundle is
		return namedBundle{name: name, Bundle: b}, err
	}
	for _, other := range v.others {
		signed, foreign := other.VerifyBundle(ctx, data)
		if errors.Is(foreign, ErrOtherKind) {
			continue
		}
		if foreign != nil {
			return namedBundle{}, named(name, foreign)
		}
		if signed.Time.IsZero() {
			return namedBundle{}, &BundleError{Bundle: name, Reason: "of another kind has no time", Err: ErrUntimedSigner}
		}
		return namedBundle{name: name, Bundle: Bundle{Key: signed.Signer, Payload: signed.Payload}, foreign: &signed}, nil
	}
	return namedBundle{}, named(name, err)
}

// named gives the error of another verifier the name of the bundle.
func named(name string, err error) error {
	var refused *BundleError
	if errors.As(err, &refused) {
		return &BundleError{Bundle: name, Reason: refused.Reason, Err: refused.Err}
	}
	return &BundleError{Bundle: name, Reason: "is refused", Err: err}
}

// parseAll reads bundles that came without names.
func (v *Verifier) parseAll(ctx context.Context, bundles [][]byte) ([]namedBundle, error) {
	if err := checkBundleCount(len(bundles)); err != nil {
		return nil, err
	}
	parsed := make([]namedBundle, len(bundles))
	for i, data := range bundles {
		b, err := v.parse(ctx, fmt.Sprintf("%d of %d", i+1, len(bundles)), data)
		if err != nil {
			return nil, err
		}
		parsed[i] = b
	}
	return parsed, nil
}

func (id KeyID) compare(other KeyID) int { return cmp.Compare(string(id[:]), string(other[:])) }

// join writes a list for people.
func join[T fmt.Stringer](list []T) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", ")
}

// printable replaces what could change what a terminal shows.
func printable(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' && r != '…' {
			return '?'
		}
		return r
	}, s)
}
