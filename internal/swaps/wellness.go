package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// healthLimit is how long a health check may take.
const healthLimit = time.Second

// maxMemory is above what the service needs, in bytes.
const maxMemory = 192 << 20

var (
	errUnhealthy = errors.New("unhealthy")
	errMemory    = errors.New("takes too much memory")
)

// wellness checks the health and the memory of a service.
type wellness struct{ addr string }

// Check implements health.Checker.
func (w wellness) Check(ctx context.Context) error {
	_, err := w.ask(ctx)
	return err
}

func (w wellness) String() string { return "health and memory of " + w.addr }

// ask returns the process that is well.
func (w wellness) ask(ctx context.Context) (pid int, err error) {
	h, err := askHealth(ctx, w.addr)
	if err == nil && h.Memory > maxMemory {
		err = fmt.Errorf("%w: more than %d MiB", errMemory, maxMemory>>20)
	}
	return h.PID, err
}

// askHealth asks on a new connection.
func askHealth(ctx context.Context, addr string) (wire.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
	if err != nil {
		return wire.Health{}, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return wire.Health{}, fmt.Errorf("%w: %s", errUnhealthy, reason(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return wire.Health{}, fmt.Errorf("%w: status %d", errUnhealthy, response.StatusCode)
	}
	var h wire.Health
	err = json.NewDecoder(http.MaxBytesReader(nil, response.Body, wire.MaxEvent)).Decode(&h)
	return h, err
}
