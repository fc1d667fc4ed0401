package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// otherToolchain is a patch release beside the installed one. The go command
// fetches it.
const otherToolchain = "go1.26.9"

// program is a real program with the ways to build what runs.
type program struct {
	name, module, pkg string // module is PATH@VERSION
	edit              upstream.Edit
	releases          []release
}

// release is one way to build what runs.
type release struct {
	name   string
	flags  []string // instead of the usual ones
	env    []string
	dirty  bool              // from a checkout with an edited statement
	causes []build.CauseKind // that the proof must name, in this order
	tells  string            // part of the first one
}

func usual() release {
	return release{name: "as usual", flags: []string{"-trimpath", "-ldflags=-s -w"}}
}

// wrong are ways to build that the default plan does not follow, given a variable
// of the program and the function that a dirty tree has edited.
func wrong(variable, function string) []release {
	return []release{
		usual(),
		{name: "-tags", flags: []string{"-trimpath", "-ldflags=-s -w", "-tags=netgo"}, causes: []build.CauseKind{build.CauseFlags}, tells: `-tags is "netgo"`},
		{name: "no -trimpath", flags: []string{"-ldflags=-s -w"}, causes: []build.CauseKind{build.CausePath}, tells: "the folders of its build host"},
		{name: "no -s -w", flags: []string{"-trimpath"}, causes: []build.CauseKind{build.CauseSymbols}, tells: "symbols and debug information"},
		{name: "-X", flags: []string{"-trimpath", "-ldflags=-s -w -X " + variable + "=1f2e3d4"}, causes: []build.CauseKind{build.CauseVariables}, tells: "1f2e3d4"},
		{name: "cgo", flags: usual().flags, env: []string{"CGO_ENABLED=1"}, causes: []build.CauseKind{build.CauseCgo}, tells: `CGO_ENABLED is "1" in it, "0" in the rebuild`},
		{name: "GOAMD64=v3", flags: usual().flags, env: []string{"GOAMD64=v3"}, causes: []build.CauseKind{build.CauseTarget}, tells: "it was built for linux/amd64/v3, the rebuild for linux/amd64"},
		{name: otherToolchain, flags: usual().flags, env: []string{"GOTOOLCHAIN=" + otherToolchain}, causes: []build.CauseKind{build.CauseToolchain}, tells: "pin the toolchain to " + otherToolchain},
		{name: "dirty tree", flags: usual().flags, dirty: true, causes: []build.CauseKind{build.CauseDirty, build.CauseFlags}, tells: function},
	}
}

func programs() []program {
	const silly = `if len(os.Args) > 1000 { println("too many arguments") }`
	return []program{
		{"nats", "github.com/nats-io/nats-server/v2@v2.15.2", ".", upstream.Edit{}, []release{
			usual(),
			{name: "-X", flags: []string{"-trimpath", "-ldflags=-s -w -X github.com/nats-io/nats-server/v2/server.gitCommit=1f2e3d4"}, causes: []build.CauseKind{build.CauseVariables}, tells: "1f2e3d4"},
		}},
		{"yq", "github.com/mikefarah/yq/v4@v4.54.1", ".", upstream.Edit{File: "yq.go", Name: "main", Insert: silly},
			wrong("github.com/mikefarah/yq/v4/cmd.GitCommit", "main.main")},
		{"age", "filippo.io/age@v1.3.2", "./cmd/age", upstream.Edit{File: "cmd/age/age.go", Name: "decrypt", Insert: silly},
			wrong("main.Version", "main.decrypt")},
		{"caddy", "github.com/caddyserver/caddy/v2@v2.11.9", "./cmd/caddy", upstream.Edit{}, []release{usual()}},
	}
}

// prove builds the program in every way, and adds a row for each. It returns how
// many are not as they should be.
func (p program) prove(ctx context.Context, temp string, table *tabwriter.Writer) (wrong int, err error) {
	dir := filepath.Join(temp, p.name)
	var rebuilt *build.Artifact
	for _, r := range p.releases {
		running, err := p.build(ctx, r, dir)
		if err != nil {
			return wrong, fmt.Errorf("built %s: %w", r.name, err)
		}
		if rebuilt == nil { // with the toolchain of the usual release, as a hotfix is built
			if rebuilt, err = p.rebuild(ctx, dir, running); err != nil {
				return wrong, err
			}
		}
		start := time.Now()
		proof, err := build.Prove(ctx, running, rebuilt)
		if err != nil {
			return wrong, err
		}
		row(table, p, r, proof, time.Since(start))
		if r.judge(proof) != "yes" {
			wrong++
		}
	}
	return wrong, os.RemoveAll(dir)
}

// rebuild builds a copy of the source in another folder, by the library.
func (p program) rebuild(ctx context.Context, dir, running string) (*build.Artifact, error) {
	source := filepath.Join(dir, "elsewhere", "rebuilt")
	if err := upstream.Copy(ctx, p.module, source); err != nil {
		return nil, err
	}
	b, err := build.New(source, p.pkg, build.WithOutput(filepath.Join(dir, "out")), build.WithToolchainOf(running))
	if err != nil {
		return nil, err
	}
	return b.Build(ctx, target.MustParse("linux/amd64"))
}

// build builds what runs by the go command, and returns the executable's path.
func (p program) build(ctx context.Context, r release, dir string) (string, error) {
	source := filepath.Join(dir, "released")
	if err := upstream.Copy(ctx, p.module, source); err != nil {
		return "", err
	}
	if r.dirty {
		if err := p.makeDirty(ctx, source); err != nil {
			return "", err
		}
	}
	running := filepath.Join(dir, "running")
	args := append(append([]string{"build"}, r.flags...), "-o", running, p.pkg)
	env := append([]string{"GOFLAGS=", "GOENV=off", "GOWORK=off", "GOTOOLCHAIN=auto", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64"}, r.env...)
	return running, errors.Join(command(ctx, source, env, "go", args...), os.RemoveAll(source))
}

// makeDirty makes the folder a checkout, and edits a statement.
func (p program) makeDirty(ctx context.Context, source string) error {
	for _, args := range [][]string{
		{"init", "--quiet", "."}, {"add", "--all", "--force"},
		{"-c", "user.name=release", "-c", "user.email=release@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "release"},
	} {
		if err := command(ctx, source, nil, "git", args...); err != nil {
			return err
		}
	}
	return p.edit.In(source)
}

func command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
