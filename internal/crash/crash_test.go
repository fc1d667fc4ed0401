//go:build linux && (amd64 || arm64)

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// The proof finds each mistake that a test has the time for, and none where there is none.
func TestMistakesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program and runs it some hundred times")
	}
	st, err := newStage()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, st.close()) })
	for _, test := range []struct{ proof, mistake, says string }{
		{"kill", noMistake, ""},
		{"kill", "remove-first", "nothing is current"},
		{"kill", "boastful", "was acknowledged"},
		{"errors", noMistake, ""},
		{"errors", "deaf", "torn"},
	} {
		t.Run(test.proof+" "+test.mistake, func(t *testing.T) {
			subject, err := newToy(t.Context(), st, test.mistake)
			require.NoError(t, err)
			r := &report{}
			err = settings{}.disturb(t.Context(), &prover{stage: st, subject: subject, label: "toy", report: r, most: 30}, test.proof, nil)
			if errors.Is(err, syscall.EPERM) {
				t.Skip("this system forbids to trace:", err)
			}
			require.NoError(t, err)
			tried, failed := r.sums()
			assert.Greater(t, tried, 20)
			if test.says == "" {
				assert.Zero(t, failed)
				assert.NoError(t, r.verdict())
				return
			}
			require.Positive(t, failed)
			assert.ErrorContains(t, r.verdict(), "trials failed")
			var out bytes.Buffer
			require.NoError(t, r.write(&out, false))
			assert.Contains(t, out.String(), test.says)
			assert.NotContains(t, out.String(), st.dir, "folders that are gone")
		})
	}
}

func TestVerdict(t *testing.T) {
	good := []*row{{Tried: 3}}
	for name, test := range map[string]struct {
		report *report
		want   string
	}{
		"good":                 {&report{Rows: good, Controls: []control{{Mistake: noMistake}, {Mistake: "deaf", Found: 1}}}, ""},
		"skipped":              {&report{Skipped: []string{"power cuts"}}, ""},
		"nothing":              {&report{}, "nothing was tried"},
		"failed":               {&report{Rows: []*row{{Tried: 3, Failed: 2}}}, "2 of 3 trials failed"},
		"mistake is not found": {&report{Rows: good, Controls: []control{{Mistake: "deaf"}}}, "at fault itself"},
		"found without one":    {&report{Rows: good, Controls: []control{{Mistake: noMistake, Found: 1}}}, "at fault itself"},
	} {
		err := test.report.verdict()
		if test.want == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, test.want, name)
		}
	}
}

func TestReportForMachines(t *testing.T) {
	r := &report{Controls: []control{}}
	row := r.row("kill", "agent", "apply", 9)
	for range maxFailures + 2 {
		row.tried("call 3", errors.New("torn"))
	}
	row.tried("call 4", nil)
	var out bytes.Buffer
	require.NoError(t, r.write(&out, true))
	var again report
	require.NoError(t, json.Unmarshal(out.Bytes(), &again))
	assert.Equal(t, maxFailures+3, again.Rows[0].Tried)
	assert.Equal(t, maxFailures+2, again.Rows[0].Failed)
	assert.Len(t, again.Rows[0].Failures, maxFailures)
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"-short", "errors"})
	require.NoError(t, err)
	assert.Equal(t, settings{short: true, subject: "agent", proofs: []string{"errors"}}, s)
	s, err = parse(nil)
	require.NoError(t, err)
	assert.Len(t, s.proofs, 3)
	_, err = parse([]string{"fire"})
	assert.ErrorContains(t, err, `no proof "fire"`)
}

func TestSample(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2}, sample(3, 0))
	assert.Equal(t, []int{0, 1, 2}, sample(3, 5))
	assert.Equal(t, []int{0, 2, 5, 7}, sample(10, 4))
	assert.Empty(t, sample(0, 4))
}

// A full disk does half of a write, and after it nothing that needs room.
func TestFullDisk(t *testing.T) {
	write := func(n int) trace.Call { return trace.Call{N: n, Name: "write", Bytes: 8} }
	assert.Equal(t, trace.Action{}, full(write(1), 2))
	assert.Equal(t, trace.Halve(), full(write(2), 2))
	assert.Equal(t, trace.Fail(syscall.ENOSPC), full(write(3), 2))
	assert.Equal(t, trace.Action{}, full(trace.Call{N: 3, Name: "unlinkat"}, 2))
	assert.Equal(t, trace.Action{}, full(trace.Call{N: 3, Name: "write", Bytes: 8, Stream: 1}, 2))
}

func TestCopyTree(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.Mkdir(filepath.Join(from, "d"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(from, "d", "f"), []byte("x"), 0o400))
	require.NoError(t, os.Symlink("d/f", filepath.Join(from, "l")))
	require.NoError(t, copyTree(from, to))
	want, err := namesIn(from)
	require.NoError(t, err)
	got, err := namesIn(to)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	info, err := os.Stat(filepath.Join(to, "l"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o400), info.Mode())
	require.NoError(t, os.Chmod(filepath.Join(to, "d"), 0o500))
	require.NoError(t, removeTree(to))
	assert.NoDirExists(t, to)
}
