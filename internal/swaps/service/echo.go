package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// slowFor is how long an answer of /slow takes, in slowPieces.
const (
	slowFor    = 300 * time.Millisecond
	slowPieces = 6
)

// echo answers requests of all protocols, and counts what it answered.
type echo struct {
	version  string
	draining func() <-chan struct{}
	fault    badness
	handled  atomic.Int64
}

func newEcho(version string, draining func() <-chan struct{}, f badness) *echo {
	return &echo{version: version, draining: draining, fault: f}
}

func (e *echo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.get)
	mux.HandleFunc("POST /{$}", e.post)
	mux.HandleFunc("GET /slow", e.slow)
	mux.HandleFunc("GET /ws", e.socket)
	mux.HandleFunc("GET /healthz", e.health)
	return mux
}

// get answers with the query, so that a client notices an answer to another request.
func (e *echo) get(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(wire.VersionHeader, e.version)
	if _, err := io.WriteString(w, r.URL.RawQuery); err == nil {
		e.handled.Add(1)
	}
}

func (e *echo) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set(wire.VersionHeader, e.version)
	if _, err := w.Write(body); err == nil {
		e.handled.Add(1)
	}
}

// slow answers as get does, a piece at a time.
func (e *echo) slow(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(wire.VersionHeader, e.version)
	rest, flush := r.URL.RawQuery, http.NewResponseController(w)
	for i := range slowPieces {
		piece := rest[:len(rest)/(slowPieces-i)]
		rest = rest[len(piece):]
		if _, err := io.WriteString(w, piece); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-time.After(slowFor / slowPieces):
		case <-r.Context().Done():
			return
		}
	}
	e.handled.Add(1)
}

func (e *echo) health(w http.ResponseWriter, _ *http.Request) {
	if !e.fault.healthy() {
		http.Error(w, "this version is not well", http.StatusServiceUnavailable)
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.Header().Set("Content-Type", "application/json")
	// A client that is gone is told nothing; there is nobody to tell of the error either.
	_ = json.NewEncoder(w).Encode(wire.Health{PID: os.Getpid(), Version: e.version, Memory: m.Sys})
}

// socket echoes the messages of a WebSocket until the client closes it. One that is to
// go is told by a message, and answered until it goes: after a close frame nothing
// could be answered any more (RFC 6455, section 5.5.1).
func (e *echo) socket(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set(wire.VersionHeader, e.version)
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }() // after a handshake of closing there is nothing left to close
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	said := e.sayBye(ctx, func(bye string) error { return conn.Write(ctx, websocket.MessageText, []byte(bye)) })
	defer func() { cancel(); <-said }()
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil || conn.Write(ctx, kind, message) != nil {
			return
		}
		e.handled.Add(1)
	}
}

// sayBye says it once the process drains. The channel is closed when it has been said
// or ctx is done.
func (e *echo) sayBye(ctx context.Context, say func(string) error) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-e.draining():
			_ = say(wire.Bye) // who cannot be told is gone
		case <-ctx.Done():
		}
	}()
	return over
}

// Say implements [wire.Echo].
func (e *echo) Say(ctx context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	if err := grpc.SetHeader(ctx, metadata.Pairs(wire.VersionHeader, e.version)); err != nil {
		return nil, err
	}
	e.handled.Add(1)
	return in, nil
}

// Talk implements [wire.Echo].
func (e *echo) Talk(stream wire.Talk) error {
	if err := stream.SendHeader(metadata.Pairs(wire.VersionHeader, e.version)); err != nil {
		return err
	}
	var sending sync.Mutex
	send := func(text *wrapperspb.StringValue) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(text)
	}
	ctx, cancel := context.WithCancel(stream.Context())
	said := e.sayBye(ctx, func(bye string) error { return send(wrapperspb.String(bye)) })
	defer func() { cancel(); <-said }()
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(in); err != nil {
			return err
		}
		e.handled.Add(1)
	}
}
