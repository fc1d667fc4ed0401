package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// goLive exchanges the running service under load, and goes back.
func (s *story) goLive(ctx context.Context, production map[target.Target]string, public []byte, result *hotfix.Result) (err error) {
	old, ok := production[target.Host()]
	if !s.program.live || !ok {
		return nil
	}
	s.say.step("Live: the running service takes the hotfix under load, and goes back")
	if !hotswap.Supported() {
		s.say.line("Not shown: on %s a service is restarted, since a process cannot give its sockets to the next one.", target.Host().OS)
		return nil
	}
	sockets, err := os.MkdirTemp("", "hq") // a socket's path must be short
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(sockets)) }()
	l, err := s.startLive(ctx, old, filepath.Join(sockets, "control"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.service.stop()) }()
	return l.exchange(ctx, public, result)
}

// soak is how long the checks have to go on holding.
const soak = time.Second

// live is the service while it is exchanged.
type live struct {
	*story
	service *service
	control string
	key     string // of sessions
	old     string // executable in production
}

func (s *story) startLive(ctx context.Context, old, control string) (*live, error) {
	l := &live{story: s, control: control, key: rand.Text(), old: old}
	var err error
	l.service, err = startService(ctx, old, "LISTEN=127.0.0.1:0", "SESSION_KEY="+l.key, "CONTROL="+control)
	return l, err
}

// exchange takes what runs over into a store, applies the hotfix and rolls it back,
// while clients ask.
func (l *live) exchange(ctx context.Context, public []byte, result *hotfix.Result) error {
	host, err := l.host(public, result.Channel)
	if err != nil {
		return err
	}
	if _, err := host.Adopt(ctx, l.program.product, l.old); err != nil {
		return err
	}
	rows := [][]string{{"", "RUNS", "AN EXPIRED SESSION GETS", "TIME"}}
	load := startLoad(l.service.url+"/balance", token(l.key, time.Now().Add(time.Hour)))
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"before", func() error { return nil }},
		{"hotfix applied", func() error {
			_, err := host.Apply(ctx, apply.FromDist(result.Dist))
			return err
		}},
		{"rolled back", func() error {
			_, err := host.Rollback(ctx, l.program.product)
			return err
		}},
	} {
		began := time.Now()
		if err := change.do(); err != nil {
			return errors.Join(err, load.stop().err())
		}
		row, err := l.look(change.name, time.Since(began))
		if err != nil {
			return errors.Join(err, load.stop().err())
		}
		rows = append(rows, row)
	}
	tally := load.stop()
	l.say.table(rows)
	l.say.line("Of each time, %s are for the checks to go on holding before the host confirms.", seconds(soak))
	l.say.line("Meanwhile %d clients were answered %d times; requests that failed: %d.", clients, tally.answered, tally.failed)
	return tally.err()
}

// look asks the service what it is, and for the balance of an expired session.
func (l *live) look(name string, took time.Duration) ([]string, error) {
	_, version, err := l.service.get("/healthz", "")
	if err != nil {
		return nil, err
	}
	status, _, err := l.service.get("/balance", token(l.key, time.Now().Add(-time.Hour)))
	return []string{name, version, fmt.Sprintf("%d %s", status, http.StatusText(status)), seconds(took)}, err
}

// host is this machine as a host: it trusts the fresh key for this product.
func (l *live) host(public []byte, channel string) (*apply.Host, error) {
	trust, err := trusting(public, l.program.product, channel)
	if err != nil {
		return nil, err
	}
	strategy, err := swap.Hotswap(l.control)
	if err != nil {
		return nil, err
	}
	healthy, err := health.HTTP(l.service.url + "/healthz")
	if err != nil {
		return nil, err
	}
	return apply.New(filepath.Join(l.work, "host"),
		apply.WithTrust(trust), apply.WithSwapper(strategy), apply.WithChecks(healthy), apply.WithSoak(soak, soak/10))
}

// trusting is a trust file with one signer for one product and channel.
func trusting(public []byte, product, channel string) (*verify.Trust, error) {
	key, err := verify.ParsePublicKey(public)
	if err != nil {
		return nil, err
	}
	signer, err := verify.NewTrustSigner("release engineer", key)
	if err != nil {
		return nil, err
	}
	alone := manifest.Quorum{Threshold: 1, Signers: []string{signer.ID}}
	now := time.Now().UTC().Truncate(time.Second)
	return verify.NewTrust(manifest.Trust{
		Schema: manifest.TrustSchema, Version: 1, Created: now, Expires: now.AddDate(0, 1, 0),
		Signers: []manifest.TrustSigner{signer}, Root: alone, Clock: manifest.TrustClock{MaxSkewSeconds: 60},
		Products: []manifest.TrustProduct{{Product: product, Channels: []string{channel}, Releases: alone}},
	})
}
