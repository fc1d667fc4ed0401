package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// now is when the releases are verified; they were signed and stamped an hour before.
func now() time.Time { return time.Date(2026, 9, 22, 14, 0, 0, 0, time.UTC) }

func signedAt() time.Time { return now().Add(-time.Hour) }

func day(n int) time.Time { return now().AddDate(0, 0, n) }

// people are the signers, and the authority that stamps what they sign.
type people struct {
	engineer, reviewer *sign.Signer // ECDSA P-256 and Ed25519, with timestamps
	plain, p384, rsa   *sign.Signer // ECDSA P-256 and P-384, and RSA, without
	authority          *timestamptest.TSA
}

func newPeople() (*people, error) {
	authority, err := timestamptest.New(timestamptest.At(signedAt()))
	if err != nil {
		return nil, err
	}
	stamped := sign.WithTimestamps(authority)
	engineer, err1 := newECDSA(elliptic.P256(), stamped)
	reviewer, err2 := newEd25519(stamped)
	plain, err3 := newECDSA(elliptic.P256())
	p384, err4 := newECDSA(elliptic.P384())
	rsa, err5 := newRSA()
	return &people{engineer, reviewer, plain, p384, rsa, authority}, errors.Join(err1, err2, err3, err4, err5)
}

func newECDSA(curve elliptic.Curve, options ...sign.Option) (*sign.Signer, error) {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return nil, err
	}
	return sign.New(key, options...)
}

func newEd25519(options ...sign.Option) (*sign.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return sign.New(key, options...)
}

func newRSA() (*sign.Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, err
	}
	return sign.New(key)
}

// targets are those that a release has a package for.
func targets() []string { return []string{"linux/amd64", "linux/arm64"} }

func packageName(on string) string { return "payments_" + target.MustParse(on).FileName() + ".tar.zst" }

// archive stands for a package, of which only the digest counts here.
func archive(n int, on string) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("package of release %d for %s; ", n, on), 5))
}

func executable(n int, on string) manifest.Result {
	content := fmt.Sprintf("executable of release %d for %s", n, on)
	return manifest.Result{Version: version(n), Digest: manifest.DigestOf([]byte(content)), Size: int64(len(content)), Mode: manifest.ModeExecutable}
}

func version(n int) string { return fmt.Sprintf("1.4.%d", n) }

// running is what the host runs.
func running() manifest.Binary {
	return manifest.Binary{Version: "1.4.0", Digest: manifest.DigestOf([]byte("the base")), Size: 8}
}

// release is the n-th one. Any two differ in their bytes, not in the names of the
// packages, so that those of one can stand for those of the other.
func release(n int) manifest.Release {
	r := manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments", Channel: "stable", ID: "payments-" + version(n), Version: version(n),
		Sequence: 1790000000 + int64(n), Created: day(-1),
		Source:    manifest.Source{Package: "example.com/payments/cmd/payments", Commit: fmt.Sprintf("%040x", n)},
		Toolchain: "go1.26.0", Flags: []string{"-trimpath", "-tags=a,b", "CGO_ENABLED=0"},
	}
	for _, on := range targets() {
		content, base, result := archive(n, on), running(), executable(n, on)
		r.Packages = append(r.Packages, manifest.Entry{
			Name: packageName(on), Digest: manifest.DigestOf(content), Size: int64(len(content)), Target: target.MustParse(on), Base: &base, Result: &result,
		})
	}
	return r
}

