package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// content is one file of a pair.
type content interface {
	// write makes the file.
	write(ctx context.Context, s *store, path string) error
	// recipe says how it is made: what is made in the same way is the same.
	recipe() string
}

// missingError says that this machine cannot make a file.
type missingError struct{ reason string }

func (e *missingError) Error() string { return e.reason }

// built is an executable that the go command makes.
type built struct {
	upstream.Executable
	Needs string // C compiler that has to be installed; "" for none
}

// nativeCompiler compiles for this machine alone.
const nativeCompiler = "gcc"

func (b built) recipe() string { return "built: " + describe(b) }

func (b built) write(ctx context.Context, s *store, path string) error {
	if b.Needs == nativeCompiler && b.Target != target.Host() {
		return &missingError{"this is not " + b.Target.String()}
	}
	if b.Needs != "" {
		if _, err := exec.LookPath(b.Needs); err != nil {
			return &missingError{"there is no " + b.Needs}
		}
	}
	return s.workshop.Build(ctx, b.Executable, path)
}

// made is what a function makes of nothing, or of another file.
type made struct {
	How  string  // name of what is done
	From content // nil for none
	make func([]byte) []byte
}

func (m made) recipe() string {
	if m.From == nil {
		return "made: " + m.How
	}
	return "made: " + m.How + " of " + m.From.recipe()
}

func (m made) write(ctx context.Context, s *store, path string) error {
	var data []byte
	if m.From != nil {
		from, err := s.file(ctx, m.From)
		if err != nil {
			return err
		}
		if data, err = os.ReadFile(from); err != nil {
			return err
		}
	}
	return os.WriteFile(path, m.make(bytes.Clone(data)), 0o644)
}

// installed is a program of this machine, by its name.
type installed string

func (i installed) recipe() string {
	path, err := exec.LookPath(string(i))
	if err != nil {
		return "installed: no " + string(i)
	}
	data, err := os.ReadFile(path)
	return fmt.Sprintf("installed: %s %x %v", path, sha256.Sum256(data), err)
}

func (i installed) write(_ context.Context, _ *store, path string) error {
	from, err := exec.LookPath(string(i))
	if err != nil {
		return &missingError{"there is no " + string(i)}
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func describe(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(text)
}
