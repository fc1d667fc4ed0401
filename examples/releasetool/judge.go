package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// judgeFlags are who is trusted, and what is known of the host.
type judgeFlags struct {
	keys, permits, notices           list
	trust, floor, host, target, base string
	at, audit                        string
	threshold                        int
	confirm                          bool
}

func (f *judgeFlags) define(flags *flag.FlagSet) {
	flags.Var(&f.keys, "key", "public key `file` that is trusted for everything; may be given several times")
	flags.IntVar(&f.threshold, "threshold", 1, "how many of the keys must have signed")
	flags.StringVar(&f.trust, "trust", "", "trust `file`, in the place of -key")
	flags.StringVar(&f.floor, "floor", "", "`file` that remembers what the host has confirmed; needs -trust")
	flags.BoolVar(&f.confirm, "confirm", false, "with -floor: raise it, as a host does after it has installed the release")
	flags.StringVar(&f.host, "host", "", "`name` of the host, for permits")
	flags.StringVar(&f.target, "target", "", "the host's target, as linux/amd64")
	flags.StringVar(&f.base, "base", "", "`file` of the executable that the host runs; needs -target")
	flags.Var(&f.permits, "permit", "`file` of a permit, with its bundles beside it")
	flags.Var(&f.notices, "notice", "`file` of a notice, with its bundles beside it; needs -floor")
	flags.StringVar(&f.audit, "audit", "", "`file` of an audit log that the decision is added to")
	flags.StringVar(&f.at, "at", "", "judge as if it were this `time` (RFC 3339)")
}

// judging is a verifier with what it needs to remember.
type judging struct {
	*verify.Verifier
	floor     manifest.Floor
	floorPath string // "" for none
	confirm   bool
}

// verifier makes the verifier. The product is only needed to read a floor.
func (f *judgeFlags) verifier(ctx context.Context, product func() (string, error)) (*judging, error) {
	options, err := f.trusted()
	if err != nil {
		return nil, err
	}
	more, err := f.about()
	if err != nil {
		return nil, err
	}
	options = append(options, more...)
	j := &judging{floorPath: f.floor, confirm: f.confirm}
	if f.floor != "" {
		if j.floor, err = f.readFloor(ctx, product, options); err != nil {
			return nil, err
		}
		options = append(options, verify.WithFloor(j.floor))
	}
	for _, path := range f.permits {
		bundles, err := bundlesBeside(path)
		if err != nil {
			return nil, err
		}
		options = append(options, verify.WithPermits(bundles...))
	}
	j.Verifier, err = verify.New(options...)
	return j, err
}

func (f *judgeFlags) trusted() ([]verify.Option, error) {
	if f.trust != "" {
		if len(f.keys) > 0 {
			return nil, errors.New("-trust and -key: a trust file says which keys count; give one or the other")
		}
		trust, err := loadTrust(f.trust)
		if err != nil {
			return nil, err
		}
		return []verify.Option{verify.WithTrust(trust)}, nil
	}
	keys := make([]verify.Key, len(f.keys))
	for i, path := range f.keys {
		var err error
		if keys[i], err = loadPublicKey(path); err != nil {
			return nil, err
		}
	}
	return []verify.Option{verify.WithKeys(keys...), verify.WithThreshold(f.threshold)}, nil
}

// about are the options that say where and when.
func (f *judgeFlags) about() ([]verify.Option, error) {
	var options []verify.Option
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return nil, fmt.Errorf("-at: %w: give a time as 2026-03-04T05:06:07Z", err)
		}
		options = append(options, verify.WithClock(func() time.Time { return at }))
	}
	if f.target == "" {
		if f.base != "" || f.host != "" {
			return nil, errors.New("no -target: say which target the host has, as linux/amd64")
		}
		return options, nil
	}
	on, err := target.Parse(f.target)
	if err != nil {
		return nil, err
	}
	h := verify.Host{Name: f.host, Target: on}
	if f.base != "" {
		if h.Base, _, err = manifest.DigestFile(f.base); err != nil {
			return nil, fmt.Errorf("reading what the host runs: %w", err)
		}
	}
	return append(options, verify.WithHost(h)), nil
}

// readFloor reads the floor, and applies the notices to it.
func (f *judgeFlags) readFloor(ctx context.Context, product func() (string, error), options []verify.Option) (manifest.Floor, error) {
	name, err := product()
	if err != nil {
		return manifest.Floor{}, err
	}
	floor, err := verify.ReadFloor(ctx, f.floor, name)
	if err != nil {
		return manifest.Floor{}, err
	}
	for _, path := range f.notices {
		bundles, err := bundlesBeside(path)
		if err != nil {
			return manifest.Floor{}, err
		}
		v, err := verify.New(append(options[:len(options):len(options)], verify.WithFloor(floor))...)
		if err != nil {
			return manifest.Floor{}, err
		}
		if _, floor, err = v.VerifyNotice(ctx, bundles); err != nil {
			return manifest.Floor{}, fmt.Errorf("%s: %w", path, err)
		}
		if err := verify.WriteFloor(ctx, f.floor, floor); err != nil {
			return manifest.Floor{}, err
		}
	}
	return floor, nil
}

// remember raises the floor by what was seen, and, if it was asked to, confirmed.
func (j *judging) remember(ctx context.Context, r *verify.Result) error {
	if j.floorPath == "" {
		return nil
	}
	raise := r.Seen
	if j.confirm {
		raise = r.Confirmed
	}
	floor, err := raise(j.floor)
	if err != nil {
		return err
	}
	return verify.WriteFloor(ctx, j.floorPath, floor)
}

// productOf is the product of a dist folder, as it says itself: only to find the
// floor, which is checked against what was signed.
func productOf(dir string) func() (string, error) {
	return func() (string, error) {
		data, err := readFile(filepath.Join(dir, verify.ReleaseName), manifest.MaxDocument)
		if err != nil {
			return "", fmt.Errorf("finding the product of -floor: %w: give a dist folder", err)
		}
		release, err := manifest.DecodeRelease(data)
		return release.Product, err
	}
}
