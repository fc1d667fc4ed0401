package build

import (
	"bytes"
	"context"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// Ports asks the toolchain that builds which targets it supports; expand a
// [target.Set] with it. The first call with a Go release makes the go command
// build its "dist" tool, once.
func (b *Builder) Ports(ctx context.Context) (target.List, error) {
	plan := b.plan
	plan.Target = target.Host()
	result, err := gocmd.Run(ctx, gocmd.Command{
		Argv: []string{"go", "tool", "dist", "list", "-json"},
		Dir:  plan.Dir,
		Env:  plan.Environ(),
	})
	if err != nil {
		return nil, explain(err, plan, b.module)
	}
	return target.ParseDistList(bytes.NewReader(result.Stdout))
}
