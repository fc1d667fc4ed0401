package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestReason(t *testing.T) {
	wrap := func(err error) error { return &url.Error{Op: "Post", URL: "http://127.0.0.1:8080/", Err: err} }
	for _, test := range []struct {
		err  error
		want string
	}{
		{wrap(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), "connection refused"},
		{wrap(&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}), "connection reset"},
		{wrap(io.EOF), "connection closed before the answer"},
		{fmt.Errorf("reading the answer: %w", io.ErrUnexpectedEOF), "connection closed before the answer"},
		{errors.New("http: server closed idle connection"), "connection closed before the answer"},
		{wrap(context.DeadlineExceeded), "no answer in time"},
		{status.Error(codes.Unavailable, "dial tcp 127.0.0.1:4711: no"), "gRPC Unavailable: dial tcp N: no"},
		{errors.Join(cutSocket, io.EOF), string(cutSocket)},
		{statusFailure(503), "status 503"},
		{wrap(errors.New("http2: stream 17 of 3 is odd")), "http2: stream N of N is odd"},
		{errors.New(strings.Repeat("x", 2*maxReason)), strings.Repeat("x", maxReason)},
	} {
		assert.Equal(t, test.want, reason(test.err), "%v", test.err)
	}
}

func TestTally(t *testing.T) {
	tally := newTally(4)
	tally.count(outcome{version: "v1", resent: 2}, time.Second, nil)
	tally.count(outcome{version: "v2"}, 3*time.Second, nil)
	tally.count(outcome{}, 0, fmt.Errorf("%w: gone", errUnsent))
	select {
	case <-tally.reached:
		t.Fatal("the goal is reached too early")
	default:
	}
	tally.count(outcome{version: "never counted", resent: 7}, 0, wrongAnswer)
	<-tally.reached
	assert.Equal(t, []int64{4, 1, 1, 2}, []int64{tally.requests, tally.failed(), tally.unsent, tally.resent})
	assert.Equal(t, 3*time.Second, tally.slowest)
	assert.Equal(t, []Count{{"v1", 1}, {"v2", 1}}, counts(tally.versions))
	assert.Equal(t, []Count{{"b", 3}, {"a", 1}, {"c", 1}}, counts(map[string]int64{"c": 1, "a": 1, "b": 3}))
}

func TestSlowReader(t *testing.T) {
	const text = "something that takes its time"
	got, err := io.ReadAll(&slowReader{rest: text, pieces: slowPieces})
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
}

func TestTable(t *testing.T) {
	table := newTable("<name", ">count", "<why")
	table.add("a", 12345, "×")
	table.add("longer", 1, "")
	var out strings.Builder
	table.write(&out)
	assert.Equal(t, "name    count  why\na       12345  ×\nlonger      1\n\n", out.String())
}

func TestMost(t *testing.T) {
	assert.Equal(t, "3 × a; 2 × b", most([]Count{{"a", 3}, {"b", 2}}))
	assert.Equal(t, "3 × a; 2 × b; 1 × c; …", most([]Count{{"a", 3}, {"b", 2}, {"c", 1}, {"d", 1}}))
	assert.Equal(t, strings.Repeat("é", 79)+"…", short(strings.Repeat("é", 81)))
}

func TestVerdict(t *testing.T) {
	good := Row{Traffic: "a", Way: wayHotswap, Requests: 10}
	with := func(change func(*Row)) Row { r := good; change(&r); return r }
	fix := Recovery{Fix: "x", After: goodVersion}
	for _, test := range []struct {
		name   string
		report Report
		want   string
	}{
		{"good", Report{Rows: []Row{good}, Recoveries: []Recovery{fix}}, ""},
		{"failed", Report{Rows: []Row{with(func(r *Row) { r.Failed = 1 })}}, "1 of 10 requests failed"},
		{"baseline", Report{Rows: []Row{with(func(r *Row) { r.Failed, r.Way = 1, wayStop })}}, ""},
		{"idle", Report{Rows: []Row{with(func(r *Row) { r.Failed, r.Twice, r.Traffic = 1, 1, idleTraffic().name })}}, ""},
		{"twice", Report{Rows: []Row{with(func(r *Row) { r.Twice = 1 })}}, "more than once"},
		{"cut", Report{Rows: []Row{with(func(r *Row) { r.Cut = []string{"2 open"} })}}, "2 open"},
		{"bad fix", Report{Recoveries: []Recovery{{Fix: "x", After: goodVersion, Failed: 1}}}, "failed"},
		{"excused", Report{Recoveries: []Recovery{{Fix: "x", After: goodVersion, Failed: 1, Excuse: "it died"}}}, ""},
		{"stays", Report{Recoveries: []Recovery{{Fix: "x", After: "bad"}}}, "version bad serves"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.report.verdict(goodVersion)
			if test.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestSettle(t *testing.T) {
	r := Row{Way: wayHotswap, Requests: 100, Failed: 2, Unsent: 3}
	r.settle(97) // those that failed may have been answered
	assert.Zero(t, r.Twice)
	r.settle(99)
	assert.EqualValues(t, 2, r.Twice)
}

func TestParse(t *testing.T) {
	for _, args := range [][]string{{"-ways", "none"}, {"-swaps", "0"}, {"-rollbacks", "21"}, {"argument"}, {"-no-flag"}, {"-requests", "0"}} {
		_, err := parse(args)
		assert.Error(t, err, "%v", args)
	}
	s, err := parse([]string{"-short", "-ways", "hotswap,shutdown"})
	require.NoError(t, err)
	assert.Equal(t, []string{wayHotswap, wayShutdown}, s.ways)
	kinds, err := s.kinds()
	require.NoError(t, err)
	assert.Len(t, kinds, 1)
	s.traffic = "none"
	_, err = s.kinds()
	assert.ErrorContains(t, err, "WebSocket")
}

// The whole on a small scale: hotswap fails nothing, stopping and starting does, so that
// it is known that failures are seen.
func TestShort(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and exchanges a service")
	}
	var out strings.Builder
	args := []string{"-swaps", "2", "-rollbacks", "1", "-requests", "500", "-pause", "20ms", "-traffic", mixedName, "-ways", "hotswap,stop-start", "-faults=false", "-json"}
	require.NoError(t, run(t.Context(), args, &out, io.Discard))
	var r Report
	require.NoError(t, json.Unmarshal([]byte(out.String()), &r))
	require.Len(t, r.Rows, 2)
	for _, row := range r.Rows {
		assert.Equal(t, 2, row.Swaps)
		assert.Equal(t, 1, row.Rollbacks)
		assert.GreaterOrEqual(t, row.Requests, int64(500))
	}
	hot, stopped := r.Rows[0], r.Rows[1]
	assert.Zero(t, hot.Failed, "%v", hot.Reasons)
	assert.Equal(t, hot.Requests-hot.Unsent, hot.Handled)
	assert.Len(t, hot.Versions, 2)
	assert.Positive(t, stopped.Failed)
}
