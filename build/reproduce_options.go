package build

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// ReproduceOption changes a default of [Reproduce]. It returns an
// [*OptionError] if its value cannot be right.
type ReproduceOption func(*reproduceConfig) error

type reproduceConfig struct {
	builder    *Builder // only what WithBuildOptions may set
	hostPlaces []string // variables of the host that pass into the build
	source     string
	version    string
	ldflags    []string
	keep       string
	folders    bool
}

func newReproduceConfig(opts []ReproduceOption) (reproduceConfig, error) {
	c := reproduceConfig{builder: &Builder{config: config{environ: os.Environ(), logger: slog.New(slog.DiscardHandler)}}}
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return c, err
		}
	}
	c.hostPlaces = gocmd.Places(c.builder.environ)
	return c, nil
}

// WithSource sets a folder to build from: a checkout of the module, or a folder
// above it. A file that records a revision is built from that revision of the
// folder's repository, if it has it, and else from the folder's files as they
// are. The folder is not changed. The default is the module that the build
// info names, from the module proxy.
func WithSource(dir string) ReproduceOption {
	return func(c *reproduceConfig) error {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return optionError("WithSource", "%v", err)
		}
		if info, err := os.Stat(abs); err != nil || !info.IsDir() {
			return optionError("WithSource", "%s is not a folder", dir)
		}
		c.source = abs
		return nil
	}
}

// WithModuleVersion sets the version of the main module, as "v1.2.3", for a
// file that records none. The default then looks through the versions of the
// module for those whose go.mod has exactly the dependencies that the file
// records, first those whose number is in it.
func WithModuleVersion(version string) ReproduceOption {
	return func(c *reproduceConfig) error {
		if !strings.HasPrefix(version, "v") || strings.ContainsAny(version, " \t\n@,") {
			return optionError("WithModuleVersion", "%q is not a version, as \"v1.2.3\"", version)
		}
		c.version = version
		return nil
	}
}

// WithTryLdflags sets values of -ldflags to try before the usual ones, each as
// it would stand on the command line: "-s -w -X main.version=1.2.3". It has no
// effect if the file records its own. The default is none.
func WithTryLdflags(ldflags ...string) ReproduceOption {
	return func(c *reproduceConfig) error {
		if len(ldflags) > MaxAttempts {
			return optionError("WithTryLdflags", "%d are too many; give at most %d", len(ldflags), MaxAttempts)
		}
		c.ldflags = slices.Clone(ldflags)
		return nil
	}
}

// WithKeep sets a folder, made if need be, that the rebuilt executable that
// comes nearest is written to. The default removes it.
func WithKeep(dir string) ReproduceOption {
	return func(c *reproduceConfig) error {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return optionError("WithKeep", "%v", err)
		}
		if dir == "" || checkOutput(abs) != nil {
			return optionError("WithKeep", "%q is not a folder", dir)
		}
		c.keep = abs
		return nil
	}
}

// WithRecordedFolders lets Reproduce make symbolic links, outside of its
// temporary folder, in the places that the file records for the source, the
// toolchain and the module cache, as /home/runner/work. It is for a container
// that is thrown away: the paths are the file's word. A place that exists
// is left alone, and the links and the folders that were made for them are
// removed at the end. An executable that was built without -trimpath is
// identical only if it is built in the same places; the default builds it
// elsewhere, and reports what else differs.
func WithRecordedFolders() ReproduceOption {
	return func(c *reproduceConfig) error {
		c.folders = true
		return nil
	}
}

// WithBuildOptions applies options of [New] that do not say what is built:
// [WithEnviron], [WithLogger], [WithObserver], [WithMemoryBudget], and [WithCgo]
// for the C compiler of a file that was built with cgo.
func WithBuildOptions(opts ...Option) ReproduceOption {
	return func(c *reproduceConfig) error {
		for _, opt := range opts {
			if err := opt(&c.builder.config); err != nil {
				return err
			}
		}
		rest := c.builder.config
		rest.environ, rest.logger, rest.observer, rest.budget, rest.plan.Cgo = nil, nil, nil, 0, nil
		if !reflect.ValueOf(rest).IsZero() {
			return optionError("WithBuildOptions", "Reproduce reads from the file what is built; "+
				"it takes only WithEnviron, WithLogger, WithObserver, WithMemoryBudget and WithCgo")
		}
		return nil
	}
}
