package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestSeenAndConfirmed(t *testing.T) {
	s := good()
	s.release.Supersedes = []string{"payments-1.4.2.1"}
	s.release.Withdrawals = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}}
	r, err := s.verify(t)
	require.NoError(t, err)

	seen, err := r.Seen(s.floor)
	require.NoError(t, err)
	assert.Equal(t, s.floor.Number(), seen.Number(), "nothing is confirmed yet")
	assert.Equal(t, s.floor.Installed, seen.Installed)
	assert.Equal(t, s.release.Created, seen.Clock, "a time that was signed has passed")
	assert.Equal(t, s.release.Withdrawals, seen.Withdrawn)

	confirmed, err := r.Confirmed(s.floor)
	require.NoError(t, err)
	assert.Equal(t, s.release.Number(), confirmed.Number())
	assert.Equal(t, r.Statement, confirmed.Statement)
	assert.Equal(t, []string{"payments-1.4.1", "payments-1.4.2", "payments-1.4.2.1", "payments-1.4.3"}, confirmed.Installed)

	s.floor = confirmed
	r, err = s.verify(t)
	require.NoError(t, err)
	assert.True(t, r.Installed, "it can be installed again, and nothing else can with its number")
	again, err := r.Confirmed(confirmed)
	require.NoError(t, err)
	assert.Equal(t, confirmed, again, "and the floor stays as it is")
}

// The floor that is given is not changed, even where it has room.
func TestRaisingMakesACopy(t *testing.T) {
	s := good()
	s.release.Withdrawals = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}}
	r, err := s.verify(t)
	require.NoError(t, err)
	s.floor.Withdrawn = append(make([]manifest.Withdrawal, 0, 4), manifest.Withdrawal{ID: "payments-1.4.5", Reason: "x"})
	s.floor.Installed = append(make([]string, 0, 8), "payments-1.4.9")
	f, err := r.Confirmed(s.floor)
	require.NoError(t, err)
	assert.Equal(t, []string{"payments-1.4.3", "payments-1.4.9"}, f.Installed)
	assert.Len(t, f.Withdrawn, 2)
	assert.Equal(t, "payments-1.4.9", s.floor.Installed[0])
	assert.Equal(t, "payments-1.4.5", s.floor.Withdrawn[0].ID)
}

// Without a floor, age and minimum are looked at all the same.
func TestWithoutFloor(t *testing.T) {
	for name, test := range map[string]struct {
		change func(p *manifest.TrustProduct)
		want   error // nil if it is accepted
	}{
		"good":          {func(*manifest.TrustProduct) {}, nil},
		"too old":       {func(p *manifest.TrustProduct) { p.MaxAgeSeconds = 80_000 }, verify.ErrTooOld},
		"below minimum": {func(p *manifest.TrustProduct) { p.Minimum = &manifest.Number{Epoch: 1, Sequence: 1} }, verify.ErrBelowMinimum},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.trust.Products[0].Minimum = &manifest.Number{Sequence: 1789000000}
			test.change(&s.trust.Products[0])
			v, err := verify.New(verify.WithTrust(compiled(t, s.trust)), verify.WithClock(now))
			require.NoError(t, err)
			r, err := v.Verify(t.Context(), bundlesOf(s.payload(t), engineer(), reviewer()))
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, r.String(), "no floor was given: whether it is older than what is installed was not looked at")
			assert.Contains(t, r.String(), "not below the minimum secure version, "+s.trust.Products[0].Minimum.String())
		})
	}
}

// A release from the future does not turn the clock forward.
func TestSeenDoesNotBelieveTheFuture(t *testing.T) {
	s := good()
	s.release.Created = days(400)
	r, err := s.verify(t)
	require.NoError(t, err)
	f, err := r.Seen(s.floor)
	require.NoError(t, err)
	assert.Equal(t, s.floor.Clock, f.Clock)
}

func TestSeenRemembersTheTrustFile(t *testing.T) {
	s := good()
	s.trust.Version = 9
	r, err := s.verify(t)
	require.NoError(t, err)
	f, err := r.Seen(s.floor)
	require.NoError(t, err)
	assert.EqualValues(t, 9, f.Trust)
}

