package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// hotfix is one statement to put at the top of one function.
type hotfix struct {
	name, module, pkg string // module is PATH@VERSION
	edit              upstream.Statement
	symbol            string // of the function in the executable
	targets           []target.Target
}

func hotfixes() []hotfix {
	const (
		nats = "github.com/nats-io/nats-server/v2@v2.14.8"
		yq   = "github.com/mikefarah/yq/v4@v4.54.1"
		age  = "filippo.io/age@v1.3.2"

		caddy = "github.com/caddyserver/caddy/v2@v2.11.8"
	)
	linux := []target.Target{target.MustParse("linux/amd64")}
	return []hotfix{
		{"nats-a", nats, ".", upstream.Statement{File: "server/client.go", Receiver: "*client", Function: "processUnsub",
			Text: `if len(arg) == 0 { c.Debugf("empty argument of UNSUB"); return fmt.Errorf("processUnsub: empty argument") }`},
			"github.com/nats-io/nats-server/v2/server.(*client).processUnsub", linux},
		{"nats-b", nats, ".", upstream.Statement{File: "server/monitor.go", Receiver: "*Server", Function: "HandleRoutez",
			Text: `if r.URL == nil { s.Errorf("routez: a request without URL"); w.WriteHeader(503); return }`},
			"github.com/nats-io/nats-server/v2/server.(*Server).HandleRoutez", linux},
		{"yq-a", yq, ".", upstream.Statement{File: "pkg/yqlib/operator_env.go", Function: "envOperator",
			Text: `if expressionNode == nil { return Context{}, fmt.Errorf("env: the expression is missing") }`},
			"github.com/mikefarah/yq/v4/pkg/yqlib.envOperator", linux},
		{"yq-b", yq, ".", upstream.Statement{File: "pkg/yqlib/decoder_ini.go", Receiver: "*iniDecoder", Function: "Decode",
			Text: `if dec.reader == nil { return nil, fmt.Errorf("ini: no reader was given") }`},
			"github.com/mikefarah/yq/v4/pkg/yqlib.(*iniDecoder).Decode", linux},
		{"age-a", age, "./cmd/age", upstream.Statement{File: "cmd/age/age.go", Function: "decrypt",
			Text: `if len(identities) == 0 { errorf("no identities were given") }`},
			"main.decrypt", []target.Target{target.MustParse("linux/arm64"), target.MustParse("windows/amd64"), target.MustParse("darwin/arm64")}},
		{"caddy-a", caddy, "./cmd/caddy", upstream.Statement{File: "modules/caddyhttp/staticresp.go", Receiver: "StaticResponse", Function: "ServeHTTP",
			Text: `if r.URL == nil { return Error(http.StatusBadRequest, fmt.Errorf("static response: a request without URL")) }`},
			"github.com/caddyserver/caddy/v2/modules/caddyhttp.StaticResponse.ServeHTTP", linux},
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
			if err := h.edit.Insert(filepath.Join(dir, "source")); err != nil {
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
