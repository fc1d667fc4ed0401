package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// maxBody is the longest body that is echoed.
const maxBody = 1 << 20

// config is what may change without a new executable: a hotfix can carry it alone.
type config struct {
	Greeting string `json:"greeting"`
}

// loadConfig reads a configuration strictly: a typing error in a hotfix must not look
// as if it had worked. Without a file there are defaults.
func loadConfig(path string) (config, error) {
	c := config{Greeting: "hello"}
	if path == "" {
		return c, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	decoder := json.NewDecoder(io.LimitReader(f, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("reading %s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("reading %s: there is something after the configuration", path)
	}
	return c, nil
}

// reload reads the configuration again whenever SIGHUP comes, until ctx is done. The old one
// stays if the new one is wrong. From the return on, SIGHUP no longer ends the process.
func reload(ctx context.Context, path string, h *handler, log *slog.Logger) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangups)
		for {
			select {
			case <-hangups:
				h.reload(path, log)
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (h *handler) reload(path string, log *slog.Logger) {
	c, err := loadConfig(path)
	if err != nil {
		log.Error("keeping the old configuration", "error", err)
		return
	}
	h.config.Store(&c)
	log.Info("read the configuration", "file", path)
}

// handler is the service itself.
type handler struct {
	mux    http.ServeMux
	config atomic.Pointer[config]
}

func newHandler(c config) *handler {
	h := &handler{}
	h.config.Store(&c)
	h.mux.HandleFunc("GET /{$}", h.greet)
	h.mux.HandleFunc("POST /{$}", h.echo)
	h.mux.HandleFunc("GET /healthz", h.health)
	h.mux.HandleFunc("GET /version", h.version)
	return h
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *handler) greet(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, h.config.Load().Greeting)
}

func (h *handler) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%s\n%s", h.config.Load().Greeting, body)
}

// health is where a service asks what it depends on: its database, its queue.
func (h *handler) health(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

func (h *handler) version(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "%s %d\n", version, os.Getpid())
}
