package build

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// Main is the main package that a Builder builds.
type Main struct {
	ImportPath string
	Module     string // path of the module that holds it
	Version    string // of that module; empty for the module that is being built
	Dir        string // folder of the package
}

// Main resolves the main package under the build's own flags and environment.
// The answer is kept: it does not depend on the target. Errors wrap
// [ErrNotMain], a [*CompileError] or a [*ToolchainError].
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
	main, err := load(ctx, plan)
	if err != nil {
		return Main{}, err
	}
	b.loaded = &main
	return main, nil
}

func load(ctx context.Context, plan Plan) (Main, error) {
	found, err := packages.Load(&packages.Config{
		Context:    ctx,
		Mode:       packages.NeedName | packages.NeedFiles | packages.NeedModule,
		Dir:        plan.Dir,
		Env:        plan.Environ(),
		BuildFlags: plan.flags(plan.PGO),
	}, plan.Package)
	if err != nil {
		return Main{}, loadError(ctx, err, plan)
	}
	if len(found) != 1 {
		return Main{}, fmt.Errorf("%s is not one package but %d", plan.Package, len(found))
	}
	p := found[0]
	if len(p.Errors) > 0 {
		return Main{}, packageErrors(p)
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
func loadError(ctx context.Context, err error, plan Plan) error {
	if ctx.Err() != nil {
		return fmt.Errorf("listing %s: %w", plan.Package, context.Cause(ctx))
	}
	// The same command again, now under our own eyes: it fails within
	// milliseconds, and its standard error is the answer.
	_, again := gocmd.Run(ctx, gocmd.Command{
		Argv: append(append([]string{"go", "list", "-e"}, plan.flags(plan.PGO)...), plan.Package),
		Dir:  plan.Dir, Env: plan.Environ(),
	})
	if again != nil {
		return explain(again, plan)
	}
	return fmt.Errorf("listing %s: %w", plan.Package, err)
}

func packageErrors(p *packages.Package) error {
	broken := PackageErrors{ImportPath: p.PkgPath}
	for _, e := range p.Errors {
		d := newDiagnosticParser()
		d.add(e.Pos + ": " + e.Msg)
		diagnostic := d.packages[0].Diagnostics[0]
		if diagnostic.File == "" {
			diagnostic.Message = e.Msg
		}
		broken.Diagnostics = append(broken.Diagnostics, diagnostic)
	}
	return errors.Join(&CompileError{Packages: []PackageErrors{broken}})
}
