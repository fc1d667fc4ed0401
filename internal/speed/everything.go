package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// everything is a change, built, packed, signed and verified by the example
// release tool, against go build alone.
func (b *bench) everything(ctx context.Context) error {
	tool, err := b.releaseTool(ctx)
	if err != nil {
		return err
	}
	base := b.plainly()
	removed := func() (cost, error) { return b.plain(ctx, b.plainly()) }
	if _, err := removed(); err != nil { // warms the caches and makes the base
		return err
	}
	bases := b.path("base")
	var paths []string
	for _, t := range b.targets {
		path := filepath.Join(bases, t.FileName(), filepath.Base(base.binary(t)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.Rename(base.binary(t), path); err != nil {
			return err
		}
		paths = append(paths, path)
	}
	ours := func() (cost, error) { return tool.make(ctx, b, strings.Join(paths, ",")) }
	if err := b.once(ours); err != nil {
		return err
	}
	costs, err := b.all(true, removed, ours)
	if err != nil {
		return err
	}
	again, err := ours()
	if err != nil {
		return err
	}
	b.report.baseline("everything included", "go build", costs[0])
	b.report.compare("", "build, pack, sign, verify", costs[1], costs[0], everythingLimit)
	b.report.baseline("", "the same again, nothing changed", again)
	return nil
}

// releaseTool is the example release tool with a key of its own.
type releaseTool struct {
	path, key string
	env       []string
}

func (b *bench) releaseTool(ctx context.Context) (*releaseTool, error) {
	tool := &releaseTool{path: b.path("releasetool"), key: b.path("key"), env: append(os.Environ(), "COSIGN_PASSWORD=benchmark")}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", tool.path, "github.com/gohotfix/hotfix/examples/releasetool").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the release tool (run this from the module's folder): %w: %s", err, tail(string(out)))
	}
	_, err := command{dir: b.temp, env: tool.env, argv: []string{tool.path, "keygen", "-out", tool.key}}.run(ctx)
	return tool, err
}

func (r *releaseTool) make(ctx context.Context, b *bench, base string) (cost, error) {
	dist := b.path("dist")
	if err := os.RemoveAll(dist); err != nil {
		return cost{}, err
	}
	var names []string
	for _, t := range b.targets {
		names = append(names, t.String())
	}
	return command{dir: b.temp, env: r.env, argv: []string{
		r.path, "make", "-src", b.source, "-pkg", b.pkg, "-base", base, "-base-version", "v1.0.0", "-version", "v1.0.1", "-product", "program",
		"-toolchain", b.toolchain,
		"-targets", strings.Join(names, ","), "-cache", b.path("cache"), "-out", dist, "-key", r.key + ".key", "-json",
	}}.run(ctx)
}
