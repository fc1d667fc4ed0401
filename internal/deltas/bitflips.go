package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/pack/delta"
)

// bitFlipPairs are fixes, of small programs first: of their patches all bits are
// flipped.
func bitFlipPairs() []pair {
	var pairs []pair
	for _, on := range []string{"linux/amd64", "linux/arm64", "windows/amd64", "darwin/arm64"} {
		pairs = append(pairs, smallOn(on))
	}
	for _, h := range upstream.Hotfixes() {
		if h.Name == "age-a" || h.Name == "nats-a" {
			pairs = append(pairs, fixed(h)...)
		}
	}
	return pairs
}

// flips is what came of patches in which one bit was flipped.
type flips struct {
	Bits    int           // of the patch
	Tried   int           // of these
	Refused int           // with an error
	Exact   int           // that gave the new file all the same
	Wrong   int           // that gave another file without an error
	Panics  int           // that panicked
	Late    int           // that were not done in time
	Slowest time.Duration // of one patch
}

// allHeader is how many bytes at the beginning have all their bits flipped first:
// what a patch says about itself.
const allHeader = 96

// tooLong ends a patch that would not end by itself. It is far more than any of
// the pairs takes.
const tooLong = time.Minute

// bitFlips prints a line for each pair.
func (b *bench) bitFlips(ctx context.Context, chosen []pair) error {
	bad := 0
	fmt.Fprintf(b.out, "%-24s %9s %9s %9s %6s %6s %7s %5s %9s %9s\n", "pair", "bits", "flipped", "refused", "exact", "WRONG", "PANICS", "LATE", "slowest s", "peak MiB")
	for _, p := range chosen {
		files, err := b.store.pair(ctx, p)
		if err != nil {
			return err
		}
		patch := b.path("patch")
		if _, err := b.child(ctx, createJob, files.old, files.new, patch); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		var f flips
		used, err := b.childResult(ctx, &f, flipJob, files.old, files.new, patch, strconv.Itoa(b.flips))
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		bad += f.Wrong + f.Panics + f.Late
		fmt.Fprintf(b.out, "%-24s %9d %9d %9d %6d %6d %7d %5d %9.3f %9d\n", p, f.Bits, f.Tried, f.Refused, f.Exact, f.Wrong, f.Panics, f.Late, f.Slowest.Seconds(), used.Peak>>20)
	}
	if bad > 0 {
		return fmt.Errorf("%d damaged patches did what they must not", bad)
	}
	return nil
}

// flip is the work of a child.
func flip(ctx context.Context, args []string, out io.Writer) error {
	var files [3][]byte
	for i := range files {
		data, err := os.ReadFile(args[i])
		if err != nil {
			return err
		}
		files[i] = data
	}
	most, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	want := sha256.Sum256(files[1])
	files[1] = nil
	f := flips{Bits: len(files[2]) * 8}
	for _, bit := range bits(f.Bits, most) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		files[2][bit/8] ^= 1 << (bit % 8)
		f.try(ctx, files[0], files[2], want)
		files[2][bit/8] ^= 1 << (bit % 8)
	}
	return json.NewEncoder(out).Encode(f)
}

// bits are those that are flipped: of the header first, and of the rest as many as
// are left, spread evenly.
func bits(all, most int) []int {
	most = min(all, most)
	header := min(most, allHeader*8)
	chosen := make([]int, most)
	for i := range chosen {
		chosen[i] = i
		if i >= header {
			chosen[i] = header + (i-header)*(all-header)/(most-header)
		}
	}
	return chosen
}

// try applies one damaged patch.
func (f *flips) try(ctx context.Context, old, patch []byte, want [sha256.Size]byte) {
	ctx, cancel := context.WithTimeout(ctx, tooLong)
	defer cancel()
	start, sum := time.Now(), sha256.New()
	defer func() {
		f.Tried++
		f.Slowest = max(f.Slowest, time.Since(start))
		if recover() != nil {
			f.Panics++
		}
	}()
	err := delta.Apply(ctx, bytes.NewReader(old), bytes.NewReader(patch), sum)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.Late++
	case err != nil:
		f.Refused++
	case bytes.Equal(sum.Sum(nil), want[:]):
		f.Exact++
	default:
		f.Wrong++
	}
}