func TestFullFloor(t *testing.T) {
	s := good()
	r, err := s.verify(t)
	require.NoError(t, err)
	s.floor.Installed = nil
	for i := range manifest.MaxRemembered {
		s.floor.Installed = append(s.floor.Installed, fmt.Sprintf("hotfix-%04d", i))
	}
	require.NoError(t, s.floor.Validate())
	_, err = r.Confirmed(s.floor)
	require.ErrorContains(t, err, "at most 4096 are allowed")
}

func TestFloorFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	first, err := verify.ReadFloor(t.Context(), path, "payments")
	require.NoError(t, err)
	assert.Equal(t, manifest.NewFloor("payments"), first)

	require.NoError(t, verify.WriteFloor(t.Context(), path, installed()))
	f, err := verify.ReadFloor(t.Context(), path, "payments")
	require.NoError(t, err)
	assert.Equal(t, installed(), f)
	require.NoError(t, verify.WriteFloor(t.Context(), path, installed()), "the same again is none below it")

	_, err = verify.ReadFloor(t.Context(), path, "billing")
	assert.ErrorIs(t, err, verify.ErrUnknownProduct)
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o644))
	_, err = verify.ReadFloor(t.Context(), path, "payments")
	assert.ErrorContains(t, err, "restore it from a copy")
	assert.Error(t, verify.WriteFloor(t.Context(), path, installed()), "what was there may have been higher")
}

func TestFloorNeverSinks(t *testing.T) {
	for name, sink := range map[string]func(f *manifest.Floor){
		"a lower number":        func(f *manifest.Floor) { f.Sequence-- },
		"another release":       func(f *manifest.Floor) { f.Statement[0] ^= 1 },
		"an earlier time":       func(f *manifest.Floor) { f.Clock = f.Clock.Add(-time.Second) },
		"an older trust file":   func(f *manifest.Floor) { f.Trust-- },
		"a hotfix less":         func(f *manifest.Floor) { f.Installed = f.Installed[:1] },
		"a withdrawal less":     func(f *manifest.Floor) { f.Withdrawn = nil },
		"another withdrawal":    func(f *manifest.Floor) { f.Withdrawn[0].ID = "x" },
		"a product that is new": func(f *manifest.Floor) { *f = manifest.NewFloor("payments") },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "floor")
			before := installed()
			before.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}}
			require.NoError(t, verify.WriteFloor(t.Context(), path, before))
			after := installed()
			after.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}}
			sink(&after)
			err := verify.WriteFloor(t.Context(), path, after)
			require.ErrorIs(t, err, verify.ErrFloorSinks)
			f, err := verify.ReadFloor(t.Context(), path, "payments")
			require.NoError(t, err)
			assert.Equal(t, before, f)
		})
	}
}

func TestFloorFileOfManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			f := installed()
			f.Sequence += int64(i)
			if err := verify.WriteFloor(t.Context(), path, f); err != nil {
				assert.ErrorIs(t, err, verify.ErrFloorSinks)
			}
		})
	}
	group.Wait()
	f, err := verify.ReadFloor(t.Context(), path, "payments")
	require.NoError(t, err)
	assert.Equal(t, installed().Sequence+19, f.Sequence, "the highest one stays, whoever was last")
}

// notice takes the release of the tests back.
func notice(t *testing.T, change func(n *manifest.Notice), signers ...*signer) [][]byte {
	n := manifest.Notice{
		Schema: manifest.NoticeSchema, Product: "payments", Channel: "stable", Created: days(-1),
		Withdrawals: []manifest.Withdrawal{{ID: hotfix().ID, Reason: "it loses orders"}},
		Statements:  []manifest.Digest{manifest.DigestOf(payload(t, hotfix()))},
	}
	if change != nil {
		change(&n)
	}
	data, err := manifest.NewStatement(n).Encode()
	require.NoError(t, err)
	var bundles [][]byte
	for _, s := range signers {
		bundles = append(bundles, s.bundle(data))
	}
	return bundles
}

func TestNotice(t *testing.T) {
	s := good()
	n, f, err := s.verifier(t).VerifyNotice(t.Context(), notice(t, nil, engineer(), reviewer()))
	require.NoError(t, err)
	assert.Equal(t, hotfix().ID, n.Withdrawals[0].ID)
	s.floor = f
	_, err = s.verify(t)
	require.ErrorIs(t, err, verify.ErrWithdrawn)
}

