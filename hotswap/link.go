package hotswap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Kinds of messages between a process and its successor, on a socket pair.
const (
	kindHello     = "hello"     // → first: what is inherited
	kindReady     = "ready"     // ← Ready was called
	kindAccept    = "accept"    // → accept connections
	kindAccepting = "accepting" // ← done
	kindHold      = "hold"      // → accept none but those that are handed over
	kindHolding   = "holding"   // ← done
	kindAdopt     = "adopt"     // → the service is yours
	kindAdopted   = "adopted"   // ← done, or why not
	kindStop      = "stop"      // → drain and exit
	kindStopping  = "stopping"  // ← about to drain and exit by itself
	kindResumed   = "resumed"   // → the old process accepts again
)

// message is one line of JSON.
type message struct {
	Kind  string `json:"kind"`
	Error string `json:"error,omitempty"`
	Hello *hello `json:"hello,omitempty"`
}

// hello says what a successor inherits: the descriptors after the two socket
// pairs are the control socket, if there is one, and the named sockets.
type hello struct {
	Protocol int    `json:"protocol"`
	Control  string `json:"control,omitempty"` // path
	Sockets  []name `json:"sockets"`
}

// linkProtocol changes when old and new processes could not understand each other.
const linkProtocol = 1

// name is how a process asks for a socket, and how its successors find it.
type name struct {
	Network string `json:"network"`
	Address string `json:"address"`
	Packet  bool   `json:"packet,omitempty"`  // datagrams
	Systemd bool   `json:"systemd,omitempty"` // made by systemd: matched by the address that it is bound to as well
	Label   string `json:"label,omitempty"`   // systemd's name for it
}

// maxMessage bounds a line: 64 sockets with long names fit.
const maxMessage = 128 << 10

// linkTimeout bounds how long the other process may take to read or answer.
const linkTimeout = 10 * time.Second

// link carries messages.
type link struct {
	conn    net.Conn
	reader  *bufio.Reader
	writing sync.Mutex
}

func newLink(conn net.Conn) *link {
	return &link{conn: conn, reader: bufio.NewReaderSize(conn, maxMessage)}
}

func (l *link) send(m message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(linkTimeout)); err != nil {
		return err
	}
	_, err = l.conn.Write(append(line, '\n'))
	return err
}

func (l *link) receive() (message, error) {
	line, err := readLine(l.reader)
	if err != nil {
		return message{}, err
	}
	return parseMessage(line)
}

func (l *link) Close() error { return l.conn.Close() }

// readLine reads a line that fits into the reader's buffer, without its end.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%w: a line is longer than %d bytes", ErrRequest, r.Size())
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return line[:len(line)-1], nil
}

func parseMessage(line []byte) (message, error) {
	var m message
	if err := parseCanonical(line, &m); err != nil {
		return message{}, err
	}
	if m.Hello != nil && len(m.Hello.Sockets) > MaxListeners {
		return message{}, fmt.Errorf("%w: more than %d sockets", ErrRequest, MaxListeners)
	}
	return m, nil
}

// parseCanonical decodes exactly what Marshal writes for the same value: no
// unknown or doubled keys, no other order, no white space.
func parseCanonical(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: not a message of this protocol: %w", ErrRequest, err)
	}
	again, err := json.Marshal(into)
	if err != nil || !bytes.Equal(again, line) {
		return fmt.Errorf("%w: not spelled as this protocol wants: compact JSON, known keys in their order, once each", ErrRequest)
	}
	return nil
}
