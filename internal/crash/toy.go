//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// toy is the program in testdata/toy with one of its mistakes, or with none.
type toy struct {
	program  string
	mistake  string
	stage    *stage
	contents map[string][]byte // by version
}

// newToy makes a toy with a folder in which version 1 is current.
func newToy(ctx context.Context, s *stage, mistake string) (*toy, error) {
	program, err := s.build(ctx, module+"internal/crash/testdata/toy", "toy", "")
	if err != nil {
		return nil, err
	}
	t := &toy{program: program, mistake: mistake, stage: s, contents: map[string][]byte{}}
	for i, version := range []string{"1", "2"} {
		content := make([]byte, 200_000)
		random := rand.NewChaCha8([32]byte{byte(i)})
		_, _ = random.Read(content) // it never fails
		t.contents[version] = content
		if err := os.WriteFile(t.file(version), content, 0o644); err != nil {
			return nil, err
		}
	}
	return t, t.install(t.before())
}

func (t *toy) before() string { return t.stage.path("toy-before") }

func (t *toy) file(version string) string { return t.stage.path("toy-" + version) }

func (t *toy) install(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(filepath.Join(dir, "versions", "1"), 0o755),
		os.WriteFile(filepath.Join(dir, "versions", "1", "app"), t.contents["1"], 0o755),
		os.Symlink("versions/1", filepath.Join(dir, "current")),
		os.WriteFile(filepath.Join(dir, "floor"), []byte("1"), 0o644),
	)
}

func (t *toy) name() string { return "toy" }

func (t *toy) argv(dir string, command ...string) []string {
	return append([]string{t.program, t.mistake, dir}, command...)
}

func (t *toy) guarded() bool { return false }

func (t *toy) unsettled(string) error { return nil }

func (t *toy) pending(string) bool { return false }

func (t *toy) operations() []operation {
	return []operation{{name: "apply", before: t.before(), command: []string{"apply", "2", t.file("2")}, from: "1", to: "2", repeats: true}}
}

func (t *toy) look(dir string) (sight, error) {
	link, err := os.Readlink(filepath.Join(dir, "current"))
	if err != nil {
		return sight{}, fmt.Errorf("nothing is current: %w", err)
	}
	s := sight{version: filepath.Base(link)}
	content, err := os.ReadFile(filepath.Join(dir, link, "app"))
	if err != nil {
		return s, fmt.Errorf("version %s is missing: %w", s.version, err)
	}
	if !bytes.Equal(content, t.contents[s.version]) {
		return s, fmt.Errorf("version %s is torn: it has %d bytes of %d, or others", s.version, len(content), len(t.contents[s.version]))
	}
	floor, err := os.ReadFile(filepath.Join(dir, "floor"))
	if err != nil {
		return s, err
	}
	if s.floor, err = strconv.ParseInt(string(floor), 10, 64); err != nil {
		return s, fmt.Errorf("the floor is torn: %w", err)
	}
	s.names, err = namesIn(dir)
	return s, err
}
