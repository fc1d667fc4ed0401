package delta

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuffixes(t *testing.T) {
	texts := []string{"", "a", "aa", "ab", "ba", "banana", "mississippi", "abababab", "aaaaaaaaab", "baaaaaaaaa", "abracadabra abracadabra"}
	random := rand.New(rand.NewPCG(1, 2))
	for letters := range 5 {
		for size := range 60 {
			text := make([]byte, size)
			for i := range text {
				text[i] = byte(random.IntN(letters + 1))
			}
			texts = append(texts, string(text))
		}
	}
	for _, text := range texts {
		want := make([]int32, len(text))
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortFunc(want, func(a, b int32) int { return bytes.Compare([]byte(text)[a:], []byte(text)[b:]) })
		require.Equal(t, want, suffixes([]byte(text)), fmt.Sprintf("%q", text))
	}
}

func FuzzSuffixes(f *testing.F) {
	f.Add([]byte("banana"))
	f.Fuzz(func(t *testing.T, text []byte) {
		text = text[:min(len(text), 1<<12)]
		sa := suffixes(text)
		for i := 1; i < len(sa); i++ {
			require.Negative(t, bytes.Compare(text[sa[i-1]:], text[sa[i]:]))
		}
		require.Len(t, sa, len(text))
	})
}

func BenchmarkSuffixes(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 1<<22)
	for i := range text {
		text[i] = byte(random.IntN(32))
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		suffixes(text)
	}
}
