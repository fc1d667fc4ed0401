package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/policy"
)

const m = "example.com/m/"

func read(output string, packages ...string) *stream {
	s := newStream(packages)
	_, _ = s.Write([]byte(output))
	s.close([]byte("standard error\n"), true)
	return s
}

func results(run *packageRun) map[string]policy.Outcome {
	all := map[string]policy.Outcome{}
	for name, test := range run.tests {
		all[name] = test.outcome
	}
	return all
}

// What three versions of the go command say about the same packages.
func TestRecorded(t *testing.T) {
	tests := map[string]struct {
		outcome policy.Outcome
		early   bool
		results map[string]policy.Outcome
	}{
		"ok":      {policy.Passed, false, map[string]policy.Outcome{"TestA": policy.Passed, "TestSkip": policy.Skipped}},
		"panic":   {policy.Failed, true, map[string]policy.Outcome{"TestA": policy.Failed, "TestA/sub": policy.Failed}},
		"timeout": {policy.TimedOut, true, map[string]policy.Outcome{"TestA": policy.TimedOut, "TestA/sub": policy.TimedOut}},
		"nobuild": {policy.NotBuilt, true, map[string]policy.Outcome{}},
		"setup":   {policy.NotBuilt, true, map[string]policy.Outcome{}},
		"lib":     {policy.NotBuilt, true, map[string]policy.Outcome{}},
		"exit1":   {policy.Failed, true, map[string]policy.Outcome{"TestA": policy.Failed}},
		"subs":    {policy.Failed, false, map[string]policy.Outcome{"TestA": policy.Failed, "TestA/x_y/z": policy.Failed, "TestA/x_y/z#01": policy.Passed}},
		"absent":  {policy.UnknownOutcome, true, map[string]policy.Outcome{}},
	}
	for _, version := range []string{"go1.21", "go1.26", "go1.27"} {
		output, err := os.ReadFile(filepath.Join("testdata", "streams", version+".json"))
		require.NoError(t, err)
		var paths []string
		for name := range tests {
			paths = append(paths, m+name)
		}
		s := read(string(output), paths...)
		assert.Empty(t, s.unknown)
		for name, test := range tests {
			run := s.packages[m+name]
			assert.Equal(t, test.outcome, run.outcome, "%s %s", version, name)
			assert.Equal(t, test.early, run.early(), "%s %s", version, name)
			assert.Equal(t, test.results, results(run), "%s %s", version, name)
		}
		panicked := s.packages[m+"panic"].tests["TestA"].output
		assert.Contains(t, panicked.String(), "panic: boom")
		assert.Empty(t, s.packages[m+"ok"].tests["TestA"].output.kept, "nobody asks for the output of what passes")
		reason := "p_test.go:3:35: too many return values"
		if version == "go1.21" {
			reason = "standard error"
		}
		assert.Contains(t, s.packages[m+"nobuild"].output.String(), reason)
	}
}

// line makes an event of pairs.
func line(t *testing.T, e event) string {
	t.Helper()
	data, err := json.Marshal(e)
	require.NoError(t, err)
	return string(data) + "\n"
}

func TestHostileLines(t *testing.T) {
	pass := line(t, event{Action: "pass", Package: "p"})
	tests := map[string]struct {
		output  string
		outcome policy.Outcome
		unknown string
	}{
		"nothing":                      {"", policy.UnknownOutcome, "the go command failed: standard error"},
		"no end of the line":           {strings.TrimSuffix(pass, "\n"), policy.Passed, "the go command failed"},
		"no JSON":                      {"{\nnull\n[]\n\x00\n{\"Action\":1}\n" + pass, policy.Passed, "the go command failed"},
		"another package":              {line(t, event{Action: "pass", Package: "q"}), policy.UnknownOutcome, "the go command failed"},
		"a second end":                 {line(t, event{Action: "fail", Package: "p"}) + pass, policy.Failed, ""},
		"a pass with a test that runs": {line(t, event{Action: "run", Package: "p", Test: "T"}) + pass, policy.Passed, "package p passes, and not all of its tests ended"},
		"a line without end":           {strings.Repeat("x", 3*MaxLine) + "\n" + pass, policy.Passed, "a line of the go command's output is too long"},
		"an odd time":                  {`{"Action":"pass","Package":"p","Elapsed":1e300}` + "\n", policy.Passed, "the go command failed"},
		"text like an end":             {"FAIL\tp\nFAIL\tp [no]\nFAIL\tp [build failed]\tx\nFAIL\tq [build failed]\n", policy.UnknownOutcome, "the go command failed"},
	}
	for name, test := range tests {
		s := read(test.output, "p")
		assert.Equal(t, test.outcome, s.packages["p"].outcome, name)
		assert.GreaterOrEqual(t, s.packages["p"].elapsed, time.Duration(0), name)
		if test.unknown == "" {
			assert.Empty(t, s.unknown, name)
			continue
		}
		require.NotEmpty(t, s.unknown, name)
		assert.Contains(t, s.unknown[0], test.unknown, name)
	}
}

