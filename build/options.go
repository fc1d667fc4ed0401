package build

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Option changes a default of [New]. It returns an [*OptionError] if its value
// cannot be right.
type Option func(*config) error

type config struct {
	plan     Plan   // without Target and Output
	module   string // path of the module
	name     string
	output   string
	environ  []string
	parallel int
	budget   int64
	observer func(Event)
	logger   *slog.Logger
	// variables are the names of those that are set when linking, and
	// assignments the linker's arguments for it, which follow the others.
	variables   []string
	assignments []string
}

func optionError(option, format string, args ...any) error {
	return &OptionError{Option: option, Reason: fmt.Sprintf(format, args...)}
}

// WithName sets the executable's name without ".exe". The default is the last
// element of the main package's path, as the go command chooses it.
func WithName(name string) Option {
	return func(c *config) error {
		if manifest.CheckPath(name) != nil || strings.Contains(name, "/") || strings.HasPrefix(name, ".") {
			return optionError("WithName", "%q is not a file name that every system takes", name)
		}
		c.name = name
		return nil
	}
}

// WithOutput sets the folder that executables are written to, each in a folder
// named after its target: DIR/linux_amd64/NAME. It also keeps the records by
// which an unchanged target is recognised: use the same folder again to save
// the link. The default is a folder of the user's cache, one for each source
// folder and package.
func WithOutput(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return optionError("WithOutput", "the folder is empty")
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return optionError("WithOutput", "%v", err)
		}
		c.output = abs
		return nil
	}
}

// CheckToolchain reports whether version can name a released toolchain, as
// "go1.26.8". What a development tree or a patched toolchain records cannot.
func CheckToolchain(version string) error {
	released := regexp.MustCompile(`^go1(\.\d+){1,2}((rc|beta)\d+)?(-[A-Za-z0-9.+_-]+)?$`)
	if !released.MatchString(version) {
		return fmt.Errorf("%q is not a Go version, as \"go1.26.8\"", version)
	}
	return nil
}

// WithToolchain pins the Go toolchain, as "go1.26.8". The go command fetches
// it through the module proxy if it is not installed, and checks it against
// the checksum database.
func WithToolchain(version string) Option {
	return func(c *config) error {
		if err := CheckToolchain(version); err != nil {
			return optionError("WithToolchain", "%v", err)
		}
		c.plan.Toolchain = version
		return nil
	}
}

// WithToolchainOf pins the toolchain that built an executable, as its build
// info records it: a hotfix is built by what built the version that runs.
func WithToolchainOf(executable string) Option {
	return func(c *config) error {
		info, err := goexe.BuildInfo(executable)
		if err != nil {
			return optionError("WithToolchainOf", "%s: no Go build info can be read: %v", executable, err)
		}
		version, _, _ := strings.Cut(info.GoVersion, " ")
		if err := WithToolchain(version)(c); err != nil {
			return optionError("WithToolchainOf", "%s was built by %q, which is not a released toolchain", executable, info.GoVersion)
		}
		return nil
	}
}

// WithTags sets build tags. The default is none.
func WithTags(tags ...string) Option {
	return func(c *config) error {
		for _, tag := range tags {
			if tag == "" || strings.ContainsFunc(tag, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' }) {
				return optionError("WithTags", "%q is not a build tag", tag)
			}
		}
		c.plan.Tags = slices.Compact(slices.Sorted(slices.Values(tags)))
		return nil
	}
}

// WithVariable sets a string variable of the program when it is linked (-X).
// The name is the package's import path, or "main", a dot and the variable.
func WithVariable(name, value string) Option {
	return func(c *config) error {
		path, variable, err := splitVariable(name)
		if err != nil {
			return optionError("WithVariable", "%v", err)
		}
		if strings.ContainsRune(value, '\'') && strings.ContainsRune(value, '"') || strings.ContainsAny(value, "\x00\r\n") {
			return optionError("WithVariable", "the value of %s has both kinds of quotes or a line break, which the linker's flags cannot carry", name)
		}
		c.variables = append(c.variables, name)
		c.assignments = append(c.assignments, "-X", path+"."+variable+"="+value)
		return nil
	}
}

func splitVariable(name string) (path, variable string, err error) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || dot == len(name)-1 || strings.ContainsAny(name, " =\"'") {
		return "", "", fmt.Errorf("%q is not a package and a variable, as \"main.version\"", name)
	}
	path, variable = name[:dot], name[dot+1:]
	if path != "main" {
		if err := module.CheckImportPath(path); err != nil {
			return "", "", err
		}
	}
	return path, variable, nil
}

// WithLdflags replaces the linker's arguments "-s -w". Variables of
// [WithVariable] are added to them.
func WithLdflags(args ...string) Option {
	return func(c *config) error {
		if err := checkFlags("WithLdflags", args); err != nil {
			return err
		}
		c.plan.Ldflags = slices.Clone(args)
		return nil
	}
}

