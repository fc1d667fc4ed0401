package build

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// explain gives a failed go command its typed error.
func (b *Builder) explain(ctx context.Context, err error, plan Plan) error {
	var exit *gocmd.ExitError
	if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "unsupported GOOS/GOARCH pair") {
		return b.unsupported(ctx, plan.Target)
	}
	return explain(err, plan, b.module)
}

// explain finds the cause of a failed go command in what it printed. The
// module's path may be "".
func explain(err error, plan Plan, module string) error {
	if errors.Is(err, gocmd.ErrNotFound) {
		return &ToolchainError{Err: err}
	}
	var exit *gocmd.ExitError
	if !errors.As(err, &exit) {
		return diskFull(err)
	}
	stderr := string(exit.Stderr)
	if toolchain := missingToolchain(stderr, plan.Toolchain); toolchain != "" {
		return &ToolchainError{Toolchain: toolchain, Err: exit}
	}
	switch {
	case strings.Contains(stderr, "unsupported GOOS/GOARCH pair"):
		return &unsupportedError{fmt.Errorf("the toolchain does not support the target %s", plan.Target)}
	case containsAny(stderr, "no space left on device", "There is not enough space on the disk"):
		return fullDisk(exit)
	case isFetch(stderr):
		return fmt.Errorf("%w: %s: check its version and that GOPROXY can be reached", ErrFetch, toolMessage(exit))
	}
	if compile := parseDiagnostics(stderr, plan.Dir, module); compile != nil {
		return compile
	}
	return exit
}

// missingToolchain returns the toolchain that a go command could not become,
// or that is too old for the module.
func missingToolchain(stderr, pinned string) string {
	download := regexp.MustCompile(`(?m)^go: (?:download |cannot find ")(go1[^\s:"]*)`)
	if m := download.FindStringSubmatch(stderr); m != nil {
		return m[1]
	}
	tooOld := regexp.MustCompile(`requires go >= \S+ \(running go ([^\s;)]+)`)
	if m := tooOld.FindStringSubmatch(stderr); m != nil {
		return "go" + m[1]
	}
	if pinned != "" && strings.Contains(stderr, "toolchain not available") {
		return pinned
	}
	return ""
}

// isFetch recognises a module that is needed and could not be fetched.
func isFetch(stderr string) bool {
	return containsAny(stderr, "dial tcp", "proxyconnect", "no such host", "i/o timeout", "TLS handshake",
		"403 Forbidden", "404 Not Found", "410 Gone", "module lookup disabled by GOPROXY=off", "SECURITY ERROR", "unknown revision")
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// diskFull says what to do about an error of a full disk, and returns other
// errors as they are.
func diskFull(err error) error {
	if err == nil || errors.Is(err, ErrDiskFull) || !atomicfile.IsFull(err) {
		return err
	}
	return fullDisk(err)
}

func fullDisk(err error) error {
	return fmt.Errorf("%w: free some space for the output folder and Go's build cache, or choose others with WithOutput and GOCACHE, and run the build again: %w", ErrDiskFull, err)
}

// unsupportedError is a target that the toolchain does not have.
type unsupportedError struct{ err error }

func (e *unsupportedError) Error() string { return e.err.Error() }

// Unwrap makes the error an [errors.ErrUnsupported] and, if the nearest target
// is known, a [*target.UnknownError].
func (e *unsupportedError) Unwrap() []error { return []error{e.err, errors.ErrUnsupported} }

// unsupported looks up what the toolchain supports, to name the target that
// was probably meant.
func (b *Builder) unsupported(ctx context.Context, t target.Target) error {
	ports, err := b.Ports(ctx)
	if err != nil {
		return &unsupportedError{fmt.Errorf("the toolchain does not support the target %s", t)}
	}
	if _, err = ports.Parse(t.String()); err == nil {
		err = fmt.Errorf("the toolchain does not support the target %s", t)
	}
	return &unsupportedError{err}
}
