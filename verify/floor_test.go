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
	first, err := verify.ReadFloor(path, "payments")
	require.NoError(t, err)
	assert.Equal(t, manifest.NewFloor("payments"), first)

	require.NoError(t, verify.WriteFloor(t.Context(), path, installed()))
	f, err := verify.ReadFloor(path, "payments")
	require.NoError(t, err)
	assert.Equal(t, installed(), f)
	require.NoError(t, verify.WriteFloor(t.Context(), path, installed()), "the same again is none below it")

	_, err = verify.ReadFloor(path, "billing")
	assert.ErrorIs(t, err, verify.ErrUnknownProduct)
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o644))
	_, err = verify.ReadFloor(path, "payments")
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
			f, err := verify.ReadFloor(path, "payments")
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
	f, err := verify.ReadFloor(path, "payments")
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