func TestRefusedNotices(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(n *manifest.Notice)
		signers []*signer
		rule    verify.Rule
	}{
		"one of two signers": {nil, []*signer{engineer()}, verify.RuleThreshold},
		"strangers":          {nil, []*signer{stranger(), engineer()}, verify.RuleThreshold},
		"an unknown product": {func(n *manifest.Notice) { n.Product = "billing" }, []*signer{engineer(), reviewer()}, verify.RuleProduct},
		"an unknown channel": {func(n *manifest.Notice) { n.Channel = "beta" }, []*signer{engineer(), reviewer()}, verify.RuleProduct},
	} {
		t.Run(name, func(t *testing.T) {
			_, f, err := good().verifier(t).VerifyNotice(t.Context(), notice(t, test.change, test.signers...))
			require.Error(t, err)
			assert.Equal(t, test.rule, verify.RuleOf(err), err)
			assert.Equal(t, manifest.Floor{}, f)
		})
	}
	_, _, err := newVerifier(t, 1, engineer()).VerifyNotice(t.Context(), notice(t, nil, engineer()))
	assert.ErrorIs(t, err, verify.ErrNoKeys)
	release := payload(t, hotfix())
	_, _, err = good().verifier(t).VerifyNotice(t.Context(), [][]byte{engineer().bundle(release), reviewer().bundle(release)})
	assert.Equal(t, verify.RuleStatement, verify.RuleOf(err))
}

// lenient is a scenario whose trust file has another product, for which the
// engineer alone may sign.
func lenient() *scenario {
	s := good()
	p := s.trust.Products[0]
	p.Product, p.Releases, p.Permits = "orders", quorum(1, engineer()), nil
	s.trust.Products = append([]manifest.TrustProduct{p}, s.trust.Products...)
	return s
}

// A notice is judged by the signers of the product that it is for.
func TestNoticesOfSeveralProducts(t *testing.T) {
	v := lenient().verifier(t)
	_, _, err := v.VerifyNotice(t.Context(), notice(t, nil, engineer()))
	require.ErrorIs(t, err, verify.ErrThreshold, "enough for the other product, not for this one")
	orders := func(n *manifest.Notice) { n.Product = "orders" }
	_, f, err := v.VerifyNotice(t.Context(), notice(t, orders, engineer()))
	require.ErrorIs(t, err, verify.ErrUnknownProduct, "the floor is that of payments")
	require.ErrorContains(t, err, "give the floor of the product")
	assert.Equal(t, manifest.Floor{}, f)
	_, _, err = v.VerifyNotice(t.Context(), notice(t, func(n *manifest.Notice) { n.Product = "billing" }, engineer()))
	require.ErrorContains(t, err, "product \"billing\" is not in the trust file")
	_, _, err = v.VerifyNotice(t.Context(), notice(t, func(n *manifest.Notice) { n.Channel = "beta" }, engineer(), reviewer()))
	require.ErrorContains(t, err, "channel \"beta\" of product payments is not in the trust file")
	_, _, err = v.VerifyNotice(t.Context(), notice(t, func(n *manifest.Notice) { n.Product, n.Channel = "orders", "beta" }, engineer()))
	require.ErrorContains(t, err, "channel \"beta\" of product orders is not in the trust file")
}

func TestNoticesThatCannotBeJudged(t *testing.T) {
	signed := notice(t, nil, engineer(), reviewer())
	s := good()
	trust, clock := verify.WithTrust(compiled(t, s.trust)), verify.WithClock(now)
	for name, options := range map[string][]verify.Option{
		"no floor":      {trust, clock},
		"no trust file": {verify.WithKeys(engineer().key), verify.WithFloor(s.floor), clock},
	} {
		v, err := verify.New(options...)
		require.NoError(t, err)
		_, _, err = v.VerifyNotice(t.Context(), signed)
		require.ErrorIs(t, err, verify.ErrNoKeys, name)
		require.ErrorContains(t, err, "give WithTrust and WithFloor")
	}
	s.now = time.Unix(0, 0)
	_, _, err := s.verifier(t).VerifyNotice(t.Context(), signed)
	require.ErrorIs(t, err, verify.ErrClock)

	var bundle *verify.BundleError
	_, _, err = good().verifier(t).VerifyNotice(t.Context(), [][]byte{signed[0], []byte("{}")})
	require.ErrorAs(t, err, &bundle)
	parsed, err := verify.ParseBundle(signed[0])
	require.NoError(t, err)
	_, _, err = good().verifier(t).VerifyNotice(t.Context(), [][]byte{signed[0], forged(reviewer(), stranger(), parsed.Payload)})
	require.ErrorIs(t, err, verify.ErrSignature)

	s = stamped(t, newTSA(t, anHourAgo()))
	_, _, err = s.verifier(t).VerifyNotice(t.Context(), signed)
	require.ErrorIs(t, err, verify.ErrThreshold, "the trust file demands timestamps")

	s = good()
	s.floor.Withdrawn = nil
	for i := range manifest.MaxRemembered {
		s.floor.Withdrawn = append(s.floor.Withdrawn, manifest.Withdrawal{ID: fmt.Sprintf("hotfix-%04d", i), Reason: "x"})
	}
	_, f, err := s.verifier(t).VerifyNotice(t.Context(), signed)
	require.ErrorContains(t, err, "at most 4096 are allowed")
	assert.Equal(t, manifest.Floor{}, f)
}

