package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/sync/errgroup"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// Builder builds one main package for any number of targets. It is immutable
// and safe for concurrent use. Builds of the same target into the same output
// folder take turns, also those of other processes.
type Builder struct {
	config
	observing sync.Mutex
	loading   sync.Mutex
	loaded    *Main // set once by Main
}

// New returns a Builder of the main package pkg of the module in dir. The
// package is an import path, or a path beginning with "./" as the go command
// takes it; "." is the module's root. New checks everything that can be checked
// without running the go command. Errors are [*OptionError], or say what is
// wrong with dir or pkg.
func New(dir, pkg string, opts ...Option) (*Builder, error) {
	c := config{
		plan:    Plan{Package: filepath.ToSlash(pkg), Trimpath: true, Module: "readonly", Ldflags: []string{"-s", "-w"}},
		environ: os.Environ(),
		logger:  slog.New(slog.DiscardHandler),
	}
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return nil, err
		}
	}
	if err := c.resolve(dir); err != nil {
		return nil, err
	}
	return &Builder{config: c}, nil
}

// resolve fills in what follows from the source folder, and checks the
// combination of options.
func (c *config) resolve(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("build: source folder: %w", err)
	}
	if c.module, err = readModule(abs); err != nil {
		return err
	}
	if err := checkPackage(c.plan.Package); err != nil {
		return err
	}
	if c.name == "" {
		c.name = defaultName(c.module, c.plan.Package)
	}
	if c.output == "" {
		if c.output, err = defaultOutput(abs, c.plan.Package); err != nil {
			return err
		}
	}
	if err := checkOutput(c.output); err != nil {
		return err
	}
	c.plan.Dir = abs
	c.plan.Ldflags = slices.Concat(c.plan.Ldflags, c.assignments)
	c.plan.Places = gocmd.Places(c.environ)
	return nil
}

// readModule returns the module path that go.mod in dir declares.
func readModule(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("build: %s has no go.mod: give the folder of the module, not of the package", dir)
	}
	if err != nil {
		return "", fmt.Errorf("build: reading the module: %w", err)
	}
	root := modfile.ModulePath(data)
	if root == "" {
		return "", fmt.Errorf("build: %s declares no module", filepath.Join(dir, "go.mod"))
	}
	return root, nil
}

func checkPackage(pkg string) error {
	invalid := fmt.Errorf("build: %q is not one main package: give an import path or a path as \"./cmd/app\"", pkg)
	if strings.Contains(pkg, "...") {
		return invalid
	}
	if pkg == "." || strings.HasPrefix(pkg, "./") {
		if !filepath.IsLocal(filepath.FromSlash(pkg)) {
			return fmt.Errorf("build: %q lies outside the module: give the folder of the module that holds it", pkg)
		}
		return nil
	}
	if err := module.CheckImportPath(pkg); err != nil {
		return invalid
	}
	return nil
}

// checkOutput refuses what can never become the output folder.
func checkOutput(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return optionError("WithOutput", "%s is a file, not a folder: choose another", dir)
	}
	return nil
}

// defaultName is the name that the go command gives an executable: the last
// element of the import path that is not a major version.
func defaultName(root, pkg string) string {
	if pkg == "." || strings.HasPrefix(pkg, "./") {
		pkg = path.Join(root, pkg)
	}
	if prefix, major, ok := module.SplitPathVersion(pkg); ok && strings.HasPrefix(major, "/") {
		pkg = prefix
	}
	return path.Base(pkg)
}

// defaultOutput is a folder of its own for each source folder and package, so
// that two checkouts do not take each other's outputs for theirs.
func defaultOutput(dir, pkg string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("build: no cache folder for the outputs: %w: set one with WithOutput", err)
	}
	sum := sha256.Sum256([]byte(dir + "\x00" + pkg))
	return filepath.Join(cache, "hotfix", "build", hex.EncodeToString(sum[:8])), nil
}

