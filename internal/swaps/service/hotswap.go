package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"google.golang.org/grpc"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/hotswap/web"
)

// swapped is the life that hotswap gives.
type swapped struct {
	process *hotswap.Process
}

func openHotswap(s settings) (life, error) {
	options := []hotswap.Option{
		hotswap.WithReadyTimeout(s.readyWait), hotswap.WithDrainTimeout(s.drain),
		hotswap.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil)).With("pid", os.Getpid())),
	}
	if s.control != "" {
		options = append(options, hotswap.WithControl(s.control))
	}
	if s.pidFile != "" {
		options = append(options, hotswap.WithPIDFile(s.pidFile))
	}
	p, err := hotswap.Open(options...)
	if err != nil {
		return nil, err
	}
	return &swapped{p}, nil
}

func (s *swapped) serve(addr string, server hotswap.Server) error {
	ln, err := s.process.Listen("tcp", addr)
	if err != nil {
		return err
	}
	go func() {
		if err := s.process.Serve(ln, server); err != nil {
			fmt.Fprintln(os.Stderr, "service:", err)
			os.Exit(1)
		}
	}()
	return nil
}

func (s *swapped) HTTP(addr string, server *http.Server) error {
	return s.serve(addr, web.HTTP(server))
}

func (s *swapped) HTTPS(addr string, server *http.Server, cert, key string) error {
	return s.serve(addr, web.HTTPS(server, cert, key))
}

func (s *swapped) GRPC(addr string, server *grpc.Server) error {
	return s.serve(addr, hotswap.Graceful(server))
}

func (s *swapped) Ready() error { return s.process.Ready() }

func (s *swapped) Wait(ctx context.Context) error { return s.process.Wait(ctx) }

func (s *swapped) Draining() <-chan struct{} { return s.process.Draining() }
