package swap

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// fake is a service that answers as it is told. Each status is given once, but
// the last.
type fake struct {
	statuses                []hotswap.Status
	upgrade, finish, revert error
	calls                   []string
}

func (f *fake) Status(context.Context) (hotswap.Status, error) {
	f.calls = append(f.calls, "status")
	if len(f.statuses) == 0 {
		return hotswap.Status{}, io.ErrUnexpectedEOF
	}
	s := f.statuses[0]
	if len(f.statuses) > 1 {
		f.statuses = f.statuses[1:]
	}
	return s, nil
}

func (f *fake) Upgrade(_ context.Context, u hotswap.Upgrade) (hotswap.Status, error) {
	f.calls = append(f.calls, "upgrade "+u.Path)
	return hotswap.Status{}, f.upgrade
}

func (f *fake) Finish(context.Context) error {
	f.calls = append(f.calls, "finish")
	return f.finish
}

func (f *fake) Revert(context.Context) error {
	f.calls = append(f.calls, "revert")
	return f.revert
}

// testMove goes from an executable that begins with 1 to one that begins with 2.
func testMove() Move {
	return Move{
		Product: "payments",
		From:    Version{Version: "1", Digest: manifest.Digest{1}, Path: "/one"},
		To:      Version{Version: "2", Digest: manifest.Digest{2}, Path: "/two"},
	}
}

func by(v Version) hotswap.Status {
	return hotswap.Status{State: hotswap.Serving, PID: 7, Executable: v.Path, Digest: hex.EncodeToString(v.Digest[:])}
}

// leading is a process of v that leads an upgrade.
func leading(v, to Version, phase hotswap.Phase) hotswap.Status {
	s := by(v)
	s.Successor = &hotswap.Successor{Phase: phase, PID: 8, Path: to.Path, Digest: hex.EncodeToString(to.Digest[:])}
	return s
}

