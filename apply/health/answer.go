package health

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// answer is a response of HTTP/1 (RFC 9112, 4).
type answer struct {
	code     int
	status   string // code and reason
	location string // of a redirect
	body     []byte // up to MaxBody
	broken   error  // why the body is not whole so far
}

// redirects reports whether the answer is to be had elsewhere.
func (a *answer) redirects() bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, a.code) && a.location != ""
}

// readAnswer reads an answer as far as it counts: its header, up to [MaxHeader], and of
// the body what the header announces, up to [MaxBody]. It is strict where two
// readers could see two answers: one length, or chunks, or the end of the connection,
// and no folded lines.
func readAnswer(from io.Reader) (*answer, error) {
	r := &lineReader{Reader: bufio.NewReader(from), left: MaxHeader}
	for {
		a, f, err := r.head()
		switch {
		case err != nil:
			return nil, fmt.Errorf("no answer of HTTP/1: %w", noEOF(err))
		case a.code == 101:
			return nil, errors.New("status 101: the service speaks another protocol, which was not asked for")
		case a.code >= 200:
			a.body, a.broken = r.body(f)
			return a, nil
		}
	}
}

// noEOF tells an end in the middle from an end that is one.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// lineReader reads lines that have a bounded length together.
type lineReader struct {
	*bufio.Reader
	left int
}

// line returns a line without its end, which may be a lone LF (RFC 9112, 2.2).
func (r *lineReader) line() (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if r.left -= len(part); r.left < 0 {
			return "", fmt.Errorf("more than %d bytes of header", MaxHeader)
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return "", err
		}
		break
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	if bytes.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return "", fmt.Errorf("a line with a character that must not be there: %s", quoted(string(line)))
	}
	return string(line), nil
}

// framing says how long a body is (RFC 9112, 6.3).
type framing struct {
	chunked bool
	length  int64 // -1: to the end of the connection
	none    bool
	old     bool // HTTP/1.0, which has no chunks
}

// head reads a status line and a header.
func (r *lineReader) head() (*answer, framing, error) {
	line, err := r.line()
	if err != nil {
		return nil, framing{}, err
	}
	a, err := parseStatus(line)
	if err != nil {
		return nil, framing{}, err
	}
	fields, err := r.fields()
	if err != nil {
		return nil, framing{}, err
	}
	f := framing{length: -1, none: a.code < 200 || a.code == 204 || a.code == 304, old: strings.HasPrefix(line, "HTTP/1.0")}
	for _, h := range fields {
		switch strings.ToLower(h.name) {
		case "location":
			a.location = h.value
		case "content-length", "transfer-encoding":
			if err := f.add(h); err != nil {
				return nil, framing{}, err
			}
		}
	}
	return a, f, nil
}

// parseStatus reads a status line, such as "HTTP/1.1 200 OK". The reason, and the space
// before it, may be absent.
func parseStatus(line string) (*answer, error) {
	version, status, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(status, " ")
	n, err := strconv.ParseUint(code, 10, 16)
	if version != "HTTP/1.1" && version != "HTTP/1.0" || err != nil || len(code) != 3 || n < 100 || n > 599 {
		return nil, fmt.Errorf("%s is no status line", quoted(line))
	}
	return &answer{code: int(n), status: strings.TrimSpace(code + " " + reason)}, nil
}

// fields reads the lines of a header or a trailer up to the empty one.
func (r *lineReader) fields() ([]field, error) {
	var fields []field
	for {
		line, err := r.line()
		if err != nil || line == "" {
			return fields, err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !token(name) {
			return nil, fmt.Errorf("%s is no line of a header", quoted(line))
		}
		fields = append(fields, field{name, strings.Trim(value, " \t")})
	}
}

// add takes one of the fields that say how long the body is. There may be one only.
func (f *framing) add(h field) error {
	if f.chunked || f.length >= 0 {
		return errors.New("a header that says twice how long the body is")
	}
	if strings.EqualFold(h.name, "Transfer-Encoding") {
		if f.chunked = strings.EqualFold(h.value, "chunked"); !f.chunked || f.old {
			return fmt.Errorf("transfer encoding %s, which was not asked for", quoted(h.value))
		}
		return nil
	}
	n, err := strconv.ParseUint(h.value, 10, 63)
	if err != nil {
		return fmt.Errorf("content length %s", quoted(h.value))
	}
	f.length = int64(n)
	return nil
}

// body reads a body up to MaxBody. It returns what there is of one that breaks off,
// too.
func (r *lineReader) body(f framing) ([]byte, error) {
	switch {
	case f.none:
		return nil, nil
	case f.chunked:
		return r.chunks()
	case f.length >= 0:
		return r.exactly(min(f.length, MaxBody))
	}
	return io.ReadAll(io.LimitReader(r, MaxBody))
}

// exactly reads n bytes. It makes room for those that come, not for those announced.
func (r *lineReader) exactly(n int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err == nil && int64(len(b)) < n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// chunks reads a chunked body (RFC 9112, 7.1).
func (r *lineReader) chunks() ([]byte, error) {
	var body []byte
	for {
		size, err := r.chunkSize()
		if err != nil {
			return body, noEOF(err)
		}
		if size == 0 {
			_, err := r.fields() // the trailer
			return body, noEOF(err)
		}
		data, err := r.exactly(min(size, int64(MaxBody-len(body))))
		if body = append(body, data...); err != nil || len(body) == MaxBody {
			return body, err
		}
		if err := r.chunkEnd(); err != nil {
			return body, noEOF(err)
		}
	}
}

// maxChunkDigits bounds the digits of a chunk's size.
const maxChunkDigits = 15

// chunkSize reads the line before a chunk. Only what it has besides the size counts as
// header: extensions, which mean nothing here.
func (r *lineReader) chunkSize() (int64, error) {
	left := r.left
	line, err := r.line()
	if err != nil {
		return 0, err
	}
	digits, _, _ := strings.Cut(line, ";")
	digits = strings.TrimRight(digits, " \t")
	n, err := strconv.ParseUint(digits, 16, 63)
	if err != nil || len(digits) > maxChunkDigits {
		return 0, fmt.Errorf("%s is no size of a chunk", quoted(line))
	}
	r.left = left - (len(line) - len(digits))
	return int64(n), nil
}

// chunkEnd reads what follows the data of a chunk, which does not count as header.
func (r *lineReader) chunkEnd() error {
	left := r.left
	line, err := r.line()
	if err == nil && line != "" {
		err = errors.New("a chunk that is longer than its size")
	}
	r.left = left
	return err
}
