package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// clients ask at the same time: half of them keep their connection, the others make a
// new one for each request.
const clients = 8

// pause is between two requests of a client.
const pause = 2 * time.Millisecond

// load is clients that ask until they are stopped.
type load struct {
	stopped chan struct{}
	done    sync.WaitGroup
	mu      sync.Mutex
	tally   tally
}

// tally is what became of the requests.
type tally struct {
	answered, failed int
	first            error // of those that failed
}

func (t tally) err() error {
	if t.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d requests failed, the first one with: %w", t.failed, t.answered+t.failed, t.first)
}

func startLoad(url, token string) *load {
	l := &load{stopped: make(chan struct{})}
	for i := range clients {
		transport := &http.Transport{DisableKeepAlives: i%2 == 0}
		l.done.Go(func() {
			defer transport.CloseIdleConnections()
			l.ask(&http.Client{Timeout: stopTimeout, Transport: transport}, url, token)
		})
	}
	return l
}

func (l *load) ask(client *http.Client, url, token string) {
	for {
		select {
		case <-l.stopped:
			return
		case <-time.After(pause):
			l.count(get(client, url, token))
		}
	}
}

func get(client *http.Client, url, token string) error {
	request, err := http.NewRequest(http.MethodPost, url, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return nil
}

func (l *load) count(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.tally.answered++
		return
	}
	if l.tally.failed++; l.tally.first == nil {
		l.tally.first = err
	}
}

// stop ends the clients, and returns what became of their requests.
func (l *load) stop() tally {
	close(l.stopped)
	l.done.Wait()
	return l.tally
}
