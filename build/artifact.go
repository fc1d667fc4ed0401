package build

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/gocmd"
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
	place, err := openPlace(plan.Output)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, place.close()) }()
	result, err := b.goBuild(ctx, plan, place, share)
	if err != nil {
		return nil, err
	}
	if err := checkExecutable(place.staging, plan.Target); err != nil {
		return nil, err
	}
	digest, size, cached, err := place.publish()
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(plan.Output)
	if err != nil {
		return nil, fmt.Errorf("reading the build info of %s: %w", plan.Output, err)
	}
	version, _, _ := strings.Cut(info.GoVersion, " ")
	return &Artifact{
		Target: plan.Target, Path: plan.Output, Digest: digest, Size: size, Plan: plan, Toolchain: version,
		Cached: cached, CPU: result.CPU, Peak: result.Peak,
	}, nil
}

func (b *Builder) goBuild(ctx context.Context, plan Plan, place *place, share share) (*gocmd.Result, error) {
	staged := plan
	staged.Output = place.staging
	argv := staged.Argv()
	b.logger.DebugContext(ctx, "running the go command", "target", plan.Target.String(), "argv", argv)
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: argv,
		Dir:  plan.Dir,
		Env:  gocmd.With(plan.Environ(), append(share.environ(), "GOTMPDIR="+place.temp)...),
		OnLine: func(line string) {
			if isProgress(line) && !strings.HasPrefix(line, "go: ") {
				b.emit(PackageCompiling{Target: plan.Target, ImportPath: line})
			}
		},
	})
	if err != nil {
		return nil, explain(err, plan)
	}
	return result, nil
}

// explain gives a failed go command its typed error.
func explain(err error, plan Plan) error {
	if errors.Is(err, gocmd.ErrNotFound) {
		return &ToolchainError{Err: err}
	}
	var exit *gocmd.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	stderr := string(exit.Stderr)
	switch {
	case plan.Toolchain != "" && strings.Contains(stderr, "toolchain not available"),
		strings.Contains(stderr, "go: download go1"),
		strings.Contains(stderr, "running go ") && strings.Contains(stderr, "requires go >="):
		return &ToolchainError{Toolchain: orUnknown(plan.Toolchain), Err: exit}
	case strings.Contains(stderr, "unsupported GOOS/GOARCH pair"):
		return fmt.Errorf("the toolchain does not support the target %s: %w", plan.Target, errors.ErrUnsupported)
	case strings.Contains(stderr, "no space left on device"):
		return fmt.Errorf("the disk is full: free some space and run the build again: %w", exit)
	}
	if compile := parseDiagnostics(stderr); compile != nil {
		return compile
	}
	return exit
}

func orUnknown(toolchain string) string {
	if toolchain == "" {
		return "that go.mod asks for"
	}
	return toolchain
}

// checkExecutable makes sure that the go command linked a program for the
// target. For a package that is not main it writes an archive instead.
func checkExecutable(path string, t target.Target) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotMain, err)
	}
	built, err := target.FromBuildSettings(info.Settings)
	if err != nil {
		return fmt.Errorf("reading the target of %s: %w", filepath.Base(path), err)
	}
	if built != t {
		return fmt.Errorf("the go command built for %s, not for %s", built, t)
	}
	return nil
}

// TargetOf reads from the build info of a Go executable which target it was
// built for.
func TargetOf(executable string) (target.Target, error) {
	info, err := buildinfo.ReadFile(executable)
	if err != nil {
		if _, statErr := os.Stat(executable); statErr != nil {
			return target.Target{}, statErr
		}
		return target.Target{}, fmt.Errorf("%s is not a Go executable with build info: %w", executable, err)
	}
	return target.FromBuildSettings(info.Settings)
}
