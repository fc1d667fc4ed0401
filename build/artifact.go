package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Artifact is one built executable.
type Artifact struct {
	Target    target.Target
	Path      string // absolute
	Digest    manifest.Digest
	Size      int64 // bytes
	Plan      Plan
	Toolchain string        // Go version that built it, from its build info
	Cached    bool          // the executable of an earlier build was up to date and was kept
	CPU       time.Duration // user and system time of the go command and its tools
	Peak      int64         // largest resident set of one of these processes in bytes; 0 if unknown
	Elapsed   time.Duration
}

// compile runs the go command for one plan and puts the result in its place.
func (b *Builder) compile(ctx context.Context, plan Plan, share share) (_ *Artifact, err error) {
	place, err := openPlace(ctx, plan.Output)
	if err != nil {
		return nil, diskFull(err)
	}
	defer func() { err = errors.Join(err, place.close()) }()
	staged := plan
	staged.Output = place.staging
	result, err := b.goBuild(ctx, staged, staged.Argv(), share, place.temp)
	if err != nil {
		return nil, err
	}
	toolchain, err := checkExecutable(place.staging, plan.Target)
	if err != nil {
		return nil, err
	}
	digest, size, cached, err := place.publish()
	if err != nil {
		return nil, diskFull(err)
	}
	return &Artifact{
		Target: plan.Target, Path: plan.Output, Digest: digest, Size: size, Plan: plan, Toolchain: toolchain,
		Cached: cached, CPU: result.CPU, Peak: result.Peak,
	}, nil
}

// goBuild runs a command line in a plan's folder and environment, within a
// share of the machine and with temp for its temporary files.
func (b *Builder) goBuild(ctx context.Context, plan Plan, argv []string, share share, temp string) (*gocmd.Result, error) {
	b.logger.DebugContext(ctx, "running the go command", "target", plan.Target.String(), "argv", argv)
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: argv,
		Dir:  plan.Dir,
		Env:  gocmd.With(plan.Environ(), append(share.environ(), "GOTMPDIR="+temp)...),
		OnLine: func(line string) {
			if isProgress(line) && line != "" && !isDownload(line) {
				b.emit(PackageCompiling{Target: plan.Target, ImportPath: line})
			}
		},
	})
	if err != nil {
		return nil, b.explain(ctx, err, plan)
	}
	return result, nil
}

// checkExecutable makes sure that the go command linked a program for the
// target, and returns the toolchain that did. For a package that is not main
// the go command writes an archive instead.
func checkExecutable(path string, t target.Target) (toolchain string, err error) {
	info, err := goexe.BuildInfo(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotMain, err)
	}
	built, err := target.FromBuildSettings(info.Settings)
	if err != nil {
		return "", fmt.Errorf("reading the target of %s: %w", filepath.Base(path), err)
	}
	if built != t {
		return "", fmt.Errorf("the go command built for %s, not for %s", built, t)
	}
	toolchain, _, _ = strings.Cut(info.GoVersion, " ")
	return toolchain, nil
}

// TargetOf reads from the build info of a Go executable which target it was
// built for.
func TargetOf(executable string) (target.Target, error) {
	info, err := goexe.BuildInfo(executable)
	if err != nil {
		if _, statErr := os.Stat(executable); statErr != nil {
			return target.Target{}, statErr
		}
		return target.Target{}, fmt.Errorf("%s is not a Go executable with build info: %w", executable, err)
	}
	return target.FromBuildSettings(info.Settings)
}
