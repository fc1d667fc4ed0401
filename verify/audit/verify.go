package audit

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Summary is what [Verify] found in a log that is whole.
type Summary struct {
	Start   Head      // what the first line follows: [Genesis], or the head of the file before
	Head    Head      // the last line; Start if there is none
	Lines   int64     // in the file
	First   time.Time // of the first line; zero if there is none
	Last    time.Time // of the last line; zero if there is none
	Rotated bool      // another file goes on with the chain
}

// Verify reads a log to its end and checks the chain. A log without lines is
// whole: only [WithHead] tells that one was emptied.
//
// Errors are [*DamageError], those of the options, of ctx and of r.
func Verify(ctx context.Context, r io.Reader, options ...Option) (Summary, error) {
	c, err := newConfig(options)
	if err != nil {
		return Summary{}, err
	}
	chain := newChain(r, c)
	for {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		_, err := chain.next()
		switch {
		case errors.Is(err, io.EOF):
			return chain.Summary, chain.finish()
		case err != nil:
			return Summary{}, err
		}
	}
}

// Lines reads a log line by line, and checks the chain so far. The first error
// is the last element: see [Verify]. What was yielded before it is chained
// without a gap, and yet may not be what was written: verify first, then read.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		chain := newChain(r, config{})
		for {
			line, err := chain.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