// Plan returns everything that determines the bytes of the target's
// executable. It runs nothing.
func (b *Builder) Plan(t target.Target) (Plan, error) {
	if err := t.Validate(); err != nil {
		return Plan{}, err
	}
	p := b.plan
	p.Target = t
	p.Output = filepath.Join(b.output, t.FileName(), t.Executable(b.name))
	p.Tags, p.Ldflags, p.Gcflags, p.Places = slices.Clone(p.Tags), slices.Clone(p.Ldflags), slices.Clone(p.Gcflags), slices.Clone(p.Places)
	return p, nil
}

// Name returns the executable's name without ".exe".
func (b *Builder) Name() string { return b.name }

// Build builds one target with all the memory and CPUs of the budget. The
// error is a [*TargetError] if the target's build failed.
func (b *Builder) Build(ctx context.Context, t target.Target) (*Artifact, error) {
	artifacts, err := b.BuildAll(ctx, []target.Target{t})
	var failed TargetErrors
	if errors.As(err, &failed) {
		return nil, failed[0]
	}
	if err != nil {
		return nil, err
	}
	return artifacts[0], nil
}

// BuildAll builds several targets, as many at once as CPUs and the memory
// budget allow, and returns the artifacts in the order of the targets. If some
// fail the others are still built, so that one run shows all that is wrong;
// the error is then a [TargetErrors], and no artifacts are returned. A cancelled
// context stops all.
func (b *Builder) BuildAll(ctx context.Context, targets []target.Target) ([]*Artifact, error) {
	plans, err := b.plans(targets)
	if err != nil {
		return nil, err
	}
	if err := b.checkMain(ctx, targets); err != nil {
		return nil, err
	}
	share := b.schedule(len(plans))
	b.logger.DebugContext(ctx, "build schedule", "targets", len(plans), "parallel", share.parallel, "processes", share.processes, "limit", share.limit)
	artifacts, errs := make([]*Artifact, len(plans)), make([]error, len(plans))
	var group errgroup.Group
	group.SetLimit(share.parallel)
	for i, plan := range plans {
		group.Go(func() error {
			artifacts[i], errs[i] = b.observed(ctx, plan, share)
			return nil
		})
	}
	_ = group.Wait()
	if err := targetErrors(targets, errs); err != nil {
		return nil, err
	}
	return artifacts, nil
}

func (b *Builder) plans(targets []target.Target) ([]Plan, error) {
	if len(targets) == 0 {
		return nil, errors.New("build: no target is given")
	}
	plans := make([]Plan, len(targets))
	for i, t := range targets {
		var err error
		if plans[i], err = b.Plan(t); err != nil {
			return nil, err
		}
		if slices.Contains(targets[:i], t) {
			return nil, fmt.Errorf("build: target %s is listed twice", t)
		}
	}
	return plans, nil
}

// checkMain fails early if the main package cannot be listed for any target. A
// package whose files are excluded on some targets is built for the others.
func (b *Builder) checkMain(ctx context.Context, targets []target.Target) error {
	errs := make([]error, len(targets))
	for i, t := range targets {
		_, err := b.Main(ctx, t)
		if err == nil {
			return nil
		}
		errs[i] = err
		var compile *CompileError
		if !errors.As(err, &compile) && !errors.Is(err, errors.ErrUnsupported) {
			return targetErrors(targets[i:i+1], errs[i:i+1])
		}
	}
	return targetErrors(targets, errs)
}

// targetErrors returns the errors of several targets as one, nil if there is none.
func targetErrors(targets []target.Target, errs []error) error {
	var failed TargetErrors
	for i, err := range errs {
		if err != nil {
			failed = append(failed, &TargetError{Target: targets[i], Err: err})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return failed
}

// observed builds one target and reports it.
func (b *Builder) observed(ctx context.Context, plan Plan, share share) (*Artifact, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	start := time.Now()
	b.emit(TargetStarted{Target: plan.Target})
	artifact, err := b.compile(ctx, plan, share)
	elapsed := time.Since(start)
	if artifact != nil {
		artifact.Elapsed = elapsed
	}
	b.emit(TargetFinished{Target: plan.Target, Artifact: artifact, Err: err, Elapsed: elapsed})
	return artifact, err
}

func (b *Builder) emit(e Event) {
	if b.observer == nil {
		return
	}
	b.observing.Lock()
	defer b.observing.Unlock()
	b.observer(e)
}
