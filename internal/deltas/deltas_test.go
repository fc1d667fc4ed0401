package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/target"
)

// TestMain lets the test's executable be the program's children.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && childJob(os.Args[1]) != nil {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"-roundtrips", "-short", "-cache", "dir"})
	require.NoError(t, err)
	assert.Equal(t, len(quickPairs()), len(s.pairs()))
	for _, args := range [][]string{{"-rounds", "0"}, {"-flips", "0"}, {"-roundtrips", "-bitflips"}, {"-short"}, {"-prepare"}, {"-rivals", "bsdiff,xdelta"}} {
		_, err := parse(args)
		assert.Error(t, err, args)
	}
}

func TestPairsHaveFoldersOfTheirOwn(t *testing.T) {
	for name, pairs := range map[string][]pair{"table": tablePairs(), "quick": quickPairs(), "round trips": roundTripPairs(), "bit flips": bitFlipPairs()} {
		seen := map[string]bool{}
		for _, p := range pairs {
			assert.False(t, seen[p.String()], "%s: %s", name, p)
			seen[p.String()] = true
			assert.Equal(t, p.name, filepath.Base(p.name), name)
		}
	}
}

// made pairs need neither the go command nor anything of this machine.
func madePairs() []pair {
	return []pair{
		{name: "text", kind: roundTrip, old: literal("one line\nanother line\n"), new: literal("one line\nand another line\n")},
		{name: "empty", kind: roundTrip, old: literal(""), new: literal("")},
		{name: "changed", kind: roundTrip, old: noise(1), new: damages()[1].of(noise(1))},
	}
}

func testBench(t *testing.T, s settings) (*bench, *bytes.Buffer) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	var out bytes.Buffer
	s.cache = filepath.Join(t.TempDir(), "cache")
	b, err := newBench(s, t.TempDir(), &out)
	require.NoError(t, err)
	return b, &out
}

func TestRoundTrips(t *testing.T) {
	b, out := testBench(t, settings{})
	pairs := append(madePairs(), pair{name: "missing", kind: roundTrip, old: literal(""), new: installed("no-such-command")})
	require.NoError(t, b.roundTrips(t.Context(), pairs))
	assert.Contains(t, out.String(), "not tried: there is no no-such-command")
	assert.Contains(t, out.String(), "3 patches gave the new file, 0 pairs failed, 1 cannot be had here")
}

// A child that does not give the new file fails the round trip.
func TestRoundTripsThatFail(t *testing.T) {
	b, out := testBench(t, settings{})
	b.self = filepath.Join(b.temp, "absent")
	assert.ErrorContains(t, b.roundTrips(t.Context(), madePairs()), "3 of 3 round trips failed")
	assert.Contains(t, out.String(), "FAILED")
}

func TestPrepare(t *testing.T) {
	b, out := testBench(t, settings{})
	require.NoError(t, b.makeAll(t.Context(), madePairs()))
	assert.Equal(t, "text\nempty\nchanged\n", out.String())
	assert.FileExists(t, filepath.Join(b.cache, "changed", "new"))
}

func TestRelativeCache(t *testing.T) {
	t.Chdir(t.TempDir())
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-roundtrips", "-short", "-only", "odd-text", "-cache", "cache"}, &out))
	assert.Contains(t, out.String(), "1 patches gave the new file")
	assert.FileExists(t, filepath.Join("cache", "odd-text", "new"))
}

func TestTable(t *testing.T) {
	b, out := testBench(t, settings{rounds: 2})
	require.NoError(t, b.table(t.Context(), madePairs()[:1]))
	lines := strings.Split(out.String(), "\n")
	assert.Contains(t, lines[4], "text")
	assert.Contains(t, lines[4], "none", "no rival was asked for")
	assert.Contains(t, out.String(), "not measured")
}

func TestSame(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 200<<10)
	for i, test := range []struct {
		want, got string
		same      bool
	}{
		{"", "", true}, {long, long, true}, {long, long + "y", false}, {long, long[:len(long)-1], false}, {long, long[:64<<10], false},
		{long, "y" + long[1:], false}, {"", "x", false}, {"x", "", false},
	} {
		want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
		require.NoError(t, os.WriteFile(want, []byte(test.want), 0o644))
		require.NoError(t, os.WriteFile(got, []byte(test.got), 0o644))
		assert.Equal(t, test.same, same(want, got) == nil, i)
	}
}

func TestStoreMakesWhatIsNotThere(t *testing.T) {
	s, made := newStore(t.TempDir(), t.TempDir()), 0
	p := func(recipe string) pair {
		c := counted{recipe, &made}
		return pair{name: "pair", target: "target", old: c, new: c}
	}
	for _, step := range []struct {
		recipe string
		made   int
	}{{"a", 1}, {"a", 1}, {"b", 2}, {"b", 2}} {
		files, err := s.pair(t.Context(), p(step.recipe))
		require.NoError(t, err)
		data, err := os.ReadFile(files.new)
		require.NoError(t, err)
		assert.Equal(t, step.recipe, string(data))
		assert.Equal(t, step.made, made)
		s = newStore(s.dir, t.TempDir())
	}
}

