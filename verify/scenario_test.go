package verify_test

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// now is when the tests take place: a day after the release was made.
func now() time.Time { return time.Date(2026, 9, 22, 14, 0, 0, 0, time.UTC) }

// days is so many days before or after now.
func days(n int) time.Time { return now().AddDate(0, 0, n) }

func trustSigner(name string, s *signer) manifest.TrustSigner {
	signer, err := verify.NewTrustSigner(name, s.key)
	if err != nil {
		panic(err)
	}
	return signer
}

func quorum(threshold int64, signers ...*signer) manifest.Quorum {
	q := manifest.Quorum{Threshold: threshold}
	for _, s := range signers {
		q.Signers = append(q.Signers, s.key.ID().String())
	}
	slices.Sort(q.Signers)
	return q
}

// trustFile is what the hosts of the tests trust: two of engineer and reviewer for
// releases, the reviewer for permits and for the next trust file.
func trustFile() manifest.Trust {
	t := manifest.Trust{
		Schema: manifest.TrustSchema, Version: 3, Created: days(-100), Expires: days(100),
		Signers: []manifest.TrustSigner{trustSigner("release engineer", engineer()), trustSigner("reviewer", reviewer())},
		Root:    quorum(1, reviewer()),
		Clock:   manifest.TrustClock{MaxSkewSeconds: 300},
	}
	permits := quorum(1, reviewer())
	t.Products = []manifest.TrustProduct{{Product: "payments", Channels: []string{"stable"}, Releases: quorum(2, engineer(), reviewer()), Permits: &permits}}
	sortSigners(&t)
	return t
}

func sortSigners(t *manifest.Trust) {
	slices.SortFunc(t.Signers, func(a, b manifest.TrustSigner) int { return cmp.Compare(a.ID, b.ID) })
}

// signerOf returns a pointer to a signer in a trust file.
func signerOf(t *manifest.Trust, s *signer) *manifest.TrustSigner {
	for i := range t.Signers {
		if t.Signers[i].ID == s.key.ID().String() {
			return &t.Signers[i]
		}
	}
	panic("not a signer")
}

func compiled(t testing.TB, document manifest.Trust) *verify.Trust {
	t.Helper()
	trust, err := verify.NewTrust(document)
	require.NoError(t, err)
	return trust
}

// installed is the floor of a host that has confirmed an earlier release.
func installed() manifest.Floor {
	f := manifest.NewFloor("payments")
	f.Epoch, f.Sequence, f.Statement = 0, 1789000000, sha256.Sum256([]byte("the earlier release"))
	f.Clock, f.Trust = days(-20), 3
	f.Installed = []string{"payments-1.4.1", "payments-1.4.2"}
	return f
}

// running is what the hosts of the tests run.
func running() manifest.Binary {
	return manifest.Binary{Version: "1.4.2", Digest: sha256.Sum256([]byte("the base")), Size: 8}
}

func host() verify.Host {
	return verify.Host{Name: "pay-7", Target: target.MustParse("linux/amd64"), Base: running().Digest}
}

// hotfix is the release of the tests, with a base.
func hotfix() manifest.Release {
	r := release()
	for i := range r.Packages {
		base := running()
		r.Packages[i].Base = &base
	}
	return r
}

// scenario is a release that comes to a host: a good one, unless it is changed.
type scenario struct {
	trust   manifest.Trust
	release manifest.Release
	signers []*signer
	floor   manifest.Floor
	host    verify.Host
	now     time.Time
	bundles func(payload []byte) [][]byte // nil: of the signers
	permits [][]byte
	options []verify.Option
}

func good() *scenario {
	return &scenario{trust: trustFile(), release: hotfix(), signers: []*signer{engineer(), reviewer()}, floor: installed(), host: host(), now: now()}
}

func (s *scenario) payload(t testing.TB) []byte {
	t.Helper()
	return payload(t, s.release)
}

func (s *scenario) verifier(t testing.TB) *verify.Verifier {
	t.Helper()
	options := append([]verify.Option{
		verify.WithTrust(compiled(t, s.trust)), verify.WithFloor(s.floor), verify.WithHost(s.host), verify.WithPermits(s.permits...),
		verify.WithClock(func() time.Time { return s.now }),
	}, s.options...)
	v, err := verify.New(options...)
	require.NoError(t, err)
	return v
}

func (s *scenario) verify(t testing.TB) (*verify.Result, error) {
	t.Helper()
	signed := s.payload(t)
	var bundles [][]byte
	if s.bundles != nil {
		bundles = s.bundles(signed)
	} else {
		for _, signer := range s.signers {
			bundles = append(bundles, signer.bundle(signed))
		}
	}
	return s.verifier(t).Verify(t.Context(), bundles)
}

// permit is one for the scenario's release and host, signed.
func (s *scenario) permit(t testing.TB, change func(*manifest.Permit), signers ...*signer) [][]byte {
	t.Helper()
	p := manifest.Permit{
		Schema: manifest.PermitSchema, Product: "payments", Host: "pay-7", Release: s.release.ID, Statement: manifest.DigestOf(s.payload(t)),
		NotBefore: days(-1), Expires: days(1), Reason: "the newer one loses orders",
	}
	if change != nil {
		change(&p)
	}
	data, err := manifest.NewStatement(p).Encode()
	require.NoError(t, err)
	var bundles [][]byte
	for _, signer := range signers {
		bundles = append(bundles, signer.bundle(data))
	}
	return bundles
}
