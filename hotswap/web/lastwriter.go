package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// http1Writer is what handlers may find in a writer of HTTP/1 answers.
type http1Writer interface {
	http.ResponseWriter
	http.Flusher
	http.Hijacker
	io.ReaderFrom
	io.StringWriter
	CloseNotify() <-chan bool
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	EnableFullDuplex() error
}

// lastWriter marks an answer as the last one of its connection if the server
// drains when its header is written.
type lastWriter struct {
	http1Writer
	of     *drainer
	marked bool
}

// lastWriter wraps what net/http gives to a handler. With HTTP/2 there is no
// need: a drain announces the end of each connection. An answer that changes
// the protocol needs the header for that.
func (d *drainer) lastWriter(rw http.ResponseWriter, r *http.Request) http.ResponseWriter {
	inner, ok := rw.(http1Writer)
	switch {
	case r.ProtoMajor == 1 && r.Header.Get("Upgrade") != "":
		return rw
	case r.ProtoMajor == 1 && ok:
		return &lastWriter{http1Writer: inner, of: d}
	case d.ends(r):
		rw.Header().Set("Connection", "close") // HTTP/2 takes it as a wish for GOAWAY
	}
	return rw
}

func (l *lastWriter) mark() {
	if !l.marked && l.of.draining.Load() {
		l.Header().Set("Connection", "close")
	}
	l.marked = true
}

// WriteHeader implements [http.ResponseWriter].
func (l *lastWriter) WriteHeader(status int) {
	if status >= http.StatusOK {
		l.mark()
	}
	l.http1Writer.WriteHeader(status)
}

// Write implements [io.Writer].
func (l *lastWriter) Write(b []byte) (int, error) {
	l.mark()
	return l.http1Writer.Write(b)
}

// WriteString implements [io.StringWriter].
func (l *lastWriter) WriteString(s string) (int, error) {
	l.mark()
	return l.http1Writer.WriteString(s)
}

// ReadFrom implements [io.ReaderFrom].
func (l *lastWriter) ReadFrom(r io.Reader) (int64, error) {
	l.mark()
	return l.http1Writer.ReadFrom(r)
}

// Flush implements [http.Flusher].
func (l *lastWriter) Flush() {
	l.mark()
	l.http1Writer.Flush()
}

// FlushError is what [http.ResponseController] looks for.
func (l *lastWriter) FlushError() error {
	l.mark()
	return l.http1Writer.FlushError()
}

// Hijack implements [http.Hijacker].
func (l *lastWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	l.marked = true // whoever has the connection writes its own header
	return l.http1Writer.Hijack()
}
