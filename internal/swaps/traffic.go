package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// requestLimit is how long one request may take. It is far longer than any drain, so
// that a request which only waits for a swap is slow and not failed.
const requestLimit = 30 * time.Second

// traffic is one kind of load.
type traffic struct {
	name string
	open func(target) (client, error) // one of the clients
	at   int                          // requests that each client has under way at once
	idle bool                         // pauses are longer than connections get to end
}

// client makes requests, several at a time if at is above one.
type client interface {
	do(ctx context.Context, payload string) (outcome, error)
	close() // nothing is under way
}

// target is where the service is.
type target struct {
	http, https, grpc string // addresses
	roots             *roots
}

// slowFor and slowPieces are how long a slow body takes, and in how many pieces it comes.
const (
	slowFor    = 300 * time.Millisecond
	slowPieces = 6
	slowAtOnce = 16 // slow requests that a client has under way at once; they do nothing but wait
)

func allTraffic() []traffic {
	return []traffic{
		{"HTTP/1.1 GET, keep-alive", openHTTP(request{}), 1, false},
		{"HTTP/1.1 POST, keep-alive", openHTTP(request{post: true}), 1, false},
		{"HTTP/1.1 GET, new connections", openHTTP(request{fresh: true}), 1, false},
		{"HTTP/1.1 POST, new connections", openHTTP(request{post: true, fresh: true}), 1, false},
		{"HTTP/1.1 POST, slow body", openHTTP(request{post: true, slow: true}), slowAtOnce, false},
		{"HTTP/1.1 GET, slow answer", openHTTP(request{slow: true}), slowAtOnce, false},
		{"HTTP/1.1 POST, TLS", openHTTP(request{post: true, tls: true}), 1, false},
		{"HTTP/2 GET, TLS", openHTTP(request{tls: true, two: true}), 4, false},
		{"HTTP/2 POST, TLS", openHTTP(request{post: true, tls: true, two: true}), 4, false},
		{"HTTP/2 POST, TLS, slow body", openHTTP(request{post: true, slow: true, tls: true, two: true}), slowAtOnce, false},
		{"HTTP/2 GET, h2c", openHTTP(request{two: true}), 4, false},
		{"HTTP/2 POST, h2c", openHTTP(request{post: true, two: true}), 4, false},
		{"gRPC, unary", openGRPC, 4, false},
		{"gRPC, stream", openGRPCStream, 1, false},
		{"WebSocket", openSocket, 1, false},
	}
}

// Connections of idle traffic get idleDrain to end, and rest for idlePause, in the middle:
// the service has to close some of them while a client may be about to use them. As that
// is slow, there are fewer requests.
const (
	idleDrain    = 2 * time.Second
	idlePause    = 2500 * time.Millisecond
	idleRequests = 4000
	idleClients  = 16 // for each of the others
)

// of returns the plan for a kind of traffic.
func (p plan) of(kind traffic) plan {
	if kind.idle {
		p.drain, p.pause, p.requests, p.clients = idleDrain, idlePause, min(p.requests, idleRequests), p.clients*idleClients
	}
	return p
}

// idleTraffic cannot be without failures for sure: a client of HTTP/1.1 may send a request
// at the moment in which the service closes the connection, and does not know if that was
// answered (RFC 9112, section 9.5). It is counted like the others, and is no fault.
func idleTraffic() traffic {
	return traffic{"HTTP/1.1 GET, idle beyond the drain", openHTTP(request{}), 1, true}
}

// mixed is a load of all kinds at once: each client is of the next kind.
func mixed(kinds []traffic) traffic {
	var mutex sync.Mutex
	next := 0
	return traffic{name: mixedName, at: 1, open: func(t target) (client, error) {
		mutex.Lock()
		defer mutex.Unlock()
		kind := kinds[next%len(kinds)]
		next++
		return kind.open(t)
	}}
}

const mixedName = "all of them at once"

// load is traffic that flows.
type load struct {
	tally *tally
	stop  context.CancelFunc
	done  sync.WaitGroup
	pause time.Duration
}

// startLoad opens clients and lets them go, each with a pause of its own length before
// each request: pause in the middle, so that requests do not march in step.
func startLoad(ctx context.Context, kind traffic, to target, clients int, goal int64, pause time.Duration) (*load, error) {
	ctx, stop := context.WithCancel(ctx)
	l := &load{tally: newTally(goal), stop: stop, pause: pause}
	for i := range clients {
		c, err := kind.open(to)
		if err != nil {
			return nil, fmt.Errorf("client %d of %s: %w", i, kind.name, err)
		}
		l.done.Go(func() { l.drive(ctx, c, i, kind.at) })
	}
	return l, nil
}

// drive lets one client work until ctx is done; what is under way then is finished.
func (l *load) drive(ctx context.Context, c client, number, atOnce int) {
	var workers sync.WaitGroup
	for worker := range atOnce {
		workers.Go(func() {
			for n := 0; l.rest(ctx); n++ {
				l.once(ctx, c, fmt.Sprintf("client-%d-%d-request-%d", number, worker, n))
			}
		})
	}
	workers.Wait()
	c.close()
}

func (l *load) once(ctx context.Context, c client, payload string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestLimit)
	defer cancel()
	begin := time.Now()
	o, err := c.do(ctx, payload)
	l.tally.count(o, time.Since(begin), err)
}

// rest waits between two requests, and says if there should be another.
func (l *load) rest(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	if l.pause <= 0 {
		return true
	}
	select {
	case <-time.After(rand.N(2 * l.pause)):
		return true
	case <-ctx.Done():
		return false
	}
}

// end lets the requests that are under way end, and no other begin.
func (l *load) end() {
	l.stop()
	l.done.Wait()
}

// await returns when the goal is reached.
func (l *load) await(ctx context.Context) error {
	select {
	case <-l.tally.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
