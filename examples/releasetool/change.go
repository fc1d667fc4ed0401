package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

func defineChange(t *tool, flags *flag.FlagSet) action {
	f := &makeFlags{asJSON: jsonFlag(flags)}
	flags.StringVar(&f.src, "src", ".", "`folder` of the module")
	flags.StringVar(&f.pkg, "pkg", ".", "main `package`, as ./cmd/app")
	flags.StringVar(&f.base, "base", "", "what is fixed: a git `REV` or the folder of a module")
	flags.StringVar(&f.fix, "fix", "", "git `REV` of the fix (default: the folder as it stands)")
	flags.StringVar(&f.targets, "targets", target.Host().String(), "targets and `patterns`, as linux/amd64,darwin/*,!*/386")
	flags.StringVar(&f.toolchain, "toolchain", "", "Go `version` to build both sides with, as go1.26.8 (default: what each go.mod asks for)")
	flags.StringVar(&f.tags, "tags", "", "build `tags`, separated by commas")
	flags.StringVar(&f.pgo, "pgo", "", "profile `file` for optimisation, or off")
	flags.StringVar(&f.cc, "cc", "", "turn cgo on, with this C `compiler`")
	flags.BoolVar(&f.vendor, "vendor", false, "build from the vendor folder")
	return func(ctx context.Context, _ []string) error { return t.change(ctx, f) }
}

// judged is the result of the command.
type judged struct {
	Change   policy.Change   `json:"change"`
	Findings policy.Findings `json:"findings"`
}

func (t *tool) change(ctx context.Context, f *makeFlags) (err error) {
	options, err := f.buildOptions(t)
	if err != nil {
		return err
	}
	targets, err := f.expandTargets(ctx, options)
	if err != nil {
		return err
	}
	base, fix, err := f.trees(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close(), fix.Close()) }()
	plan := func(dir string, target target.Target) (build.Plan, error) {
		b, err := build.New(dir, f.pkg, options...)
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(target)
	}
	found, err := change.Between(ctx, base, fix, plan, targets...)
	if err != nil {
		return err
	}
	c, err := caseOf(ctx, found, base, fix, plan, targets)
	if err != nil {
		return err
	}
	findings, unchecked := policy.Check(ctx, c, policy.Of(policy.BeforeBuild, policy.Default()...)...)
	result := judged{found, findings}
	return errors.Join(t.print(*f.asJSON, result, result.text), unchecked, blocked(findings))
}

// trees opens the two sides. A base that exists as a folder is one; all else is
// a revision of the checkout that the source folder is in.
func (f *makeFlags) trees(ctx context.Context) (base, fix *change.Tree, err error) {
	if f.base == "" {
		return nil, nil, errors.New("no -base: give a git revision, or the folder of the module as it was released")
	}
	if info, statErr := os.Stat(f.base); statErr == nil && info.IsDir() {
		base, err = change.Folder(f.base)
	} else {
		base, err = f.revision(ctx, f.base)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the base: %w", err)
	}
	if fix, err = f.fixTree(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("the fix: %w", err), base.Close())
	}
	return base, fix, nil
}

func (f *makeFlags) revision(ctx context.Context, rev string) (*change.Tree, error) {
	checkout, err := change.Open(ctx, f.src, os.Environ())
	if err != nil {
		return nil, err
	}
	return checkout.Revision(ctx, rev, "")
}

func (f *makeFlags) fixTree(ctx context.Context) (*change.Tree, error) {
	if f.fix != "" {
		return f.revision(ctx, f.fix)
	}
	checkout, err := change.Open(ctx, f.src, os.Environ())
	if errors.Is(err, change.ErrNoRepository) {
		return change.Folder(f.src)
	}
	if err != nil {
		return nil, err
	}
	return checkout.WorkTree(ctx)
}

// caseOf is what policies judge: the change, and how both sides are built. The
// base counts as built by its own plan; who has the executable that runs can
// compare it with reproduce.
func caseOf(ctx context.Context, c policy.Change, base, fix *change.Tree, plan change.Planner, targets []target.Target) (policy.Case, error) {
	judged := policy.Case{Change: c, Now: time.Now()}
	for _, t := range targets {
		p, err := pinned(ctx, plan, fix.Dir(), t)
		if err != nil {
			return policy.Case{}, err
		}
		judged.Plans = append(judged.Plans, p)
	}
	p, err := pinned(ctx, plan, base.Dir(), targets[0])
	judged.Base = policy.Build{Toolchain: p.Toolchain, Flags: p.Flags()}
	return judged, err
}

// pinned is a plan with the toolchain that the go command takes for it.
func pinned(ctx context.Context, plan change.Planner, dir string, t target.Target) (build.Plan, error) {
	p, err := plan(dir, t)
	if err != nil || p.Toolchain != "" {
		return p, err
	}
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION")
	cmd.Dir, cmd.Env = p.Dir, p.Environ()
	out, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("asking which toolchain builds %s: %w: pin one by -toolchain", t, err)
	}
	p.Toolchain = strings.TrimSpace(string(out))
	return p, nil
}

// blocked is the error of findings that forbid the hotfix.
func blocked(findings policy.Findings) error {
	n := 0
	for _, f := range findings {
		if f.Severity == policy.Block {
			n++
		}
	}
	switch {
	case !findings.Blocked():
		return nil
	case n == 1:
		return errors.New("1 finding blocks this hotfix: do what it says, or have the rule waived")
	}
	return fmt.Errorf("%d findings block this hotfix: do what they say, or have the rules waived", n)
}