// A package whose tests fail as a whole is not the fault of the go command.
func TestCloseBlames(t *testing.T) {
	s := newStream([]string{"p"})
	s.close(nil, false)
	assert.Empty(t, s.unknown)
	assert.Equal(t, policy.UnknownOutcome, s.packages["p"].outcome)
	assert.True(t, s.packages["p"].early())
}

func TestOutputIsBounded(t *testing.T) {
	s := newStream([]string{"p"})
	for test := range 800 {
		for i := range 40 {
			s.event(s.packages["p"], event{Action: "output", Package: "p", Test: fmt.Sprint("T", test), Output: fmt.Sprintf("%d %01000d\n", i, i)})
		}
		s.event(s.packages["p"], event{Action: "fail", Package: "p", Test: fmt.Sprint("T", test)})
	}
	total := 0
	for _, test := range s.packages["p"].tests {
		assert.LessOrEqual(t, len(test.output.String()), MaxOutput)
		assert.LessOrEqual(t, len(test.output.kept), 2*MaxOutput)
		total += len(test.output.kept)
	}
	assert.LessOrEqual(t, total, MaxTotalOutput+2*MaxOutput)
	first := s.packages["p"].tests["T0"].output.String()
	assert.True(t, strings.HasSuffix(first, fmt.Sprintf("39 %01000d\n", 39)), "it is the end that is kept")
	assert.Regexp(t, `^\d+ 0`, first, "and whole lines")
}

// The output of tests that pass makes room for that of others.
func TestOutputOfPassingTestsIsDropped(t *testing.T) {
	s := newStream([]string{"p"})
	long := strings.Repeat("x", MaxOutput)
	for test := range 10 {
		name := fmt.Sprint("T", test)
		_, _ = s.Write([]byte(line(t, event{Action: "output", Package: "p", Test: name, Output: long}) + line(t, event{Action: "pass", Package: "p", Test: name})))
	}
	assert.Zero(t, s.kept)
}

func TestTestsAreBounded(t *testing.T) {
	s := newStream([]string{"p"})
	for test := range MaxTests + 10 {
		s.event(s.packages["p"], event{Action: "pass", Package: "p", Test: fmt.Sprint("T", test)})
	}
	assert.Len(t, s.packages["p"].tests, MaxTests)
	assert.Equal(t, []string{"there are too many tests: some are left out"}, s.unknown)
}

func TestCompilersAreBounded(t *testing.T) {
	s := newStream(nil)
	for i := range 2 * maxBuilds {
		s.line([]byte(`{"Action":"build-output","ImportPath":"` + fmt.Sprint(i) + `","Output":"x"}`))
	}
	assert.Len(t, s.build, maxBuilds)
}

func TestPattern(t *testing.T) {
	assert.Empty(t, pattern(""))
	assert.Equal(t, `^TestA$`, pattern("TestA"))
	assert.Equal(t, `^TestA$/^a_\(b\|c\)\[\]$/^\\x00#01$`, pattern(`TestA/a_(b|c)[]/\x00#01`))
}

// However the output is cut into pieces, and whatever it is, the same is made of
// it, and no failure is lost.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		`{"Action":"run","Package":"p","Test":"T"}` + "\n" + `{"Action":"output","Package":"p","Test":"T","Output":"panic: test timed out after 1s\n"}` + "\n" + `{"Action":"fail","Package":"p"}`,
		`{"Action":"output","Package":"p","Output":"PASS\n"}` + "\n" + `{"Action":"pass","Package":"p","Elapsed":1.5}`,
		`{"ImportPath":"q","Action":"build-output","Output":"no"}` + "\n" + `{"Action":"fail","Package":"p","FailedBuild":"q"}`,
		"FAIL\tp [setup failed]\n",
	} {
		f.Add([]byte(seed), 7)
	}
	f.Add([]byte(`{"Action":"fail","Package":"p"}`), 1)
	f.Fuzz(func(t *testing.T, output []byte, size int) {
		whole, pieces := newStream([]string{"p", "q"}), newStream([]string{"p", "q"})
		_, _ = whole.Write(output)
		size = max(1, size%1000)
		for rest := output; len(rest) > 0; {
			n, err := pieces.Write(rest[:min(size, len(rest))])
			require.NoError(t, err)
			rest = rest[n:]
		}
		whole.close(nil, true)
		pieces.close(nil, true)
		assert.Equal(t, whole.unknown, pieces.unknown)
		blamed := false
		for path, run := range whole.packages {
			other := pieces.packages[path]
			assert.Equal(t, run.outcome, other.outcome)
			assert.Equal(t, results(run), results(other))
			assert.Equal(t, run.output.String(), other.output.String())
			blamed = blamed || run.outcome.Fails()
			for name, test := range run.tests {
				assert.True(t, !run.ended || test.outcome != "" || len(whole.unknown) > 0, name)
			}
		}
		assert.True(t, blamed || len(whole.unknown) > 0, "the go command failed, and nobody says so")
	})
}
