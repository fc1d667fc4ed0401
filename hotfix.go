package hotfix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Pipeline makes the release of one hotfix. It is immutable; runs of one
// product take turns, also across processes.
type Pipeline struct{ config }

// New returns a pipeline for a product; see [manifest.CheckProduct] for its
// name. Source, base, targets and output are required options. Everything that
// can be checked without running a tool is checked here.
func New(product string, options ...Option) (*Pipeline, error) {
	if err := manifest.CheckProduct(product); err != nil {
		return nil, wrong("New", "%v", err)
	}
	c := config{
		product: product, channel: "stable", environ: os.Environ(), logger: slog.New(slog.DiscardHandler),
		before: map[Step][]Hook{}, after: map[Step][]Hook{},
	}
	for _, option := range options {
		if err := option(&c); err != nil {
			return nil, err
		}
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	p := &Pipeline{config: c}
	// The options of the parts are theirs to check.
	r := p.newRun()
	if _, err := r.builder(StepBuild, c.dir, "v0.0.0", ""); err != nil {
		return nil, err
	}
	if _, err := r.packer(plainDate()); err != nil {
		return nil, err
	}
	return p, nil
}

// run is one run of a pipeline: its configuration, and what must be removed at
// the end.
type run struct {
	config
	result    *Result
	temp      string // temporary folder; "" until it is needed
	staging   string // unfinished dist folder; "" before it is made and after it is published
	observing sync.Mutex
}

func (p *Pipeline) newRun() *run {
	return &run{config: p.config, result: &Result{
		Schema: ReportSchema, Product: p.product, Channel: p.channel, DryRun: p.dryRun,
		Source: SourceResult{Package: p.pkg}, Signers: []verify.KeyID{}, Warnings: []string{},
	}}
}

// Run makes the release and returns what it did. An error is a [*StepError];
// then the output folder is as it was. It wraps the context's error if the run
// was cancelled; no process is left.
func (p *Pipeline) Run(ctx context.Context) (_ *Result, err error) {
	r := p.newRun()
	unlock, err := lock(ctx, p.cache)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer func() { err = errors.Join(err, r.cleanUp()) }()
	if err := r.steps(ctx); err != nil {
		return nil, err
	}
	return r.result, nil
}

// steps runs the steps in their order. Each takes what earlier ones returned.
func (r *run) steps(ctx context.Context) error {
	src, err := do(ctx, r, StepSource, r.openSource, func(result *Result, s *source) { result.Source.Commit = s.commit })
	if err != nil {
		return err
	}
	var about identity
	old, err := do(ctx, r, StepBase, func(ctx context.Context) (*base, error) {
		b, err := r.resolveBase(ctx)
		if err != nil {
			return nil, err
		}
		about, err = r.identify(src, b)
		return b, err
	}, func(_ *Result, b *base) { r.recordIdentity(about, b) })
	if err != nil || r.dryRun {
		return err
	}
	fix, err := do(ctx, r, StepBuild, func(ctx context.Context) (*built, error) { return r.buildAll(ctx, src, old, about) }, r.recordBuilt)
	if err != nil {
		return err
	}
	dist, err := do(ctx, r, StepPack, func(ctx context.Context) (*packed, error) { return r.packAll(ctx, src, old, about, fix) }, r.recordPacked)
	if err != nil {
		return err
	}
	_, err = do(ctx, r, StepSign, func(ctx context.Context) (struct{}, error) { return struct{}{}, r.sign(ctx, dist) }, func(*Result, struct{}) {})
	if err != nil {
		return err
	}
	_, err = do(ctx, r, StepVerify, func(ctx context.Context) (*verify.Result, error) {
		return r.verifyStaging(ctx, r.staging, dist.release, dist.packages)
	}, func(result *Result, v *verify.Result) { result.Signers = append(result.Signers, v.Signers...) })
	if err != nil {
		return err
	}
	_, err = do(ctx, r, StepPublish, func(context.Context) (string, error) { return r.output, r.publish() }, func(result *Result, dir string) {
		result.Dist, result.Staging = dir, ""
	})
	return err
}

func (r *run) recordIdentity(i identity, b *base) {
	result := r.result
	result.ID, result.Version, result.Epoch, result.Sequence, result.Created = i.id, i.version, i.epoch, i.sequence, i.created
	result.Base = BaseResult{Version: b.version, Toolchain: b.toolchain}
	for _, t := range r.targets {
		entry := TargetResult{Target: t}
		if binary, ok := b.binaries[t]; ok {
			entry.Base = &binary
		}
		result.Targets = append(result.Targets, entry)
	}
}

// publish writes the report and moves the finished folder to its place. The
// output folder is looked at again: much time may have passed.
func (r *run) publish() error {
	if err := r.result.write(r.staging); err != nil {
		return err
	}
	if err := checkOutput(r.output, r.product); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(r.staging); err != nil {
		return err
	}
	if err := atomicfile.ReplaceDir(r.staging, r.output); err != nil {
		return err
	}
	r.staging = ""
	return nil
}

// cleanUp removes what must not outlive the run.
func (r *run) cleanUp() error {
	var errs []error
	for _, dir := range []string{r.temp, r.staging} {
		if dir != "" {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}

func (r *run) emit(e Event) {
	if r.observer == nil {
		return
	}
	r.observing.Lock()
	defer r.observing.Unlock()
	r.observer(e)
}

func (r *run) warn(message string) {
	r.result.Warnings = append(r.result.Warnings, message)
	r.emit(Warned{Message: message})
}

// lock makes runs that share a cache folder take turns. Waiting ends with the
// context.
func lock(ctx context.Context, cache string) (unlock func(), err error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	type outcome struct {
		unlock func()
		err    error
	}
	locked := make(chan outcome, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(cache, "lock")).Lock()
		locked <- outcome{unlock, err}
	}()
	select {
	case o := <-locked:
		if o.err != nil {
			return nil, fmt.Errorf("locking the cache folder: %w", o.err)
		}
		return o.unlock, nil
	case <-ctx.Done():
		go func() {
			if o := <-locked; o.err == nil {
				o.unlock()
			}
		}()
		return nil, fmt.Errorf("waiting for another run of the product: %w", context.Cause(ctx))
	}
}
