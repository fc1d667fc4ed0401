package main

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
)

// newSubjects makes everything that is altered.
func newSubjects(ctx context.Context) ([]*subject, error) {
	people, err := newPeople()
	if err != nil {
		return nil, err
	}
	document, err := people.trustFile()
	if err != nil {
		return nil, err
	}
	trust, err := verify.NewTrust(document)
	if err != nil {
		return nil, err
	}
	m := &maker{people: people, trust: trust}
	var subjects []*subject
	for _, make := range []func(context.Context) (*subject, error){
		m.oneKey, m.twoKeys, m.underTrust, m.update, m.notice, m.permit, m.text,
	} {
		s, err := make(ctx)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// maker makes subjects.
type maker struct {
	*people
	trust *verify.Trust
}

// original and other are the numbers of the two releases of a subject.
const original, other = 1, 2

// both makes a subject of its two releases or documents.
func both(s *subject, parts func(n int) ([]part, error)) (*subject, error) {
	var err error
	if s.parts, err = parts(original); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	twin, err := parts(other)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	for _, p := range twin {
		s.twin = append(s.twin, p.content)
	}
	return s, nil
}

func (m *maker) oneKey(ctx context.Context) (*subject, error) {
	v, err := verify.New(verify.WithKeys(m.plain.Key()), verify.WithClock(now))
	if err != nil {
		return nil, err
	}
	return both(dist("dist folder, one key", v), func(n int) ([]part, error) {
		return distParts(ctx, release(n), false, m.plain)
	})
}

func (m *maker) twoKeys(ctx context.Context) (*subject, error) {
	v, err := verify.New(verify.WithKeys(m.p384.Key(), m.rsa.Key()), verify.WithThreshold(2), verify.WithClock(now))
	if err != nil {
		return nil, err
	}
	return both(dist("dist folder, two keys", v), func(n int) ([]part, error) {
		return distParts(ctx, release(n), false, m.p384, m.rsa)
	})
}

// verifier is that of a host with the trust file.
func (m *maker) verifier(confirmed int64, options ...verify.Option) (*verify.Verifier, error) {
	return verify.New(append(options, verify.WithTrust(m.trust), verify.WithClock(now), verify.WithHost(host()), verify.WithFloor(floor(confirmed)))...)
}

// before is a sequence below that of all releases.
const before = 1789000000

func (m *maker) underTrust(ctx context.Context) (*subject, error) {
	v, err := m.verifier(before)
	if err != nil {
		return nil, err
	}
	return both(dist("dist folder, trust file", v), func(n int) ([]part, error) {
		return distParts(ctx, release(n), true, m.engineer, m.reviewer)
	})
}

// dist is a dist folder without its parts.
func dist(name string, v *verify.Verifier) *subject {
	s := &subject{name: name}
	s.open = func(ctx context.Context, contents [][]byte) (bool, error) {
		folder := fstest.MapFS{}
		for i, p := range s.parts {
			if contents[i] != nil {
				folder[p.name] = &fstest.MapFile{Data: contents[i], Mode: 0o644}
			}
		}
		_, err := v.VerifyDist(ctx, folder)
		return true, err
	}
	return s
}

func distParts(ctx context.Context, r manifest.Release, proven bool, signers ...*sign.Signer) ([]part, error) {
	predicate, err := r.Encode()
	if err != nil {
		return nil, err
	}
	sums, err := r.Sums().Encode()
	if err != nil {
		return nil, err
	}
	parts := []part{{verify.ReleaseName, verify.ReleaseName, predicate}, {manifest.SumsName, manifest.SumsName, sums}}
	for i, on := range targets() {
		parts = append(parts, part{r.Packages[i].Name, "package", archive(int(r.Sequence-1790000000), on)})
	}
	bundles, err := signAll(ctx, manifest.NewStatement(r), "bundle", verify.BundleName, signers...)
	if err != nil || !proven {
		return append(parts, bundles...), err
	}
	data, err := provenance(r).Encode()
	if err != nil {
		return nil, err
	}
	signed, err := signAll(ctx, manifest.NewProvenanceStatement(r, provenance(r)), "provenance bundle", verify.ProvenanceBundleName, signers...)
	parts = append(append(parts, bundles...), part{manifest.ProvenanceName, manifest.ProvenanceName, data})
	return append(parts, signed...), err
}

// signAll has a statement signed, each signature in a bundle.
func signAll(ctx context.Context, statement manifest.Attestation, about string, name func(verify.KeyID) string, signers ...*sign.Signer) ([]part, error) {
	var parts []part
	for _, s := range signers {
		bundle, err := s.Sign(ctx, statement)
		if err != nil {
			return nil, err
		}
		kind := about
		if b, err := verify.ParseBundle(bundle); err == nil && len(b.Timestamps) > 0 {
			kind = "stamped " + about
		}
		parts = append(parts, part{name(s.Key().ID()), kind, bundle})
	}
	return parts, nil
}

// listed names the bundles of a document, which come as a list.
func listed(verify.KeyID) string { return "bundle" }

// present drops what was left out.
func present(contents [][]byte) [][]byte {
	var bundles [][]byte
	for _, c := range contents {
		if c != nil {
			bundles = append(bundles, c)
		}
	}
	return bundles
}

func (m *maker) update(ctx context.Context) (*subject, error) {
	s := &subject{name: "trust update", open: func(ctx context.Context, contents [][]byte) (bool, error) {
		_, err := m.trust.Update(ctx, present(contents), now())
		return true, err
	}}
	return both(s, func(n int) ([]part, error) {
		next := m.trust.Document()
		next.Version, next.Created = next.Version+1, signedAt().Add(time.Duration(-n)*time.Hour)
		return signAll(ctx, manifest.NewStatement(next), "bundle of a document", listed, m.engineer, m.reviewer)
	})
}

func (m *maker) notice(ctx context.Context) (*subject, error) {
	v, err := m.verifier(before)
	if err != nil {
		return nil, err
	}
	s := &subject{name: "notice", open: func(ctx context.Context, contents [][]byte) (bool, error) {
		_, _, err := v.VerifyNotice(ctx, present(contents))
		return true, err
	}}
	return both(s, func(n int) ([]part, error) {
		document, err := notice(n)
		if err != nil {
			return nil, err
		}
		return signAll(ctx, manifest.NewStatement(document), "bundle of a document", listed, m.engineer, m.reviewer)
	})
}

// permit is one for the original release, which comes with a provenance.
func (m *maker) permit(ctx context.Context) (*subject, error) {
	folder := fstest.MapFS{}
	parts, err := distParts(ctx, release(original), true, m.engineer, m.reviewer)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		folder[p.name] = &fstest.MapFile{Data: p.content, Mode: 0o644}
	}
	s := &subject{name: "permit", open: func(ctx context.Context, contents [][]byte) (bool, error) {
		v, err := m.verifier(release(original).Sequence+1, verify.WithPermits(present(contents)...))
		if err != nil {
			return false, err
		}
		_, err = v.VerifyDist(ctx, folder)
		return true, err
	}}
	return both(s, func(n int) ([]part, error) {
		document, err := permit(n)
		if err != nil {
			return nil, err
		}
		return signAll(ctx, manifest.NewStatement(document), "bundle of a document", listed, m.reviewer)
	})
}

// text is a release as text, which cannot carry a provenance.
func (m *maker) text(ctx context.Context) (*subject, error) {
	document := m.trust.Document()
	document.Products[0].Provenance = nil
	trust, err := verify.NewTrust(document)
	if err != nil {
		return nil, err
	}
	v, err := (&maker{people: m.people, trust: trust}).verifier(before)
	if err != nil {
		return nil, err
	}
	s := &subject{name: "release as text", mayBeSame: true}
	if s, err = both(s, func(n int) ([]part, error) { return m.textParts(ctx, n) }); err != nil {
		return nil, err
	}
	signed, err1 := inline.Verify(ctx, s.parts[0].content, v)
	twin, err2 := inline.Verify(ctx, s.twin[0], v)
	s.open = func(ctx context.Context, contents [][]byte) (bool, error) {
		got, err := inline.Verify(ctx, contents[0], v)
		return err == nil && (sameText(got, signed) || sameText(got, twin)), err
	}
	return s, errors.Join(err1, err2)
}

func (m *maker) textParts(ctx context.Context, n int) ([]part, error) {
	bundles, err := signAll(ctx, manifest.NewStatement(release(n)), "", listed, m.engineer, m.reviewer)
	if err != nil {
		return nil, err
	}
	var contents, packages [][]byte
	for _, b := range bundles {
		contents = append(contents, b.content)
	}
	for _, on := range targets() {
		packages = append(packages, archive(n, on))
	}
	text, err := inline.Encode(contents, packages)
	return []part{{"text", "release as text", text}}, err
}

// sameText tells whether two texts carried the same: what was signed, by whom and
// when, and the packages.
func sameText(a, b *inline.Release) bool {
	if a.Statement != b.Statement || a.String() != b.String() || len(a.Packages) != len(b.Packages) {
		return false
	}
	for i := range a.Packages {
		if string(a.Packages[i].Content) != string(b.Packages[i].Content) {
			return false
		}
	}
	return true
}
