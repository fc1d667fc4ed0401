package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// chain reads the lines of one file, and checks that each follows the last.
type chain struct {
	Summary
	config
	in     *bufio.Reader
	offset int64  // of the first byte after the last good line
	tail   []byte // of a last line without an end
	found  bool   // the remembered head was passed, or none is asked for
}

func newChain(r io.Reader, c config) *chain {
	start := Genesis()
	if c.start != nil {
		start = *c.start
	}
	return &chain{
		Summary: Summary{Start: start, Head: start},
		config:  c,
		in:      bufio.NewReaderSize(r, MaxLine),
		found:   c.remembered == nil || *c.remembered == start,
	}
}

// next returns the next line, or io.EOF.
func (c *chain) next() (Line, error) {
	data, err := c.in.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(data) == 0:
		return Line{}, io.EOF
	case errors.Is(err, io.EOF):
		c.tail = data
		return Line{}, c.damaged(ErrCut, "it has no newline at its end, as after a crash")
	case errors.Is(err, bufio.ErrBufferFull):
		return Line{}, c.damaged(ErrAltered, fmt.Sprintf("it has more than %d bytes", MaxLine))
	case err != nil:
		return Line{}, fmt.Errorf("audit: reading line %d: %w", c.Lines+1, err)
	}
	line, err := decodeLine(data)
	if err != nil {
		return Line{}, c.damaged(ErrAltered, "it is no line of a log: "+clean(err.Error(), MaxName))
	}
	if err := c.follows(line); err != nil {
		return Line{}, err
	}
	if c.remembered != nil && c.remembered.N == line.N {
		if *c.remembered != line.head() {
			return Line{}, c.damaged(ErrRewritten, fmt.Sprintf("its digest is %s, not %s", line.Digest.Short(), c.remembered.Digest.Short()))
		}
		c.found = true
	}
	c.take(line, len(data))
	return line, nil
}

func (c *chain) take(line Line, size int) {
	if c.Lines == 0 {
		c.First = line.Time
	}
	c.Lines++
	c.Head, c.Last, c.Rotated = line.head(), line.Time, line.Event == Rotated
	c.offset += int64(size)
}

// damaged blames the line that was read last.
func (c *chain) damaged(what error, reason string) error {
	return &DamageError{Line: c.Lines + 1, Err: what, Reason: reason}
}

// follows checks that a line is the next one of the chain.
func (c *chain) follows(line Line) error {
	if c.Lines == 0 {
		if err := c.begin(line); err != nil {
			return err
		}
	} else if line.Event == Continued || c.Rotated {
		return c.damaged(ErrInserted, fmt.Sprintf("no line follows one of the event %q, and none but the first has the event %q", Rotated, Continued))
	}
	switch want := c.Head.N + 1; {
	case line.N < want:
		return c.damaged(ErrInserted, fmt.Sprintf("its number is %d, not %d", line.N, want))
	case line.N > want:
		return c.gap(line.N, want)
	case line.Previous == c.Head.Digest:
		return nil
	case c.Lines == 0:
		return c.damaged(ErrAltered, "it does not follow the line after which the file must start")
	}
	return &DamageError{Line: c.Lines, Err: ErrAltered, Reason: "the line after it holds the digest of another"}
}

// begin checks the event of the first line, and takes from it where the file
// starts, if the caller has not said so.
func (c *chain) begin(line Line) error {
	continued := line.Event == Continued
	if continued && line.N < 2 {
		return c.damaged(ErrAltered, "it continues another file, but has the number 1")
	}
	if c.start == nil && continued {
		c.Start, c.Head = line.before(), line.before()
		c.found = c.found || *c.remembered == c.Start
	}
	if line.N == c.Start.N+1 && continued != (c.Start.N > 0) {
		return c.damaged(ErrAltered, fmt.Sprintf("it has the event %q in a file that starts after line %d", line.Event, c.Start.N))
	}
	return nil
}

// gap tells lines that are gone from lines that come later. Nothing else of the
// rest of the log matters any more.
func (c *chain) gap(got, want int64) error {
	reason := fmt.Sprintf("its number is %d, not %d", got, want)
	for {
		data, err := c.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return c.damaged(ErrRemoved, reason)
		}
		if line, err := decodeLine(data); err == nil && line.N == want {
			return c.damaged(ErrReordered, reason)
		}
	}
}

// finish checks what can only be said at the end.
func (c *chain) finish() error {
	switch {
	case c.found:
		return nil
	case c.remembered.N < c.Start.N:
		return notHere(*c.remembered, c.Start)
	case c.remembered.N == c.Start.N:
		return &DamageError{Line: 1, Err: ErrRewritten, Reason: "the file follows another line"}
	}
	return c.damaged(ErrCut, fmt.Sprintf("the log ends with number %d, and number %d is remembered", c.Head.N, c.remembered.N))
}
