package pack

import (
	"context"
	"errors"
	"io"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// sink receives the members of a container in their order: begin, the content
// in calls of Write, end.
type sink interface {
	begin(h header) error
	io.Writer
	end() error
}

// summary is what a scan learns of the archive as a whole.
type summary struct {
	digest manifest.Digest
	size   int64
}

// copyBuffer is the number of bytes that are decoded at once.
const copyBuffer = 64 << 10

// scan reads the whole archive, gives each member to the sink, and requires
// that encoding what was decoded gives the same archive again. What the sink
// received is to be used only after scan has succeeded.
func scan(ctx context.Context, src source, f Format, limits Limits, to sink) (summary, error) {
	if src.size > limits.Archive {
		return summary{}, refuseLimit("", "bytes in the archive", limits.Archive)
	}
	t := newTape(io.NewSectionReader(src.r, 0, src.size))
	s := &scanner{tape: t, rules: newSequence(limits), to: to, buf: make([]byte, copyBuffer)}
	if err := s.run(ctx, src, f, limits); err != nil {
		return summary{}, err
	}
	return summary{digest: t.digest(), size: t.compared}, nil
}

// scanner is the state of one scan.
type scanner struct {
	tape  *tape
	rules *sequence
	dec   decoder
	enc   encoder
	to    sink
	buf   []byte
}

func (s *scanner) run(ctx context.Context, src source, f Format, limits Limits) (err error) {
	if s.enc, err = newEncoder(f, s.tape, nil); err != nil {
		return err
	}
	if s.dec, err = newDecoder(f, s.tape, src, limits); err != nil {
		return s.tape.explain(err)
	}
	defer s.dec.close()
	for {
		h, err := s.dec.next()
		if err == io.EOF {
			return s.finish()
		}
		if err != nil {
			return s.tape.explain(err)
		}
		if err := s.member(ctx, h); err != nil {
			return err
		}
	}
}

func (s *scanner) member(ctx context.Context, h header) error {
	if err := s.rules.add(h); err != nil {
		return err
	}
	s.tape.entry = h.path
	if err := s.enc.create(h); err != nil {
		return s.tape.explain(err)
	}
	if err := s.to.begin(h); err != nil {
		return err
	}
	if err := s.content(ctx, h); err != nil {
		return err
	}
	return s.to.end()
}

// content decodes exactly the bytes that the header announced.
func (s *scanner) content(ctx context.Context, h header) error {
	for left := h.size; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := s.dec.Read(s.buf)
		if left -= int64(n); left < 0 {
			return refuse(h.path, "has more content than its header says", ErrNotCanonical)
		}
		if _, err := s.enc.Write(s.buf[:n]); err != nil {
			return s.tape.explain(err)
		}
		if _, err := s.to.Write(s.buf[:n]); err != nil {
			return err
		}
		if err == io.EOF && left == 0 {
			return nil
		}
		if err != nil {
			return s.tape.explain(err)
		}
	}
}

func (s *scanner) finish() error {
	s.tape.entry = ""
	if err := s.rules.finish(); err != nil {
		return err
	}
	for _, step := range []func() error{s.dec.finish, s.enc.close, s.tape.finish} {
		if err := step(); err != nil {
			return s.tape.explain(err)
		}
	}
	return nil
}

func isRefusal(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused)
}