func TestHotswapAnswers(t *testing.T) {
	m := testMove()
	one, two := by(m.From), by(m.To)
	other := Version{Digest: manifest.Digest{3}, Path: "/three"}
	failed := &hotswap.UpgradeError{Path: "/two", Stage: "ready", Err: hotswap.ErrExited}
	for _, test := range []struct {
		name    string
		fake    fake
		calls   []string
		is      error // nil: the swap is well
		unclear bool
	}{
		{"well", fake{statuses: []hotswap.Status{one}}, []string{"status", "upgrade /two"}, nil, false},
		{"done", fake{statuses: []hotswap.Status{two}}, []string{"status"}, nil, false},
		{"the successor fails", fake{statuses: []hotswap.Status{one}, upgrade: failed}, []string{"status", "upgrade /two"}, hotswap.ErrExited, false},
		{"busy with another", fake{statuses: []hotswap.Status{leading(m.From, other, hotswap.PhaseStandby)}, upgrade: hotswap.ErrBusy},
			[]string{"status", "upgrade /two"}, hotswap.ErrBusy, false},
		{"unconfirmed, and asked to go on to another", fake{statuses: []hotswap.Status{leading(m.To, other, hotswap.PhaseStandby)}, upgrade: hotswap.ErrBusy},
			[]string{"status", "upgrade /two"}, hotswap.ErrBusy, false},
		{"not supported", fake{statuses: []hotswap.Status{one}, upgrade: errors.ErrUnsupported}, []string{"status", "upgrade /two"}, errors.ErrUnsupported, false},
		{"begun before", fake{statuses: []hotswap.Status{leading(m.From, m.To, hotswap.PhaseShifting), leading(m.From, m.To, hotswap.PhaseStarting), leading(m.From, m.To, hotswap.PhaseStandby)}},
			[]string{"status", "status", "status"}, nil, false},
		{"begun and finished before", fake{statuses: []hotswap.Status{leading(m.From, m.To, hotswap.PhaseFinishing), two}}, []string{"status", "status"}, nil, false},
		{"begun before, and failed", fake{statuses: []hotswap.Status{leading(m.From, m.To, hotswap.PhaseShifting), one}, revert: hotswap.ErrNoSuccessor},
			[]string{"status", "status", "revert", "status"}, nil, false},
		{"breaks off, and is taken back", fake{statuses: []hotswap.Status{one}, upgrade: io.ErrUnexpectedEOF},
			[]string{"status", "upgrade /two", "revert"}, io.ErrUnexpectedEOF, false},
		{"breaks off when it had not begun", fake{statuses: []hotswap.Status{one}, upgrade: io.ErrUnexpectedEOF, revert: hotswap.ErrNoSuccessor},
			[]string{"status", "upgrade /two", "revert", "status"}, io.ErrUnexpectedEOF, false},
		{"breaks off when it was done", fake{statuses: []hotswap.Status{one, two}, upgrade: io.ErrUnexpectedEOF, revert: hotswap.ErrNoSuccessor},
			[]string{"status", "upgrade /two", "revert", "status"}, nil, false},
		{"breaks off, and a third one runs", fake{statuses: []hotswap.Status{one, by(other)}, upgrade: io.ErrUnexpectedEOF, revert: hotswap.ErrNoSuccessor},
			[]string{"status", "upgrade /two", "revert", "status"}, io.ErrUnexpectedEOF, true},
		{"breaks off, and is not taken back", fake{statuses: []hotswap.Status{one, leading(m.From, m.To, hotswap.PhaseStandby)}, upgrade: io.ErrUnexpectedEOF, revert: io.EOF},
			[]string{"status", "upgrade /two", "revert", "status"}, io.EOF, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &Handover{socket: "/control", control: &test.fake, timeout: time.Minute}
			err := h.Swap(t.Context(), m)
			assert.Equal(t, test.calls, test.fake.calls)
			assert.Equal(t, test.unclear, errors.Is(err, ErrUnclear))
			switch {
			case test.name == "begun before, and failed":
				assert.ErrorContains(t, err, "has failed or was taken back")
			case test.is == nil:
				assert.NoError(t, err)
			default:
				assert.ErrorIs(t, err, test.is)
			}
		})
	}
}

func TestHotswapIsSilent(t *testing.T) {
	h := &Handover{socket: "/control", control: &fake{}, timeout: time.Minute}
	err := h.Swap(t.Context(), testMove())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NotErrorIs(t, err, ErrUnclear, "nothing was begun")
}

// Versions with one executable differ by where it lies.
func TestSettleOfOtherConfiguration(t *testing.T) {
	m := testMove()
	m.To.Digest = m.From.Digest
	for _, test := range []struct {
		runs Version
		want string
	}{
		{m.To, ""},
		{m.From, "version 2 does not run: the upgrade was taken back before it was confirmed: \"it \\x1b broke\""},
	} {
		s := by(test.runs)
		s.Last = &hotswap.Outcome{Error: "it \x1b broke"}
		h := &Handover{control: &fake{statuses: []hotswap.Status{s}, finish: hotswap.ErrNoSuccessor}, timeout: time.Minute}
		err := h.Settle(t.Context(), m)
		if test.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, test.want)
	}
}

func TestRevertWithoutStandby(t *testing.T) {
	m := testMove()
	for _, test := range []struct {
		runs Version
		is   error
	}{
		{m.From, nil},
		{m.To, errors.ErrUnsupported},
	} {
		h := &Handover{control: &fake{statuses: []hotswap.Status{by(test.runs)}, revert: hotswap.ErrNoSuccessor}, timeout: time.Minute}
		assert.ErrorIs(t, h.Revert(t.Context(), m), test.is)
	}
	h := &Handover{control: &fake{revert: io.EOF}, timeout: time.Minute}
	err := h.Revert(t.Context(), m)
	assert.ErrorIs(t, err, io.EOF)
	assert.NotErrorIs(t, err, errors.ErrUnsupported)
}
