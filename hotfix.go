package hotfix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
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
		product: product, channel: "stable", builderID: manifest.LocalBuilder, environ: os.Environ(), logger: slog.New(slog.DiscardHandler),
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
	return p, p.try()
}

// try lets the parts check what the options say about them, minutes before
// they are needed.
func (p *Pipeline) try() error {
	r := p.newRun()
	if _, err := r.newBuilder(StepBuild, string(StepBuild), p.dir, "v0.0.0", ""); err != nil {
		return err
	}
	i := identity{id: cmp.Or(p.id, "trial"), version: cmp.Or(p.version, "v0.0.0"), epoch: p.epoch, sequence: max(p.sequence, 1), created: p.time}
	if i.created.IsZero() {
		i.created = plainDate()
	}
	if err := r.tryRelease(i); err != nil {
		return wrong("New", "%v", err)
	}
	return nil
}

// run is one run of a pipeline: its configuration, what its steps hand on to
// each other, and what must be removed at the end.
type run struct {
	config
	result *Result

	repo    *change.Checkout // nil until a revision is asked for
	fix     *source          // from StepSource on
	old     *base            // from StepBase on
	olders  []*base          // further ones that deltas start from, from StepBase on
	about   identity         // from StepBase on
	builder *build.Builder   // of the fix, from StepBase on
	judged  policy.Case      // from StepChange on, if the base's source is known
	built   *built           // from StepBuild on
	packed  *packed          // from StepPack on

	temp      string // temporary folder; "" until it is needed
	staging   string // where the dist folder grows; "" until it is needed
	published bool   // the dist folder is no longer there, but in its place
	replaced  string // where the folder is now that was in its place; "" if there was none
	observing sync.Mutex
}

func (p *Pipeline) newRun() *run {
	return &run{config: p.config, result: &Result{
		Schema: ReportSchema, Product: p.product, Channel: p.channel, DryRun: p.dryRun,
		Source: SourceResult{Package: p.pkg}, Policies: []PolicyResult{}, Findings: policy.Findings{}, Signers: []verify.KeyID{}, Warnings: []string{},
	}}
}

// Run makes the release and returns what it did. The error of a step is a
// [*StepError]; then the output folder is as it was, and the result holds what
// was established before. The error wraps the cause of the context's end if the
// run was cancelled, and no process is left.
func (p *Pipeline) Run(ctx context.Context) (*Result, error) {
	r := p.newRun()
	if !p.dryRun {
		lock, err := lock(ctx, p.cache)
		if err != nil {
			r.result.Failure = &Failure{Message: err.Error()}
			return r.result, err
		}
		defer func() { _ = lock.Release() }() // closing is enough, and cannot be retried
	}
	if err := r.steps(ctx); err != nil {
		if litter := errors.Join(r.unpublish(), r.cleanUp()); litter != nil {
			err = errors.Join(err, litter)
		}
		r.result.Dist, r.result.Staging = "", ""
		return r.result, err
	}
	if err := r.cleanUp(); err != nil {
		r.warn(fmt.Sprintf("a temporary folder was left behind: %v", err))
	}
	return r.result, nil
}

// steps runs the steps in their order, of which a dry run leaves out those that
// build and write.
func (r *run) steps(ctx context.Context) error {
	work := map[Step]func(context.Context) error{
		StepSource: r.openSource, StepBase: r.openBase, StepProve: r.prove, StepChange: r.findChange, StepPolicies: r.judge, StepTest: r.test,
		StepBuild: r.buildAll, StepCompare: r.compare, StepPack: r.packAll, StepSign: r.sign, StepVerify: r.verifyStaging, StepPublish: r.publish,
	}
	steps := Steps()
	if r.dryRun {
		steps = []Step{StepSource, StepBase, StepChange, StepPolicies}
	}
	for _, step := range steps {
		if err := r.do(ctx, step, work[step]); err != nil {
			return err
		}
	}
	return nil
}

// publish writes the report and moves the finished folder to its place. The
// output folder is looked at again: much time may have passed.
func (r *run) publish(context.Context) error {
	if err := r.result.write(r.staging); err != nil {
		return err
	}
	if err := checkOutput(r.output, r.product); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(r.staging); err != nil {
		return err
	}
	old, err := atomicfile.SwapDir(r.staging, r.output)
	if err != nil {
		return err
	}
	r.published, r.replaced = true, old
	r.result.Dist, r.result.Staging = r.output, ""
	return nil
}

// unpublish takes the dist back if a hook failed after it was published.
func (r *run) unpublish() (err error) {
	if !r.published {
		return nil
	}
	if r.replaced == "" {
		// Renamed before it is removed, so that nobody sees half a dist.
		err = os.Rename(r.output, r.staging)
	} else {
		r.staging, err = atomicfile.SwapDir(r.replaced, r.output)
	}
	r.published = err != nil
	return err
}

// cleanUp removes what must not outlive the run.
func (r *run) cleanUp() error {
	unfinished := r.staging
	if r.published {
		unfinished = r.replaced
	}
	return errors.Join(removeAll(r.temp), removeAll(unfinished))
}

func removeAll(dir string) error {
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
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
func lock(ctx context.Context, cache string) (*filelock.Lock, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	return filelock.Acquire(ctx, filepath.Join(cache, "lock"))
}