// What a notice takes back joins what was taken back before, whose reasons stay.
func TestNoticeRaisesTheFloor(t *testing.T) {
	s := good()
	s.trust.Version = 9
	s.floor.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}, {ID: "payments-1.4.5", Reason: "x"}}
	signed := notice(t, func(n *manifest.Notice) {
		n.Withdrawals = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "another reason"}, {ID: hotfix().ID, Reason: "it loses orders"}}
		n.Statements = append(n.Statements, manifest.DigestOf(nil))
	}, engineer(), reviewer())
	_, f, err := s.verifier(t).VerifyNotice(t.Context(), signed)
	require.NoError(t, err)
	want := s.floor
	want.Trust = 9
	want.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}, {ID: hotfix().ID, Reason: "it loses orders"}, {ID: "payments-1.4.5", Reason: "x"}}
	assert.Equal(t, want, f)
}

// What is raised by one release is not below what another has raised.
func TestConfirmedKeepsWhatIsHigher(t *testing.T) {
	s := good()
	r, err := s.verify(t)
	require.NoError(t, err)
	f := s.floor
	f.Sequence, f.Statement = r.Release.Sequence, manifest.DigestOf([]byte("another"))
	f.Clock, f.Trust = r.Judged, 4
	got, err := r.Confirmed(f)
	require.NoError(t, err)
	assert.Equal(t, f.Statement, got.Statement)
	assert.Equal(t, f.Clock, got.Clock)
	assert.EqualValues(t, 4, got.Trust)

	for _, raise := range []func(manifest.Floor) (manifest.Floor, error){r.Seen, r.Confirmed} {
		got, err = raise(manifest.Floor{})
		require.ErrorContains(t, err, "raising the floor")
		assert.Equal(t, manifest.Floor{}, got)
	}
}

// A timestamp that is ahead within what clocks may differ by is no proof of the time.
func TestSeenDoesNotBelieveAnEarlyTimestamp(t *testing.T) {
	for name, test := range map[string]struct{ stamped, clock time.Time }{
		"a second ahead": {now().Add(time.Second), days(-20)},
		"now":            {now(), now()},
	} {
		t.Run(name, func(t *testing.T) {
			s := stamped(t, newTSA(t, test.stamped))
			s.release.Created = days(-30)
			r, err := s.verify(t)
			require.NoError(t, err)
			f, err := r.Seen(s.floor)
			require.NoError(t, err)
			assert.Equal(t, test.clock, f.Clock)
		})
	}
}

func TestFloorFileErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := verify.ReadFloor(t.Context(), dir, "payments")
	require.ErrorIs(t, err, verify.ErrNotRegular)
	assert.Error(t, verify.WriteFloor(t.Context(), filepath.Join(dir, "none", "floor"), installed()), "there is no folder")
	path := filepath.Join(dir, "floor")
	invalid := installed()
	invalid.Schema = ""
	var refused *manifest.InvalidError
	require.ErrorAs(t, verify.WriteFloor(t.Context(), path, invalid), &refused)
	_, err = os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, verify.WriteFloor(t.Context(), path, installed()))
}

func FuzzDecodeFloor(f *testing.F) {
	data := must(installed().Encode())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		floor, err := manifest.DecodeFloor(data)
		if err == nil {
			require.Equal(t, data, must(floor.Encode()))
		}
	})
}
