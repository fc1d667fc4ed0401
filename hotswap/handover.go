package hotswap

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// A connection on its way is one message: the number of its listener, one
// byte, and its own number, four bytes, big endian, with the descriptor. The
// answer is a byte that says what became of it, and its number.
const (
	handMessage  = 5
	handTaken    = 't' // it will be delivered; nothing was read from it yet
	handReturned = 'r' // it is not wanted
	handClosed   = 'c' // it was taken, and is closed now
)

// handover gives a share of the connections to a successor. Each one is kept
// open here until the successor has said that it has taken it.
type handover struct {
	conn      *net.UnixConn
	listeners []*Listener // by number
	ended     chan struct{}

	mu       sync.Mutex
	shares   []share // by number of the listener
	percent  int
	broken   bool
	next     uint32
	pending  map[uint32]waiting
	taken    int
	returned int
	open     int // taken and not closed
}

type waiting struct {
	listener *Listener
	conn     net.Conn
}

func newHandover(conn *net.UnixConn, listeners []*Listener) *handover {
	return &handover{
		conn: conn, listeners: listeners, shares: make([]share, len(listeners)),
		ended: make(chan struct{}), pending: map[uint32]waiting{},
	}
}

// share spreads a percentage evenly: of each hundred in a row it picks exactly
// as many as the percentage.
type share int

func (s *share) pick(percent int) bool {
	*s += share(percent)
	if *s < 100 {
		return false
	}
	*s -= 100
	return true
}

func (h *handover) set(percent int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.percent = percent
}

func (h *handover) counts() (taken, returned int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.taken, h.returned
}

// offer hands a connection over, or reports false: it is to be served here.
func (h *handover) offer(l *Listener, conn net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.number(l)
	if i < 0 || h.broken || !h.shares[i].pick(h.percent) || len(h.pending) >= MaxPending {
		return false
	}
	h.next++
	_ = h.conn.SetWriteDeadline(time.Now().Add(handTimeout)) // fails only if it is closed
	if err := sendConn(h.conn, handHeader(byte(i), h.next), conn); err != nil {
		h.broken = true // a part of the message may be on its way
		return false
	}
	h.pending[h.next] = waiting{l, conn}
	return true
}

// handTimeout bounds how long a successor that does not read holds up the
// connections of a listener, once.
const handTimeout = time.Second

func (h *handover) number(l *Listener) int {
	for i := range h.listeners {
		if h.listeners[i] == l {
			return i
		}
	}
	return -1
}

func handHeader(kind byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, id)
}

// listen reads answers until the successor is gone.
func (h *handover) listen() {
	defer close(h.ended)
	var answer [handMessage]byte
	for {
		if _, err := io.ReadFull(h.conn, answer[:]); err != nil {
			return
		}
		if !h.answered(answer[0], binary.BigEndian.Uint32(answer[1:])) {
			return
		}
	}
}

// answered notes an answer, and reports whether it made sense.
func (h *handover) answered(kind byte, id uint32) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind == handClosed {
		h.open--
		return h.open >= 0
	}
	w, ok := h.pending[id]
	if !ok || kind != handTaken && kind != handReturned {
		return false
	}
	delete(h.pending, id)
	if kind == handReturned {
		h.returned++
		go w.listener.deliver(w.conn, nil) // bounded by MaxPending
		return true
	}
	h.taken++
	h.open++
	w.conn.Close()
	return true
}

// finishSending lets the successor see that no more connections come.
func (h *handover) finishSending() {
	h.mu.Lock()
	h.broken = true
	h.mu.Unlock()
	_ = h.conn.CloseWrite() // fails if it is closed
}

// reclaim serves here what an ended successor has not taken, and returns how
// many of those that it took it did not close itself.
func (h *handover) reclaim() (cut int) {
	_ = h.conn.SetReadDeadline(time.Now().Add(handTimeout)) // the answers of an ended process are all there
	<-h.ended
	h.conn.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, w := range h.pending {
		delete(h.pending, id)
		h.returned++
		go w.listener.deliver(w.conn, nil) // bounded by MaxPending
	}
	return max(h.open, 0)
}
