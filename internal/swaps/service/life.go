package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// life is how the service gets its listeners, and how it ends.
type life interface {
	HTTP(addr string, server *http.Server) error
	HTTPS(addr string, server *http.Server, cert, key string) error
	GRPC(addr string, server *grpc.Server) error
	Ready() error
	Wait(ctx context.Context) error // until the process should end; drains
	Draining() <-chan struct{}
}

func openLife(s settings) (life, error) {
	switch s.life {
	case "hotswap":
		return openHotswap(s)
	case "shutdown":
		return &plain{drain: s.drain, draining: make(chan struct{}), gentle: true}, nil
	case "stop":
		return &plain{drain: s.drain, draining: make(chan struct{})}, nil
	}
	return nil, fmt.Errorf("-life %q: want hotswap, shutdown or stop", s.life)
}

// plain is what services do without this library. A gentle one calls Shutdown when it is
// told to end.
type plain struct {
	drain    time.Duration
	draining chan struct{}
	gentle   bool
	stops    []func(context.Context) error
}

// listen returns the listener that was inherited for an address, or a new one. Those that
// are inherited are file descriptors from 3 on, whose addresses are in LISTENERS.
func (p *plain) listen(addr string) (net.Listener, error) {
	for i, inherited := range strings.Fields(os.Getenv("LISTENERS")) {
		if inherited == addr {
			f := os.NewFile(uintptr(3+i), inherited)
			defer f.Close() // FileListener has its own copy
			return net.FileListener(f)
		}
	}
	return net.Listen("tcp", addr)
}

func (p *plain) serve(addr string, serve func(net.Listener) error, stop func(context.Context) error) error {
	ln, err := p.listen(addr)
	if err != nil {
		return err
	}
	p.stops = append(p.stops, stop)
	go func() {
		if err := serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "service:", err)
			os.Exit(1)
		}
	}()
	return nil
}

func (p *plain) HTTP(addr string, server *http.Server) error {
	return p.serve(addr, server.Serve, server.Shutdown)
}

func (p *plain) HTTPS(addr string, server *http.Server, cert, key string) error {
	return p.serve(addr, func(ln net.Listener) error { return server.ServeTLS(ln, cert, key) }, server.Shutdown)
}

func (p *plain) GRPC(addr string, server *grpc.Server) error {
	return p.serve(addr, server.Serve, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, server.Stop)
		server.GracefulStop()
		stop()
		return ctx.Err()
	})
}

func (p *plain) Ready() error { return nil }

func (p *plain) Draining() <-chan struct{} { return p.draining }

func (p *plain) Wait(ctx context.Context) error {
	<-ctx.Done()
	close(p.draining)
	if !p.gentle {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.drain)
	defer cancel()
	errs := make([]error, len(p.stops))
	var all sync.WaitGroup
	for i, stop := range p.stops {
		all.Go(func() { errs[i] = stop(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}
