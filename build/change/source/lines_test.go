package source

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCountLines(t *testing.T) {
	for _, test := range []struct {
		old, now       string
		added, removed int
	}{
		{"", "", 0, 0},
		{"", "a\nb\n", 2, 0},
		{"a\nb\n", "", 0, 2},
		{"a\nb\nc\n", "a\nB\nc\n", 1, 1},
		{"a\nb\nc\n", "a\nc\n", 0, 1},
		{"a\n}\n\nb\n}\n", "a\n}\n\nx\n}\n\nb\n}\n", 3, 0},
		{"a", "a\n", 1, 1},
		{"a\nb", "a\nb\nc", 2, 1},
		{"ab\n", "cb\n", 1, 1},
		{"xa\n", "ya\na\n", 2, 1},
		{"\n\n\n", "\n\n", 0, 1},
		{"a\nb\nc\nd\n", "d\nc\nb\na\n", 3, 3},
	} {
		added, removed := countLines([]byte(test.old), []byte(test.now))
		assert.Equal(t, []int{test.added, test.removed}, []int{added, removed}, "%q to %q", test.old, test.now)
	}
}

// slowly counts by the usual table, which needs the product of the lengths.
func slowly(old, now []string) (added, removed int) {
	table := make([][]int, len(old)+1)
	for i := range table {
		table[i] = make([]int, len(now)+1)
	}
	for i := range old {
		for j := range now {
			if old[i] == now[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	common := table[len(old)][len(now)]
	return len(now) - common, len(old) - common
}

func TestCountLinesIsTheLeast(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() []string {
		lines := make([]string, random.IntN(12))
		for i := range lines {
			lines[i] = string(rune('a'+random.IntN(4))) + "\n"
		}
		return lines
	}
	for range 5000 {
		old, now := text(), text()
		added, removed := countLines([]byte(strings.Join(old, "")), []byte(strings.Join(now, "")))
		wantAdded, wantRemoved := slowly(old, now)
		assert.Equal(t, []int{wantAdded, wantRemoved}, []int{added, removed}, "%q to %q", old, now)
	}
}

// Texts that would cost hours to compare well are compared coarsely.
func TestCountLinesIsBounded(t *testing.T) {
	start := time.Now()
	old, now := strings.Repeat("a\nb\n", 100_000)+"end", strings.Repeat("b\nc\n", 100_000)
	added, removed := countLines([]byte(old), []byte(now))
	assert.Equal(t, []int{200_000, 200_001}, []int{added, removed})
	added, removed = countLines([]byte(strings.Repeat("x\n", maxDiffLines+1)), []byte("y\n"))
	assert.Equal(t, []int{1, maxDiffLines + 1}, []int{added, removed})
	assert.Less(t, time.Since(start), time.Minute)
}

func TestChangedLines(t *testing.T) {
	for _, test := range []struct {
		old, now string
		want     []Lines
	}{
		{"", "", nil},
		{"a\n", "", nil},
		{"", "a\nb\n", []Lines{{First: 1, Last: 2}}},
		{"a\nb\nc\n", "a\nB\nc\n", []Lines{{First: 2, Last: 2}}},
		{"a\nb\nc\n", "a\nc\n", []Lines{{First: 2, Last: 2, Removed: true}}},
		{"a\nb\nc\n", "a\nb\n", []Lines{{First: 2, Last: 2, Removed: true}}},
		{"a\nb\nc\nd\ne\n", "A\nb\nd\nE\nf\n", []Lines{{First: 1, Last: 1}, {First: 3, Last: 3, Removed: true}, {First: 4, Last: 5}}},
		{"a", "a\n", []Lines{{First: 1, Last: 1}}},
	} {
		assert.Equal(t, test.want, changedLines([]byte(test.old), []byte(test.now)), "%q to %q", test.old, test.now)
	}
}

// What is not changed is, in its order, in the old text; and as many lines are
// changed as are counted.
func TestChangedLinesAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	text := func() []string {
		lines := make([]string, random.IntN(12))
		for i := range lines {
			lines[i] = string(rune('a'+random.IntN(4))) + "\n"
		}
		return lines
	}
	for range 5000 {
		old, now := text(), text()
		added, _ := slowly(old, now)
		kept, count, last := slices.Clone(now), 0, 0
		for _, l := range changedLines([]byte(strings.Join(old, "")), []byte(strings.Join(now, ""))) {
			assert.GreaterOrEqual(t, l.First, last, "%q to %q", old, now)
			assert.LessOrEqual(t, l.Last, len(now), "%q to %q", old, now)
			if last = l.Last; l.Removed {
				continue
			}
			count += l.Last - l.First + 1
			for i := l.First; i <= l.Last; i++ {
				kept[i-1] = ""
			}
		}
		assert.Equal(t, added, count, "%q to %q", old, now)
		rest := old
		for _, line := range kept {
			if line == "" {
				continue
			}
			at := slices.Index(rest, line)
			require.NotEqual(t, -1, at, "%q to %q", old, now)
			rest = rest[at+1:]
		}
	}
}