func provenance(r manifest.Release) manifest.Provenance {
	p := manifest.Provenance{
		BuildDefinition: manifest.BuildDefinition{
			BuildType: manifest.BuildType,
			ExternalParameters: manifest.ExternalParameters{
				Release: manifest.BuiltRelease{Product: r.Product, ID: r.ID, Version: r.Version, Created: r.Created},
				Source:  manifest.BuiltSource{Package: r.Source.Package, Commit: r.Source.Commit},
			},
			InternalParameters: manifest.InternalParameters{Toolchain: r.Toolchain},
			ResolvedDependencies: []manifest.Dependency{
				{Name: manifest.GoModInput, Digest: manifest.DependencyDigest{SHA256: manifest.DigestOf(nil).Hex()}},
				{Name: manifest.SourceInput, URI: "pkg:golang/example.com/payments", Digest: manifest.DependencyDigest{GitCommit: r.Source.Commit}},
				{Name: manifest.ToolchainInput, URI: "pkg:generic/go@1.26.0"},
			},
		},
		RunDetails: manifest.RunDetails{Builder: manifest.Builder{ID: manifest.LocalBuilder}},
	}
	e := &p.BuildDefinition.ExternalParameters
	e.Flags, e.Tags, e.Environment = manifest.SplitFlags(r.Flags)
	for _, entry := range r.Packages {
		e.Targets = append(e.Targets, entry.Target)
		p.RunDetails.Byproducts = append(p.RunDetails.Byproducts, manifest.Subject{
			Name: entry.Target.String(), Digest: manifest.SubjectDigest{SHA256: entry.Result.Digest.Hex()},
		})
	}
	return p
}

// trustFile demands two signatures with timestamps, and a provenance.
func (p *people) trustFile() (manifest.Trust, error) {
	t := manifest.Trust{
		Schema: manifest.TrustSchema, Version: 3, Created: day(-100), Expires: day(100),
		Root: quorum(2, p.engineer, p.reviewer), Clock: manifest.TrustClock{MaxSkewSeconds: 300},
		Authorities: []manifest.TrustAuthority{{Name: "the company's clock", Certificates: certificates(p.authority.Chain())}},
	}
	for _, s := range []*sign.Signer{p.engineer, p.reviewer} {
		signer, err := verify.NewTrustSigner("signer "+s.Key().ID().Short(), s.Key())
		if err != nil {
			return t, err
		}
		t.Signers = append(t.Signers, signer)
	}
	slices.SortFunc(t.Signers, func(a, b manifest.TrustSigner) int { return strings.Compare(a.ID, b.ID) })
	permits := quorum(1, p.reviewer)
	t.Products = []manifest.TrustProduct{{
		Product: "payments", Channels: []string{"stable"}, Releases: quorum(2, p.engineer, p.reviewer), Permits: &permits,
		RequireTimestamp: true, Provenance: &manifest.ProvenanceDemand{Builders: []string{manifest.LocalBuilder}},
	}}
	return t, nil
}

func quorum(threshold int64, signers ...*sign.Signer) manifest.Quorum {
	q := manifest.Quorum{Threshold: threshold}
	for _, s := range signers {
		q.Signers = append(q.Signers, s.Key().ID().String())
	}
	slices.Sort(q.Signers)
	return q
}

func certificates(chain []byte) (all [][]byte) {
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block.Bytes)
	}
	return all
}

// notice takes the n-th release back.
func notice(n int) (manifest.Notice, error) {
	data, err := manifest.NewStatement(release(n)).Encode()
	return manifest.Notice{
		Schema: manifest.NoticeSchema, Product: "payments", Channel: "stable", Created: day(-1),
		Withdrawals: []manifest.Withdrawal{{ID: release(n).ID, Reason: "it loses orders"}},
		Statements:  []manifest.Digest{manifest.DigestOf(data)},
	}, err
}

// permit permits the n-th release, although a newer one was confirmed.
func permit(n int) (manifest.Permit, error) {
	data, err := manifest.NewStatement(release(n)).Encode()
	return manifest.Permit{
		Schema: manifest.PermitSchema, Product: "payments", Host: host().Name, Release: release(n).ID, Statement: manifest.DigestOf(data),
		NotBefore: day(-1), Expires: day(1), Reason: "the newer one loses orders",
	}, err
}

func host() verify.Host {
	return verify.Host{Name: "pay-7", Target: target.MustParse("linux/amd64"), Base: running().Digest}
}

// floor is that of a host that has confirmed a release with the given sequence.
func floor(sequence int64) manifest.Floor {
	f := manifest.NewFloor("payments")
	f.Sequence, f.Statement = sequence, manifest.DigestOf([]byte("what was confirmed"))
	f.Clock, f.Trust = day(-20), 3
	return f
}
