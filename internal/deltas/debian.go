package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// packaged is a file of a Debian package, in the newest version that the archive
// has or the one before.
type packaged struct {
	Package string
	File    string // in the package, as "usr/bin/ctr"
	Before  bool   // of the version before the newest
}

func (p packaged) recipe() string { return "packaged: " + describe(p) }

func (p packaged) write(ctx context.Context, s *store, path string) error {
	for _, tool := range []string{"apt-cache", "apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return &missingError{"this is no Debian system"}
		}
	}
	version, err := p.version(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.temp, "package-*")
	if err != nil {
		return err
	}
	if out, err := inFolder(ctx, dir, "apt-get", "download", p.Package+"="+version); err != nil {
		return &missingError{fmt.Sprintf("%s %s cannot be fetched: %s", p.Package, version, out)}
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("%s: %d archives were fetched: %w", p.Package, len(archives), err)
	}
	if out, err := inFolder(ctx, dir, "dpkg-deb", "-x", archives[0], "."); err != nil {
		return fmt.Errorf("%s: %w: %s", archives[0], err, out)
	}
	return share(filepath.Join(dir, filepath.FromSlash(p.File)), path)
}

// version asks which versions the archive has.
func (p packaged) version(ctx context.Context) (string, error) {
	out, err := inFolder(ctx, os.TempDir(), "apt-cache", "madison", p.Package)
	if err != nil {
		return "", &missingError{p.Package + " is not known: " + out}
	}
	versions := madison(out)
	at := 0
	if p.Before {
		at = 1
	}
	if at >= len(versions) {
		return "", &missingError{fmt.Sprintf("the archive has %d versions of %s", len(versions), p.Package)}
	}
	return versions[at], nil
}

// madison reads the versions, newest first, from what "apt-cache madison" prints:
// one may be in several parts of the archive.
func madison(table string) []string {
	var versions []string
	for line := range strings.Lines(table) {
		fields := strings.Split(line, "|")
		if len(fields) != 3 {
			continue
		}
		if version := strings.TrimSpace(fields[1]); !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	return versions
}

func inFolder(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