// counted is content that counts how often it is made.
type counted struct {
	text string
	made *int
}

func (c counted) recipe() string { return c.text }

func (c counted) write(_ context.Context, _ *store, path string) error {
	*c.made++
	return os.WriteFile(path, []byte(c.text), 0o644)
}

func TestRecipesTellPairsApart(t *testing.T) {
	on := target.MustParse("linux/amd64")
	recipes := map[string]bool{}
	for _, c := range []content{
		smallOn("linux/amd64").old, smallOn("linux/amd64").new, smallOn("linux/arm64").old, versioned(on).old, versioned(on).new,
		variant("", small(on), small(on), nativeCompiler, unstripped()).old, tripOf("", by("go1.21.3", small(on)), small(on)).old,
		tripOf("", withC(small(on)), small(on)).old, literal("a"), literal("b"), noise(1), noise(2), damages()[0].of(noise(1)),
		packaged{Package: "a"}, packaged{Package: "a", Before: true},
	} {
		assert.False(t, recipes[c.recipe()], c.recipe())
		recipes[c.recipe()] = true
	}
}

func TestBitFlips(t *testing.T) {
	b, out := testBench(t, settings{flips: 50})
	require.NoError(t, b.bitFlips(t.Context(), madePairs()[:1]))
	fields := strings.Fields(strings.Split(out.String(), "\n")[1])
	assert.Equal(t, "50", fields[2])
	assert.Equal(t, []string{"0", "0", "0"}, fields[5:8], "none is wrong, panics or is late")
}

func TestTry(t *testing.T) {
	old, now := []byte("an old file"), []byte("a new file")
	var patch bytes.Buffer
	_, err := delta.Diff(t.Context(), old, now, &patch)
	require.NoError(t, err)
	var f flips
	f.try(t.Context(), old, patch.Bytes(), sha256.Sum256(now))
	f.try(t.Context(), old, patch.Bytes(), sha256.Sum256(old))
	f.try(t.Context(), old, patch.Bytes()[1:], sha256.Sum256(now))
	f.Slowest = 0
	assert.Equal(t, flips{Tried: 3, Exact: 1, Wrong: 1, Refused: 1}, f)
}

func TestBits(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2}, bits(3, 100))
	assert.Equal(t, []int{0, 1}, bits(3, 2))
	assert.Len(t, bits(5000, 10000), 5000)
	spread := bits(100000, 2000)
	assert.Len(t, spread, 2000)
	assert.Equal(t, allHeader*8-1, spread[allHeader*8-1])
	assert.Greater(t, spread[len(spread)-1], 99000)
	assert.IsIncreasing(t, spread)
}

func TestJudge(t *testing.T) {
	row := func(name string, k kind, size, ours, bsd int64) *measured {
		return &measured{Name: name, Kind: k, New: size, Ours: coded{Size: ours, Create: cost{CPU: 1}},
			Apply: cost{CPU: 0.1, Peak: 2 * size}, Rivals: map[string]*coded{bsdiff: {Size: bsd, Create: cost{CPU: 4}}}}
	}
	limits := judge([]*measured{
		row("a", hotfix, 20e6, 700, 70000), row("b", hotfix, 20e6, 900, 180000), row("c", hotfix, 20e6, 1600, 160000),
		row("d", hotfix, 4e6, 500, 5000), row("e", standardLibrary, 20e6, 5000, 10000),
	})
	var got []string
	for _, l := range limits {
		got = append(got, fmt.Sprintf("%g %s", l.Got, l.Verdict))
	}
	assert.Equal(t, []string{
		"900 MISSED", "100 ok", "1600 MISSED", "500 ok", "10 MISSED", "0 not measured", "0 not measured", "0 not measured", "2 MISSED", "0 not measured",
		"0.25 ok", "0.025 ok", "2 ok",
	}, got)
	var text bytes.Buffer
	for _, l := range limits {
		l.print(&text)
	}
	assert.Equal(t, 4, strings.Count(text.String(), "MISSED"), text.String())
	assert.Equal(t, 4, strings.Count(text.String(), "not measured"), text.String())
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 2.0, median([]float64{3, 1, 2}))
	assert.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
}

func TestCostKeepsTheLeastTimeAndTheLargestPeak(t *testing.T) {
	var c cost
	for _, r := range []gocmd.Result{{CPU: 3e9, Peak: 1}, {CPU: 2e9, Peak: 5}, {CPU: 4e9, Peak: 3}} {
		c.add(&r)
	}
	assert.Equal(t, cost{CPU: 2, Peak: 5}, c)
}

func TestMadison(t *testing.T) {
	assert.Equal(t, []string{"1.6.20~ds1-1+deb12u3", "1.6.20~ds1-1+deb12u2"}, madison(`
containerd | 1.6.20~ds1-1+deb12u3 | http://example.com/debian bookworm/main amd64 Packages
containerd | 1.6.20~ds1-1+deb12u3 | http://example.com/security bookworm/main amd64 Packages
containerd | 1.6.20~ds1-1+deb12u2 | http://example.com/security bookworm/main amd64 Packages
`))
}
