package hotswap

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzParseRequest: what is accepted has one spelling and is within the limits.
func FuzzParseRequest(f *testing.F) {
	zeros := strings.Repeat("0", 64)
	for _, seed := range []string{
		`{"protocol":1,"op":"status"}`, `{"protocol":1,"op":"shift","percent":50}`, `{"protocol":1,"op":"finish"}`,
		`{"protocol":1,"op":"upgrade","upgrade":{"path":"/x","digest":"` + zeros + `","args":["a"],"env":["A=b"],"steps":[{"percent":1,"pause":5}],"confirm_within":7}}`,
		`{"protocol":1,"op":"status","op":"revert"}`, `{`, ``, `{"protocol":1,"op":"status"}{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil {
			assert.ErrorIs(t, err, ErrRequest)
			return
		}
		again, err := json.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, string(line), string(again))
		assert.NoError(t, r.check())
		if r.Upgrade != nil {
			assert.LessOrEqual(t, len(r.Upgrade.Steps), MaxSteps)
			assert.LessOrEqual(t, r.Upgrade.ConfirmWithin, MaxPause)
		}
	})
}

// FuzzParseMessage is about the words between a process and its successor.
func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(`{"kind":"ready"}`))
	f.Add([]byte(`{"kind":"hello","hello":{"protocol":1,"control":"/c","sockets":[{"network":"tcp","address":":1"}]}}`))
	f.Add([]byte(`{"kind":"ready","kind":"stop"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parseMessage(line)
		if err != nil {
			assert.ErrorIs(t, err, ErrRequest)
			return
		}
		again, err := json.Marshal(m)
		require.NoError(t, err)
		assert.Equal(t, string(line), string(again))
	})
}

// FuzzParseResponse must never panic, and an accepted one is one of two things.
func FuzzParseResponse(f *testing.F) {
	f.Add([]byte(`{"status":{"state":"serving","pid":1}}`))
	f.Add([]byte(`{"error":{"codes":["busy"],"message":"m"}}`))
	f.Add([]byte(`{"error":{"codes":["digest"],"message":"m","path":"/x","stage":"check"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseResponse(line)
		if err != nil {
			assert.ErrorIs(t, err, ErrRequest)
			return
		}
		assert.True(t, (r.Status == nil) != (r.Error == nil))
		if r.Error != nil {
			assert.Error(t, r.Error.error())
		}
	})
}

// TestErrorsPassTheSocket with all that they wrap.
func TestErrorsPassTheSocket(t *testing.T) {
	for _, c := range coded() {
		t.Run(c.code, func(t *testing.T) {
			for _, err := range []error{c.err, fmt.Errorf("around: %w", c.err), &UpgradeError{Path: "/x", Stage: "start", Err: c.err}} {
				line, marshalErr := json.Marshal(response{Error: failureOf(err)})
				require.NoError(t, marshalErr)
				r, parseErr := parseResponse(line)
				require.NoError(t, parseErr)
				got := r.Error.error()
				assert.Equal(t, err.Error(), got.Error())
				for _, other := range coded() {
					assert.Equal(t, other.code == c.code, errors.Is(got, other.err), other.code)
				}
				var upgrade *UpgradeError
				assert.Equal(t, errors.As(err, &upgrade), errors.As(got, &upgrade))
			}
		})
	}
}

func TestSharesAreEven(t *testing.T) {
	for percent := range 101 {
		var s share
		for range 3 {
			picked := 0
			for range 100 {
				if s.pick(percent) {
					picked++
				}
			}
			assert.Equal(t, percent, picked)
		}
	}
}

// TestHostileAnswersOfASuccessor end the handover and no more.
func TestHostileAnswersOfASuccessor(t *testing.T) {
	for _, answer := range []struct {
		kind byte
		id   uint32
	}{{'x', 1}, {handTaken, 2}, {handClosed, 1}, {0, 0}} {
		h := newHandover(nil, nil)
		ours, theirs := net.Pipe()
		defer theirs.Close()
		h.pending[1] = waiting{conn: ours}
		assert.False(t, h.answered(answer.kind, answer.id), "%c %d", answer.kind, answer.id)
		assert.Contains(t, h.pending, uint32(1))
	}
	h := newHandover(nil, nil)
	ours, theirs := net.Pipe()
	defer theirs.Close()
	h.pending[1] = waiting{conn: ours}
	assert.True(t, h.answered(handTaken, 1))
	assert.False(t, h.answered(handTaken, 1), "twice")
	assert.True(t, h.answered(handClosed, 1))
	assert.False(t, h.answered(handClosed, 1), "twice")
}

func TestBoundTo(t *testing.T) {
	v4, v6 := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, &net.TCPAddr{IP: net.IPv6unspecified, Port: 80}
	for _, test := range []struct {
		have net.Addr
		n    name
		want bool
	}{
		{v4, name{Network: "tcp", Address: "127.0.0.1:80"}, true},
		{v4, name{Network: "tcp4", Address: "127.0.0.1:80"}, true},
		{v4, name{Network: "tcp", Address: "127.0.0.1:81"}, false},
		{v4, name{Network: "tcp", Address: ":80"}, false},
		{v4, name{Network: "udp", Address: "127.0.0.1:80"}, false},
		{v4, name{Network: "", Address: ""}, false},
		{v6, name{Network: "tcp", Address: ":80"}, true},
		{v6, name{Network: "tcp", Address: "[::]:80"}, true},
		{v6, name{Network: "tcp", Address: "127.0.0.1:80"}, false},
		{&net.UDPAddr{Port: 53}, name{Network: "udp", Address: ":53"}, true},
		{&net.UnixAddr{Net: "unix", Name: "/a"}, name{Network: "unix", Address: "/a"}, true},
		{&net.UnixAddr{Net: "unix", Name: "/a"}, name{Network: "unix", Address: "/b"}, false},
		{&net.UnixAddr{Net: "unixgram", Name: "/a"}, name{Network: "unix", Address: "/a"}, false},
	} {
		assert.Equal(t, test.want, boundTo(test.have, test.n), "%v for %v", test.have, test.n)
	}
}

func TestUpgradeCheck(t *testing.T) {
	good := Upgrade{Path: filepath.Join(t.TempDir(), "x"), Digest: strings.Repeat("a", 64)}
	require.NoError(t, good.check())
	for want, alter := range map[string]func(u *Upgrade){
		"path must be absolute": func(u *Upgrade) { u.Path = "x" },
		"64 lower-case":         func(u *Upgrade) { u.Digest = strings.Repeat("A", 64) },
		"more than 1024":        func(u *Upgrade) { u.Args = make([]string, MaxArgs+1) },
		"NUL":                   func(u *Upgrade) { u.Args = []string{"\x00"} },
		"KEY=VALUE":             func(u *Upgrade) { u.Env = []string{"=x"} },
		"confirmation":          func(u *Upgrade) { u.ConfirmWithin = MaxPause + 1 },
		"more than 32":          func(u *Upgrade) { u.Steps = make([]Step, MaxSteps+1) },
		"step 1":                func(u *Upgrade) { u.Steps = []Step{{Percent: 101}} },
		"0 to 100 percent":      func(u *Upgrade) { u.Steps = []Step{{Pause: -1}} },
	} {
		u := good
		alter(&u)
		err := u.check()
		require.ErrorIs(t, err, ErrRequest)
		assert.ErrorContains(t, err, want)
	}
}
