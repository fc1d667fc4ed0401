package build

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// Reproduce rebuilds a published Go executable from what its build info
// records, and compares the bytes. From the file itself it takes the
// toolchain, the module, the target and the settings; it fetches exactly
// these through the go command, with its checks, and builds.
//
// Build info does not record everything. With -trimpath it leaves out the
// linker's flags: the usual ones are tried, each only if the file looks as if
// built with it, and variables that the linker sets (-X) are looked for in the
// module's source where the file holds a value that a plain rebuild does not.
// An executable that was built from a checkout records a revision, but the
// module proxy has no repository: the stamp of the revision is then made from
// the file, and a caveat in the result says so.
//
// The outcome is the Reproduction's Verdict. If nothing can be told (the source
// is not to be had, the toolchain is not one of Go's releases, the build fails)
// it is [CannotTell], and [Reproduction.Err] has the cause. The error is not nil
// if there was nothing to reproduce or the machine failed: an [*OptionError],
// an [*fs.PathError] of the file, [ErrNotExecutable], a [*NoBuildInfoError],
// [ErrDiskFull], or the context's.
//
// The file is not trusted. Nothing of it or of its source is run: only the Go
// toolchain is, as by "go install", git, and a C compiler if the file was built
// with cgo. Of the flags that it records only those are passed on that cannot
// make a tool run a program or write a file; others end in [CannotTell].
func Reproduce(ctx context.Context, file string, opts ...ReproduceOption) (*Reproduction, error) {
	c, err := newReproduceConfig(opts)
	if err != nil {
		return nil, err
	}
	s, err := readSubject(file)
	if err != nil {
		return nil, err
	}
	r := &rebuilder{reproduceConfig: c, subject: s, result: newReproduction(s)}
	if err := r.run(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("reproducing %s: %w", file, context.Cause(ctx))
		}
		return nil, fmt.Errorf("reproducing %s: %w", file, err)
	}
	return r.result, nil
}

// rebuilder is one run of Reproduce.
type rebuilder struct {
	reproduceConfig
	subject *subject
	recipe  *recipe
	temp    string // removed at the end
	places  toolchainPlaces
	best    *rebuilt
	result  *Reproduction
}

func (r *rebuilder) run(ctx context.Context) (err error) {
	if r.temp, err = os.MkdirTemp("", "hotfix-reproduce-*"); err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.temp)) }()
	err = r.rebuild(ctx)
	switch {
	case err == nil:
		return r.conclude()
	case ctx.Err() == nil && isUndecided(err):
		r.result.cannotTell(err)
		return nil
	default:
		return err
	}
}

// rebuild tries every source that the file may have been built from.
func (r *rebuilder) rebuild(ctx context.Context) (err error) {
	if r.recipe, err = newRecipe(r.subject.info); err != nil {
		return err
	}
	if err := r.prepareToolchain(ctx); err != nil {
		return err
	}
	sources, err := r.sources(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, src := range sources {
		err := r.search(ctx, src)
		if err != nil && (ctx.Err() != nil || !isUndecided(err)) {
			return err
		}
		if err != nil {
			failures = append(failures, err)
		}
		if r.result.Identical {
			return nil
		}
	}
	if r.best == nil {
		return errors.Join(failures...)
	}
	return nil
}

// conclude writes the best rebuild into the result.
func (r *rebuilder) conclude() error {
	r.result.adopt(r.best)
	if !r.result.Identical {
		r.result.Differences = r.differences(r.best)
	}
	if r.keep == "" {
		return nil
	}
	return r.keepRebuilt()
}

// isUndecided reports whether an error leaves the question open whether the
// file can be reproduced, while the machine itself works.
func isUndecided(err error) bool {
	if errors.Is(err, ErrDiskFull) {
		return false
	}
	var missing *MissingError
	var compile *CompileError
	var toolchain *ToolchainError
	var exit *gocmd.ExitError
	return errors.As(err, &missing) || errors.As(err, &compile) || errors.As(err, &toolchain) || errors.As(err, &exit) ||
		errors.Is(err, ErrFetch) || errors.Is(err, errors.ErrUnsupported)
}
