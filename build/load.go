package build

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// Main is the main package that a Builder builds.
type Main struct {
	ImportPath string // of the main package
	Module     string // path of the module that holds it
	Version    string // of that module; empty for the module that is being built
	Dir        string // folder of the package
}

// Main resolves the main package under the build's own flags and environment
// for a target. The first answer without an error is kept, since it is the same
// for every target. Errors wrap [ErrNotMain], a [*CompileError] or a
// [*ToolchainError].
func (b *Builder) Main(ctx context.Context, t target.Target) (Main, error) {
	b.loading.Lock()
	defer b.loading.Unlock()
	if b.loaded != nil {
		return *b.loaded, nil
	}
	plan, err := b.Plan(t)
	if err != nil {
		return Main{}, err
	}
	main, err := b.load(ctx, plan)
	if err != nil {
		return Main{}, err
	}
	if err := b.checkVariables(main.ImportPath); err != nil {
		return Main{}, err
	}
	b.loaded = &main
	return main, nil
}

// Toolchain returns the Go version that builds the target, as "go1.26.8": the
// one that is pinned, or the one that the go command chooses by go.mod. Errors
// are those of [Builder.Build].
func (b *Builder) Toolchain(ctx context.Context, t target.Target) (string, error) {
	plan, err := b.Plan(t)
	if err != nil || plan.Toolchain != "" {
		return plan.Toolchain, err
	}
	out, err := gocmd.Run(ctx, gocmd.Command{Argv: []string{"go", "env", "GOVERSION"}, Dir: plan.Dir, Env: plan.Environ()})
	if err != nil {
		return "", b.explain(ctx, err, plan)
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(out.Stdout)), " ")
	return version, nil
}

// checkVariables refuses variables of the main package under its import path:
// the linker knows it as "main" and ignores the others without a word.
func (b *Builder) checkVariables(main string) error {
	for _, name := range b.variables {
		if path, variable, _ := splitVariable(name); path == main {
			return optionError("WithVariable", "the linker knows package %s as \"main\": write \"main.%s\"", path, variable)
		}
	}
	return nil
}

func (b *Builder) load(ctx context.Context, plan Plan) (Main, error) {
	if _, err := gocmd.LookPath(plan.Environ(), "go"); err != nil {
		return Main{}, &ToolchainError{Err: err}
	}
	found, err := packages.Load(&packages.Config{
		Context:    ctx,
		Mode:       packages.NeedName | packages.NeedFiles | packages.NeedModule,
		Dir:        plan.Dir,
		Env:        gocmd.With(plan.Environ(), "GOPACKAGESDRIVER=off"),
		BuildFlags: plan.ListFlags(),
	}, plan.Package)
	if err != nil {
		return Main{}, b.loadError(ctx, err, plan)
	}
	if len(found) != 1 {
		return Main{}, fmt.Errorf("%s is not one package but %d", plan.Package, len(found))
	}
	p := found[0]
	if len(p.Errors) > 0 {
		return Main{}, packageErrors(p, newDiagnosticParser(plan.Dir, b.module))
	}
	if p.Name != "main" {
		return Main{}, fmt.Errorf("%s is package %s: %w: give the folder that holds func main", p.PkgPath, p.Name, ErrNotMain)
	}
	main := Main{ImportPath: p.PkgPath, Dir: p.Dir}
	if p.Module != nil {
		main.Module, main.Version = p.Module.Path, p.Module.Version
	}
	return main, nil
}

// loadError finds the typed cause of a go command that did not even list: the
// library keeps only its text.
func (b *Builder) loadError(ctx context.Context, err error, plan Plan) error {
	if ctx.Err() != nil {
		return fmt.Errorf("listing %s: %w", plan.Package, context.Cause(ctx))
	}
	// The same command again, now under our own eyes: it fails within
	// milliseconds, and its standard error is the answer.
	_, again := gocmd.Run(ctx, gocmd.Command{
		Argv: append(append([]string{"go", "list", "-e"}, plan.ListFlags()...), plan.Package),
		Dir:  plan.Dir, Env: plan.Environ(),
	})
	if again != nil {
		return b.explain(ctx, again, plan)
	}
	return fmt.Errorf("listing %s: %w", plan.Package, err)
}

// packageErrors turns what was listed about a broken package into the error
// that building it would have had.
func packageErrors(p *packages.Package, parser *diagnosticParser) error {
	broken := PackageErrors{ImportPath: p.PkgPath}
	for _, e := range p.Errors {
		if isFetch(e.Msg) {
			return fmt.Errorf("%w: %s: check its version and that GOPROXY can be reached", ErrFetch, oneLine(e.Msg))
		}
		d := parser.parse(e.Pos + ": " + oneLine(e.Msg))
		if d.File == "" {
			d.Message = oneLine(e.Msg)
		}
		broken.Diagnostics = append(broken.Diagnostics, d)
	}
	return &CompileError{Packages: []PackageErrors{broken}}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
