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
// and safe for concurrent use, but two builds of the same target must not run
// at once in the same output folder.
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
		plan:    Plan{Package: pkg, Trimpath: true, Module: "readonly", Ldflags: []string{"-s", "-w"}},
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
	root, err := readModule(abs)
	if err != nil {
		return err
	}
	if err := checkPackage(c.plan.Package); err != nil {
		return err
	}
	if c.plan.Workspace != "" && c.plan.Module == "vendor" {
		return optionError("WithWorkspace", "cannot be combined with WithVendor")
	}
	if c.name == "" {
		c.name = defaultName(root, c.plan.Package)
	}
	if c.output == "" {
		if c.output, err = defaultOutput(abs, c.plan.Package); err != nil {
			return err
		}
	}
	c.plan.Dir = abs
	c.plan.Ldflags = slices.Concat(c.plan.Ldflags, c.optional)
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
	if pkg == "." || strings.HasPrefix(pkg, "./") && !strings.Contains(pkg, "...") {
		return nil
	}
	if err := module.CheckImportPath(pkg); err != nil || strings.Contains(pkg, "...") {
		return fmt.Errorf("build: %q is not one main package: give an import path or a path as \"./cmd/app\"", pkg)
	}
	return nil
}

// defaultName is the name that the go command gives an executable: the last
// element of the import path that is not a major version.
func defaultName(root, pkg string) string {
	if pkg == "." || strings.HasPrefix(pkg, "./") {
		pkg = path.Join(root, pkg)
	}
	prefix, _, ok := module.SplitPathVersion(pkg)
	if ok && prefix != "" {
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
// error is a [*TargetError].
func (b *Builder) Build(ctx context.Context, t target.Target) (*Artifact, error) {
	artifacts, err := b.BuildAll(ctx, []target.Target{t})
	if err != nil {
		return nil, err
	}
	return artifacts[0], nil
}

// BuildAll builds several targets, as many at once as CPUs and the memory
// budget allow, and returns the artifacts in the order of the targets. If some
// fail the others are still built, so that one run shows all that is wrong;
// the error then joins a [*TargetError] for each, and no artifacts are
// returned. A cancelled context stops all.
func (b *Builder) BuildAll(ctx context.Context, targets []target.Target) ([]*Artifact, error) {
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
	if len(plans) == 0 {
		return nil, errors.New("build: no target is given")
	}
	if _, err := b.Main(ctx, targets[0]); err != nil {
		return nil, &TargetError{Target: targets[0], Err: err}
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
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return artifacts, nil
}

// observed builds one target and reports it.
func (b *Builder) observed(ctx context.Context, plan Plan, share share) (*Artifact, error) {
	if err := ctx.Err(); err != nil {
		return nil, &TargetError{Target: plan.Target, Err: context.Cause(ctx)}
	}
	start := time.Now()
	b.emit(TargetStarted{Target: plan.Target})
	artifact, err := b.compile(ctx, plan, share)
	if err != nil {
		err = &TargetError{Target: plan.Target, Err: err}
	}
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
