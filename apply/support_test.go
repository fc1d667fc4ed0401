package apply_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

const product = "payments"

// service is a strategy whose service is a variable.
type service struct {
	mu      sync.Mutex
	digest  manifest.Digest // of what runs
	swaps   int
	reloads int
	settled int
	before  func(m swap.Move) error // runs in Swap
	unknown bool                    // Running cannot tell
}

func (s *service) Swap(_ context.Context, m swap.Move) error {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before != nil {
		if err := before(m); err != nil {
			return err
		}
	}
	digest, _, err := manifest.DigestFile(m.To.Path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.digest, s.swaps = digest, s.swaps+1
	return nil
}

func (s *service) Reload(context.Context, swap.Move) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reloads++
	return nil
}

func (s *service) Settle(context.Context, swap.Move) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled++
	return nil
}

func (s *service) Running(context.Context, string) (swap.Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unknown || s.digest.IsZero() {
		return swap.Process{}, errors.ErrUnsupported
	}
	return swap.Process{PID: 1, Digest: s.digest}, nil
}

func (s *service) runs() manifest.Digest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.digest
}

// check is a check that a function answers.
type check func(ctx context.Context) error

func (c check) Check(ctx context.Context) error { return c(ctx) }

func (check) String() string { return "the test's check" }

// scene is a store, a service, and releases for them.
type scene struct {
	t       *testing.T
	maker   *releases.Maker
	dir     string // of everything
	store   string
	service *service
	clock   time.Time
}

func newScene(t *testing.T) *scene {
	t.Helper()
	maker, err := releases.NewMaker(product, "other")
	require.NoError(t, err)
	dir := t.TempDir()
	return &scene{t: t, maker: maker, dir: dir, store: filepath.Join(dir, "store"), service: &service{}, clock: time.Now()}
}

func (s *scene) now() time.Time { return s.clock }

// executable writes a file that can stand for the executable of a version: a few
// thousand bytes that are the same for the same version, and similar for all.
func (s *scene) executable(version string) string {
	s.t.Helper()
	data := make([]byte, 5_000)
	rand.New(rand.NewSource(1)).Read(data)
	copy(data[500:], version)
	path := filepath.Join(s.dir, "exe-"+version)
	require.NoError(s.t, os.WriteFile(path, data, 0o755))
	return path
}

func (s *scene) digest(version string) manifest.Digest {
	s.t.Helper()
	d, _, err := manifest.DigestFile(s.executable(version))
	require.NoError(s.t, err)
	return d
}

// release makes a release of a version, on top of another one unless old is "".
func (s *scene) release(n int64, version, old string, change ...func(*releases.Release)) string {
	s.t.Helper()
	r := releases.Release{Product: product, ID: "HF-" + strconv.FormatInt(n, 10), Version: version, Sequence: n, Executable: s.executable(version)}
	if old != "" {
		r.Old, r.OldVersion = s.executable(old), old
	}
	for _, c := range change {
		c(&r)
	}
	dir := filepath.Join(s.dir, "dist-"+r.ID)
	_, err := s.maker.Make(s.t.Context(), dir, r)
	require.NoError(s.t, err)
	return dir
}

func withFiles(fsys fs.FS) func(*releases.Release) {
	return func(r *releases.Release) { r.Files = fsys }
}

func withOptions(options ...pack.Option) func(*releases.Release) {
	return func(r *releases.Release) { r.Options = options }
}

func filesOnly(fsys fs.FS) func(*releases.Release) {
	return func(r *releases.Release) { r.Files, r.Executable = fsys, "" }
}

// host returns a Host whose checks and soak take no time.
func (s *scene) host(options ...apply.Option) *apply.Host {
	s.t.Helper()
	h, err := apply.New(s.store, append([]apply.Option{
		apply.WithTrust(s.maker.Trust()), apply.WithSwapper(s.service), apply.WithClock(s.now),
		apply.WithSoak(0, time.Millisecond), apply.WithWait(3 * time.Millisecond), apply.WithConfirmWithin(time.Hour),
	}, options...)...)
	require.NoError(s.t, err)
	return h
}

// apply applies a release, which must work.
func (s *scene) apply(dist string, options ...apply.Option) *apply.Outcome {
	s.t.Helper()
	o, err := s.host(options...).Apply(s.t.Context(), apply.FromDist(dist))
	require.NoError(s.t, err)
	return o
}

// runs is the version whose executable the current link leads to; "" for none.
func (s *scene) current() manifest.Digest {
	s.t.Helper()
	st, err := s.host().Status(s.t.Context(), product)
	require.NoError(s.t, err)
	require.Empty(s.t, st.Drift)
	for _, v := range st.Versions {
		if v.Current {
			return v.Executable
		}
	}
	return manifest.Digest{}
}

// requireRuns requires that disk and service agree on a version.
func (s *scene) requireRuns(version string) {
	s.t.Helper()
	require.Equal(s.t, s.digest(version), s.current(), "on the disk")
	require.Equal(s.t, s.digest(version), s.service.runs(), "in the service")
}

// requireNoLitter requires that nothing is left in staging.
func (s *scene) requireNoLitter() {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.store, product, "staging"))
	require.NoError(s.t, err)
	require.Empty(s.t, entries)
}

// touchCommand has this test's own program make a file, as the command of a rollback
// plan.
const touchCommand = "touch"

// playCommand has it be the new version of a service.
const playCommand = "play"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == playCommand {
		os.Exit(play(os.Args[2:]))
	}
	if len(os.Args) == 3 && os.Args[1] == touchCommand {
		if err := os.WriteFile(os.Args[2], nil, 0o644); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func packRestart(argv ...string) pack.Option {
	return pack.WithRestart(manifest.Restart{Command: argv})
}

// floor is the sequence below which nothing is installed.
func (s *scene) floor() int64 {
	s.t.Helper()
	f, err := verify.ReadFloor(s.t.Context(), filepath.Join(s.store, product, "floor"), product)
	require.NoError(s.t, err)
	return f.Sequence
}

// deltaOf is the path of the one delta package of a dist.
func deltaOf(t *testing.T, dist string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, "*_from-*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func onlyPackage(t *testing.T, dist string) string { return deltaOf(t, dist) }

// alter flips a bit in the middle of a file.
func alter(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
}
