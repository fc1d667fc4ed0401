package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// stages are the parts, by the state that ends each.
func stages() []stage {
	return []stage{
		{journal.Receiving, "signatures, floor, base"},
		{journal.Verified, "copy, open, apply the patch, to the disk"},
		{journal.Preloaded, "trial in the sandbox"},
		{journal.Validated, "the package's own checks"},
		{journal.Activating, "the old version is whole"},
		{journal.Activated, "link"},
		{journal.Swapped, "new process is ready and has all connections"},
	}
}

type stage struct {
	state journal.State
	name  string
}

func measure(ctx context.Context, s settings) (_ *report, err error) {
	if !hotswap.Supported() {
		return nil, errors.ErrUnsupported
	}
	dir, err := os.MkdirTemp("", "golive-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBuilder(ctx, dir, s.size)
	if err != nil {
		return nil, err
	}
	old, next, err := b.sized(ctx)
	if err != nil {
		return nil, err
	}
	m := &measurement{dir: dir, old: old, next: next}
	if err := m.release(ctx); err != nil {
		return nil, err
	}
	for n := range s.rounds {
		if err := m.round(ctx, filepath.Join(dir, "round-"+strconv.Itoa(n))); err != nil {
			return nil, fmt.Errorf("round %d: %w", n+1, err)
		}
	}
	return m.report(), nil
}

// measurement is all rounds.
type measurement struct {
	dir, old, next, dist string
	maker                *releases.Maker
	pkg                  manifest.Entry
	hashes               []time.Duration
	parts                [][]time.Duration // by part
	totals               []time.Duration
	asked, failed        int
}

func (m *measurement) release(ctx context.Context) (err error) {
	if m.maker, err = releases.NewMaker("service"); err != nil {
		return err
	}
	m.dist = filepath.Join(m.dir, "dist")
	r, err := m.maker.Make(ctx, m.dist, releases.Release{
		Product: "service", ID: "HF-1", Version: "1.0.1", Sequence: 1, Executable: m.next, Old: m.old, OldVersion: "1.0.0", DeltaOnly: true,
	})
	if err != nil {
		return err
	}
	m.pkg, m.parts = r.Packages[0], make([][]time.Duration, len(stages()))
	return nil
}

func (m *measurement) round(ctx context.Context, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	start := time.Now()
	if _, _, err := manifest.DigestFile(m.next); err != nil {
		return err
	}
	m.hashes = append(m.hashes, time.Since(start))
	service, err := startService(ctx, m.old, dir)
	if err != nil {
		return err
	}
	load := startLoad(service.url)
	applied := m.apply(ctx, dir, service)
	asked, failed := load.stop()
	m.asked, m.failed = m.asked+asked, m.failed+failed
	return errors.Join(applied, service.stop())
}

func (m *measurement) apply(ctx context.Context, dir string, service *service) error {
	strategy, err := swap.Hotswap(service.control)
	if err != nil {
		return err
	}
	check, err := health.HTTP(service.url + "/healthz")
	if err != nil {
		return err
	}
	reached := map[journal.State]time.Time{}
	host, err := apply.New(filepath.Join(dir, "store"),
		apply.WithTrust(m.maker.Trust()), apply.WithSwapper(strategy), apply.WithChecks(check), apply.WithSoak(0, time.Second),
		apply.WithTrial(apply.Trial{Args: []string{"-version"}}),
		apply.WithObserver(func(e apply.Event) {
			if _, ok := reached[e.State]; !ok {
				reached[e.State] = time.Now()
			}
		}))
	if err != nil {
		return err
	}
	if _, err := host.Adopt(ctx, "service", m.old); err != nil {
		return err
	}
	clear(reached)
	start := time.Now()
	if _, err := host.Apply(ctx, apply.FromDist(m.dist)); err != nil {
		return err
	}
	m.note(start, reached)
	return nil
}

func (m *measurement) note(start time.Time, reached map[journal.State]time.Time) {
	m.totals = append(m.totals, reached[journal.Swapped].Sub(start))
	for i, s := range stages() {
		m.parts[i] = append(m.parts[i], reached[s.state].Sub(start))
		start = reached[s.state]
	}
}

func (m *measurement) report() *report {
	r := &report{Executable: m.pkg.Result.Size, Package: m.pkg.Size, Rounds: len(m.totals), Hash: median(m.hashes), Total: median(m.totals), Asked: m.asked, Failed: m.failed}
	for i, s := range stages() {
		r.Parts = append(r.Parts, part{Name: s.name, Time: median(m.parts[i])})
	}
	return r
}

// service is the service that runs.
type service struct {
	cmd          *exec.Cmd
	url, control string
}

func startService(ctx context.Context, executable, dir string) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &service{url: "http://" + addr, control: filepath.Join(dir, "control")}
	s.cmd = exec.CommandContext(ctx, executable, "-addr", addr, "-control", s.control, "-drain", "5s")
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	check, err := health.HTTP(s.url + "/healthz")
	if err != nil {
		return nil, err
	}
	return s, health.Wait(ctx, check, health.Settings{Within: 10 * time.Second})
}

// stop ends whatever process serves by now.
func (s *service) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	status, err := hotswap.NewClient(s.control).Status(ctx)
	if err != nil {
		return errors.Join(err, s.cmd.Process.Kill(), s.cmd.Wait())
	}
	p, err := os.FindProcess(status.PID)
	if err == nil {
		err = p.Signal(os.Interrupt)
	}
	return errors.Join(err, s.cmd.Wait())
}

// load is clients that ask until they are stopped.
type load struct {
	stopped       chan struct{}
	done          sync.WaitGroup
	mu            sync.Mutex
	asked, failed int
}

const clients = 4

func startLoad(url string) *load {
	l := &load{stopped: make(chan struct{})}
	for i := range clients {
		client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
		l.done.Go(func() {
			defer client.CloseIdleConnections()
			for {
				select {
				case <-l.stopped:
					return
				case <-time.After(5 * time.Millisecond):
					l.count(ask(client, url))
				}
			}
		})
	}
	return l
}

func ask(client *http.Client, url string) error {
	response, err := client.Post(url, "text/plain", http.NoBody)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func (l *load) count(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked++; err != nil {
		l.failed++
	}
}

func (l *load) stop() (asked, failed int) {
	close(l.stopped)
	l.done.Wait()
	return l.asked, l.failed
}
