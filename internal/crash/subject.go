//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// subject is a program that keeps versions in a folder, and must do so whatever
// happens to it.
type subject interface {
	// name is that of the program, with which its errors begin.
	name() string
	// argv returns a command line for the folder.
	argv(dir string, command ...string) []string
	// look says what is in the folder, without the help of the program.
	look(dir string) (sight, error)
	// pending reports whether a file or folder is one by which the recovery finishes or takes back what
	// was switched: a command that fails after the switch may leave it.
	pending(name string) bool
	// guarded reports whether the subject leaves somebody behind who takes an operation back when it is
	// killed.
	guarded() bool
	// unsettled is an error if what is current was neither confirmed nor taken back.
	unsettled(dir string) error
	// operations returns what it can do.
	operations() []operation
}

// operation is something that a subject does, and that is disturbed.
type operation struct {
	name    string
	before  string   // a folder as it is beforehand
	command []string // that does it
	instead []string // that does the same where that was taken back, and is not done again; nil if it can be
	from    string   // version that is current beforehand
	to      string   // and afterwards
	// nothing is what recovery and status may say where there is nothing yet; "" if there
	// always is something.
	nothing string
	// repeats says that it can be done again when it is done, and changes nothing.
	repeats bool
}

// allows reports whether a version may be current during the operation.
func (o operation) allows(version string) bool { return version == o.from || version == o.to }

// sight is what is in a folder.
type sight struct {
	version string   // that is current, and whole
	floor   int64    // highest sequence that was confirmed
	names   []string // of all files, folders and links, sorted
}

// stage is what all trials share: where the folders lie, and the environment.
type stage struct {
	dir string
}

func newStage() (*stage, error) {
	dir, err := os.MkdirTemp("", "crash-")
	return &stage{dir: dir}, err
}

func (s *stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

func (s *stage) close() error { return removeTree(s.dir) }

// build builds a program of this module.
func (s *stage) build(ctx context.Context, pkg, name, ldflags string) (string, error) {
	path := s.path(name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w "+ldflags, "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s; run this inside of the module", pkg, err, strings.TrimSpace(string(out)))
	}
	return path, nil
}

const module = "github.com/gohotfix/hotfix/"
