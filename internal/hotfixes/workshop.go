package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// hotfix is one statement to put at the top of one function.
type hotfix struct {
	name, module, pkg        string // module is PATH@VERSION
	file, receiver, function string
	statement                string
	symbol                   string // of the function in the executable
	targets                  []target.Target
}

func hotfixes() []hotfix {
	const (
		nats = "github.com/nats-io/nats-server/v2@v2.14.8"
		yq   = "github.com/mikefarah/yq/v4@v4.54.1"
		age  = "filippo.io/age@v1.3.2"
	)
	linux := []target.Target{target.MustParse("linux/amd64")}
	return []hotfix{
		{"nats-a", nats, ".", "server/client.go", "*client", "processUnsub",
			`if len(arg) == 0 { c.Debugf("empty argument of UNSUB"); return fmt.Errorf("processUnsub: empty argument") }`,
			"github.com/nats-io/nats-server/v2/server.(*client).processUnsub", linux},
		{"nats-b", nats, ".", "server/monitor.go", "*Server", "HandleRoutez",
			`if r.URL == nil { s.Errorf("routez: a request without URL"); w.WriteHeader(503); return }`,
			"github.com/nats-io/nats-server/v2/server.(*Server).HandleRoutez", linux},
		{"yq-a", yq, ".", "pkg/yqlib/operator_env.go", "", "envOperator",
			`if expressionNode == nil { return Context{}, fmt.Errorf("env: the expression is missing") }`,
			"github.com/mikefarah/yq/v4/pkg/yqlib.envOperator", linux},
		{"yq-b", yq, ".", "pkg/yqlib/decoder_ini.go", "*iniDecoder", "Decode",
			`if dec.reader == nil { return nil, fmt.Errorf("ini: no reader was given") }`,
			"github.com/mikefarah/yq/v4/pkg/yqlib.(*iniDecoder).Decode", linux},
		{"age-a", age, "./cmd/age", "cmd/age/age.go", "", "decrypt",
			`if len(identities) == 0 { errorf("no identities were given") }`,
			"main.decrypt", []target.Target{target.MustParse("linux/arm64"), target.MustParse("windows/amd64"), target.MustParse("darwin/arm64")}},
	}
}

// workshop is where the programs are changed and built.
type workshop struct{ temp string }

// compare builds base and fix for a target and compares them.
func (w *workshop) compare(ctx context.Context, h hotfix, on target.Target) (*compare.Report, error) {
	dir := filepath.Join(w.temp, h.name, on.FileName())
	if err := upstream.Copy(ctx, h.module, filepath.Join(dir, "source")); err != nil {
		return nil, err
	}
	var paths []string
	for _, side := range []string{"base", "fix"} {
		if side == "fix" {
			if err := h.apply(filepath.Join(dir, "source")); err != nil {
				return nil, err
			}
		}
		b, err := build.New(filepath.Join(dir, "source"), h.pkg, build.WithOutput(filepath.Join(dir, side)))
		if err != nil {
			return nil, err
		}
		artifact, err := b.Build(ctx, on)
		if err != nil {
			return nil, err
		}
		paths = append(paths, artifact.Path)
	}
	report, err := compare.Executables(ctx, paths[0], paths[1])
	return report, errors.Join(err, os.RemoveAll(dir))
}

// apply puts the statement into the function.
func (h hotfix) apply(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(h.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range parsed.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != h.function || receiver(files, fn) != h.receiver {
			continue
		}
		at := files.Position(fn.Body.Lbrace).Offset + 1
		fixed := string(source[:at]) + "\n\t" + h.statement + "\n" + string(source[at:])
		return os.WriteFile(path, []byte(fixed), 0o644)
	}
	return fmt.Errorf("%s has no function %s", h.file, h.function)
}

func receiver(files *token.FileSet, fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	var text bytes.Buffer
	if err := format.Node(&text, files, fn.Recv.List[0].Type); err != nil {
		return ""
	}
	return text.String()
}
