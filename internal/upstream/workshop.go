package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// StandardLibrary stands for the standard library where a module's path says what
// is edited.
const StandardLibrary = "std"

// Executable says how an executable is made: by the go command, with the flags
// and variables of a release unless others are given.
type Executable struct {
	Module    string            `json:",omitempty"` // PATH@VERSION
	Files     map[string]string `json:",omitempty"` // the module's files by name, in place of Module
	Package   string            // main package, as "./cmd/age"
	Target    target.Target     // what it is built for
	Toolchain string            `json:",omitempty"` // as "go1.26.8"; "" for the installed one, or a newer one that go.mod asks for
	Require   []string          `json:",omitempty"` // PATH@VERSION of dependencies that are of other versions than go.mod says
	Edit      *Edit             `json:",omitempty"` // nil for none
	Edited    string            `json:",omitempty"` // what is edited: "" for the module, the path of a vendored dependency, or [StandardLibrary]
	Vendored  bool              `json:",omitempty"` // dependencies are taken from the module's vendor folder, which is made
	Flags     []string          `json:",omitempty"` // in place of -trimpath and -ldflags="-s -w"
	Env       []string          `json:",omitempty"` // beside the target's variables and CGO_ENABLED=0
}

// Workshop is a folder where modules are copied to and built.
type Workshop struct {
	dir     string
	sources map[string]string // folders of modules, by what is in them
	edits   int               // how many overlays were written
}

// NewWorkshop takes a folder, which the caller removes.
func NewWorkshop(dir string) *Workshop {
	return &Workshop{dir: dir, sources: map[string]string{}}
}

// Build writes an executable to a file. The source of the module stays as it is:
// the edited file is laid over it, so that all edits of a module share one copy.
func (w *Workshop) Build(ctx context.Context, e Executable, output string) error {
	source, err := w.Source(ctx, e)
	if err != nil {
		return err
	}
	output, err = filepath.Abs(output)
	if err != nil {
		return err
	}
	argv, env := append([]string{"go", "build", "-buildvcs=false", "-mod=" + e.modules()}, e.flags()...), e.environ()
	if e.Edit != nil {
		root, err := w.root(ctx, e, source)
		if err != nil {
			return err
		}
		if e.Edited == StandardLibrary {
			argv[0], env = filepath.Join(root, "bin", "go"), gocmd.With(env, "GOROOT="+root, "GOTOOLCHAIN=local")
			root = filepath.Join(root, "src")
		}
		overlay, err := w.overlay(*e.Edit, root)
		if err != nil {
			return err
		}
		argv = append(argv, "-overlay="+overlay)
	}
	_, err = gocmd.Run(ctx, gocmd.Command{Argv: append(argv, "-o", output, e.Package), Dir: source, Env: env})
	return err
}

func (e Executable) modules() string {
	if e.Vendored {
		return "vendor"
	}
	return "readonly"
}

func (e Executable) flags() []string {
	if e.Flags != nil {
		return e.Flags
	}
	return []string{"-trimpath", "-ldflags=-s -w"}
}

func (e Executable) environ() []string {
	env := gocmd.With(gocmd.Places(os.Environ()), "GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=0", "GOTOOLCHAIN="+e.toolchain())
	return gocmd.With(env, append(e.Target.Environ(), e.Env...)...)
}

func (e Executable) toolchain() string {
	if e.Toolchain == "" {
		return "auto"
	}
	return e.Toolchain
}

// Source returns the folder of an executable's module.
func (w *Workshop) Source(ctx context.Context, e Executable) (string, error) {
	key := fmt.Sprint(e.Module, e.Files, e.Require, e.Vendored)
	if dir, ok := w.sources[key]; ok {
		return dir, nil
	}
	dir := filepath.Join(w.dir, fmt.Sprintf("source-%d", len(w.sources)))
	if err := e.write(ctx, dir); err != nil {
		return "", err
	}
	w.sources[key] = dir
	if len(e.Require) > 0 {
		if _, err := ask(ctx, dir, e.environ(), append([]string{"go", "get"}, e.Require...)...); err != nil {
			return "", err
		}
	}
	if e.Vendored {
		_, err := ask(ctx, dir, e.environ(), "go", "mod", "vendor")
		return dir, err
	}
	return dir, nil
}

func (e Executable) write(ctx context.Context, dir string) error {
	if e.Module != "" {
		return Copy(ctx, e.Module, dir)
	}
	for name, text := range e.Files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// overlay writes the edited file, and the file that tells the go command of it.
func (w *Workshop) overlay(edit Edit, root string) (string, error) {
	original := filepath.Join(root, filepath.FromSlash(edit.File))
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if text, err = edit.Apply(text); err != nil {
		return "", err
	}
	w.edits++
	dir := filepath.Join(w.dir, fmt.Sprintf("edit-%d", w.edits))
	edited, overlay := filepath.Join(dir, filepath.Base(original)), filepath.Join(dir, "overlay.json")
	table, err := json.Marshal(map[string]map[string]string{"Replace": {original: edited}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(edited, text, 0o644); err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, table, 0o644)
}

// root is the folder of what is edited, GOROOT for the standard library.
func (w *Workshop) root(ctx context.Context, e Executable, source string) (string, error) {
	switch e.Edited {
	case "":
		return source, nil
	case StandardLibrary:
		root, err := ask(ctx, source, e.environ(), "go", "env", "GOROOT")
		if err != nil {
			return "", err
		}
		return w.alias(root)
	}
	return filepath.Join(source, "vendor", filepath.FromSlash(e.Edited)), nil
}

// alias is another name of a GOROOT: the go command lays nothing over files of the
// module cache, where toolchains that it fetched are.
func (w *Workshop) alias(root string) (string, error) {
	name := filepath.Join(w.dir, filepath.Base(root))
	if _, err := os.Lstat(name); err == nil {
		return name, nil
	}
	return name, os.Symlink(root, name)
}

// Toolchain returns the Go version that the go command builds the module in a
// folder with, in an environment.
func Toolchain(ctx context.Context, dir string, env []string) (string, error) {
	version, err := ask(ctx, dir, env, "go", "env", "GOVERSION")
	if err != nil {
		return "", fmt.Errorf("asking for the toolchain: %w", err)
	}
	version, _, _ = strings.Cut(version, " ")
	return version, nil
}

// Pinned returns the executable with the toolchain named that it is built by.
func (w *Workshop) Pinned(ctx context.Context, e Executable) (Executable, error) {
	source, err := w.Source(ctx, e)
	if err != nil {
		return e, err
	}
	e.Toolchain, err = Toolchain(ctx, source, e.environ())
	return e, err
}

func ask(ctx context.Context, dir string, env []string, argv ...string) (string, error) {
	result, err := gocmd.Run(ctx, gocmd.Command{Argv: argv, Dir: dir, Env: env})
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(result.Stdout)), nil
}