// WithGcflags sets arguments of the compiler for the main module's packages.
// The default is none.
func WithGcflags(args ...string) Option {
	return func(c *config) error {
		if err := checkFlags("WithGcflags", args); err != nil {
			return err
		}
		c.plan.Gcflags = slices.Clone(args)
		return nil
	}
}

func checkFlags(option string, args []string) error {
	for _, arg := range args {
		if arg == "" || strings.ContainsRune(arg, '\'') && strings.ContainsRune(arg, '"') {
			return optionError(option, "the argument %q is empty or has both kinds of quotes", arg)
		}
	}
	return nil
}

// WithPGO sets the profile for profile-guided optimisation: a file, "off" or
// "auto". The default is "auto", Go's own: default.pgo in the main package's folder, if there.
func WithPGO(profile string) Option {
	return func(c *config) error {
		if profile != "off" && profile != "auto" {
			abs, err := filepath.Abs(profile)
			if err != nil {
				return optionError("WithPGO", "%v", err)
			}
			info, err := os.Stat(abs)
			if err != nil {
				return optionError("WithPGO", "the profile cannot be read: %v", err)
			}
			if info.IsDir() {
				return optionError("WithPGO", "%s is a folder, not a profile", abs)
			}
			profile = abs
		}
		c.plan.PGO = profile
		return nil
	}
}

// WithCgo turns cgo on. The default is CGO_ENABLED=0.
func WithCgo(cgo Cgo) Option {
	return func(c *config) error {
		c.plan.Cgo = &cgo
		return nil
	}
}

// WithVendor builds from the vendor folder of the module, or of the workspace. The default takes modules
// from the module cache and never changes go.mod (-mod=readonly).
func WithVendor() Option {
	return func(c *config) error {
		c.plan.Module = "vendor"
		return nil
	}
}

// WithWorkspace builds within a go.work file. The default is none, even where
// one lies above the source.
func WithWorkspace(path string) Option {
	return func(c *config) error {
		abs, err := filepath.Abs(path)
		if err != nil {
			return optionError("WithWorkspace", "%v", err)
		}
		if _, err := os.Stat(abs); err != nil {
			return optionError("WithWorkspace", "the go.work file cannot be read: %v", err)
		}
		c.plan.Workspace = abs
		return nil
	}
}

// WithBuildMode sets the build mode of the go command: "exe" or "pie".
func WithBuildMode(mode string) Option {
	return func(c *config) error {
		if mode != "exe" && mode != "pie" {
			return optionError("WithBuildMode", "%q is neither \"exe\" nor \"pie\"", mode)
		}
		c.plan.BuildMode = mode
		return nil
	}
}

// WithRace builds with the race detector, which needs [WithCgo] on most
// systems.
func WithRace() Option {
	return func(c *config) error {
		c.plan.Race = true
		return nil
	}
}

// WithVCSStamp writes revision, time and state of the checkout into the build
// info. Then the same tree without its repository gives other bytes; the
// default leaves it out.
func WithVCSStamp() Option {
	return func(c *config) error {
		c.plan.StampVCS = true
		return nil
	}
}

// WithEnviron sets the host's environment that variables are taken from. The
// default is the process's own, read once by [New].
func WithEnviron(environ []string) Option {
	return func(c *config) error {
		c.environ = slices.Clone(environ)
		return nil
	}
}

// WithParallel sets how many targets are built at once, at most. The default
// follows from the number of CPUs and the memory budget.
func WithParallel(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return optionError("WithParallel", "%d is not at least 1", n)
		}
		c.parallel = n
		return nil
	}
}

// MinMemoryBudget is the least budget that [WithMemoryBudget] takes: 256 MiB.
const MinMemoryBudget = 256 << 20

// WithMemoryBudget sets how many bytes of memory all tools of a build may use
// together. The default is three quarters of what is free when the build
// starts.
func WithMemoryBudget(bytes int64) Option {
	return func(c *config) error {
		if bytes < MinMemoryBudget {
			return optionError("WithMemoryBudget", "%d bytes are too few; give at least %d", bytes, MinMemoryBudget)
		}
		c.budget = bytes
		return nil
	}
}

// WithObserver sets a function that is called with every [Event]: one at a
// time, on goroutines of the Builder, which waits for it. The default is none.
func WithObserver(observe func(Event)) Option {
	return func(c *config) error {
		c.observer = observe
		return nil
	}
}

// WithLogger sets where the commands that are run are logged, at level debug.
// The default, and nil, discards them.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			logger = slog.New(slog.DiscardHandler)
		}
		c.logger = logger
		return nil
	}
}
