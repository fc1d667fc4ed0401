package build

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// toolchainPlaces are where the toolchain and the module cache lie.
type toolchainPlaces struct{ GOROOT, GOMODCACHE, GOVERSION string }

// prepareToolchain fetches the toolchain, if need be, and asks it for its
// places.
func (r *rebuilder) prepareToolchain(ctx context.Context) error {
	out, err := r.goCommand(ctx, goRun{dir: r.temp, args: []string{"env", "-json", "GOROOT", "GOMODCACHE", "GOVERSION"}})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, &r.places); err != nil {
		return fmt.Errorf("reading what go env printed: %w", err)
	}
	if version, _, _ := strings.Cut(r.places.GOVERSION, " "); version != r.recipe.toolchain {
		return &ToolchainError{Toolchain: r.recipe.toolchain, Err: fmt.Errorf("the go command says that it is %s", r.places.GOVERSION)}
	}
	return nil
}

// goRun is one run of the go command.
type goRun struct {
	dir    string
	args   []string
	env    []string // beyond what the recipe says
	goroot string   // root of the toolchain; empty to let the go command find it

	tolerant bool // a failed command that printed its answer is no error
}

// goCommand runs the toolchain's go command and returns what it prints. Errors
// are typed as those of a build.
func (r *rebuilder) goCommand(ctx context.Context, run goRun) ([]byte, error) {
	plan := r.plan()
	env := slices.Concat(r.builder.schedule(1).environ(), []string{"PWD=" + run.dir}, run.env)
	argv := append([]string{"go"}, run.args...)
	if run.goroot != "" {
		argv[0] = filepath.Join(run.goroot, "bin", "go")
		env = append(env, "GOROOT="+run.goroot, "GOTOOLCHAIN=local")
	}
	r.builder.logger.DebugContext(ctx, "running the go command", "argv", argv, "dir", run.dir)
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: argv, Dir: run.dir, Env: gocmd.With(plan.Environ(), env...),
		OnLine: func(line string) {
			if isProgress(line) && line != "" && !isDownload(line) {
				r.builder.emit(PackageCompiling{Target: plan.Target, ImportPath: line})
			}
		},
	})
	if err != nil && run.tolerant && result != nil && len(result.Stdout) > 0 {
		return result.Stdout, nil
	}
	if err != nil {
		plan.Dir = run.dir
		return nil, explain(err, plan, r.recipe.module)
	}
	return result.Stdout, nil
}

// plan is the environment of the recipe on this host.
func (r *rebuilder) plan() Plan {
	plan := r.recipe.plan(r.hostPlaces)
	if plan.Cgo != nil && r.builder.plan.Cgo != nil {
		plan.Cgo = r.builder.plan.Cgo
	}
	return plan
}
