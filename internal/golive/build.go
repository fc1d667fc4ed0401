package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const servicePackage = "github.com/gohotfix/hotfix/examples/service"

// The statement that is the fix, and where it goes.
const (
	fixedFunction = "func (h *handler) echo(w http.ResponseWriter, r *http.Request) {\n"
	fix           = "\tif r.ContentLength > 1<<40 {\n\t\thttp.Error(w, \"too large\", http.StatusRequestEntityTooLarge)\n\t\treturn\n\t}\n"
)

// ballast makes the executable as large as a real one. It is noise, as code is to a
// compressor.
const ballast = `package main

import _ "embed"

//go:embed ballast.bin
var ballast string

func init() {
	if len(ballast) == 0 {
		panic("no ballast")
	}
	keep = ballast
}

var keep string
`

// builder builds the service with and without the fix.
type builder struct {
	dir, source string // where to put things, and the service's own folder
	megabytes   int
}

func newBuilder(ctx context.Context, dir string, megabytes int) (*builder, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", servicePackage).Output()
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", servicePackage, err)
	}
	return &builder{dir: dir, source: strings.TrimSpace(string(out)), megabytes: megabytes}, nil
}

// build returns the path of the executable.
func (b *builder) build(ctx context.Context, fixed bool, padding int) (string, error) {
	noise := make([]byte, padding)
	rand.New(rand.NewSource(1)).Read(noise)
	handler, err := b.handler(fixed)
	if err != nil {
		return "", err
	}
	overlay, err := b.overlay(map[string][]byte{"ballast.bin": noise, "ballast.go": []byte(ballast), "handler.go": handler}, fixed)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, fmt.Sprintf("service-%t", fixed))
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, servicePackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the service: %w: %s", err, bytes.TrimSpace(out))
	}
	return path, nil
}

// sized builds both, with as much ballast as makes them the wanted size.
func (b *builder) sized(ctx context.Context) (old, next string, err error) {
	if old, err = b.build(ctx, false, 1); err != nil {
		return "", "", err
	}
	info, err := os.Stat(old)
	if err != nil {
		return "", "", err
	}
	padding := max(b.megabytes*1_000_000-int(info.Size()), 1)
	if old, err = b.build(ctx, false, padding); err != nil {
		return "", "", err
	}
	next, err = b.build(ctx, true, padding)
	return old, next, err
}

func (b *builder) handler(fixed bool) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(b.source, "handler.go"))
	if err != nil || !fixed {
		return text, err
	}
	if !bytes.Contains(text, []byte(fixedFunction)) {
		return nil, errors.New("the service has no function to fix: adapt fixedFunction")
	}
	return bytes.Replace(text, []byte(fixedFunction), []byte(fixedFunction+fix), 1), nil
}

func (b *builder) overlay(files map[string][]byte, fixed bool) (string, error) {
	replace := map[string]string{}
	for name, data := range files {
		path := filepath.Join(b.dir, fmt.Sprintf("%t-%s", fixed, name))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(b.source, name)] = path
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, fmt.Sprintf("overlay-%t.json", fixed))
	return path, os.WriteFile(path, data, 0o644)
}
