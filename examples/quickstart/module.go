package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// fetched takes two versions of a program from the Go module proxy.
func fetched(ctx context.Context, s *settings, work string) (*program, error) {
	base, err := fetch(ctx, s.module, s.base, work, "base")
	if err != nil {
		return nil, err
	}
	fix, err := fetch(ctx, s.module, s.fix, work, "fix")
	if err != nil {
		return nil, err
	}
	if base.version == fix.version {
		return nil, fmt.Errorf("-base and -fix are both %s: give two versions", base.version)
	}
	p := &program{
		product: productName(s.module, s.pkg), pkg: s.pkg,
		baseDir: base.dir, fixDir: fix.dir,
		baseVersion: base.version, fixVersion: fix.version, fixTime: fix.time,
		versionVariable: s.versionVariable,
	}
	if len(s.run) > 0 {
		p.demonstrate = func(ctx context.Context, say *narrator, executable string) error {
			return runProgram(ctx, say, executable, s.run)
		}
	}
	return p, nil
}

// productName is the name of the executable, in the letters of a product.
func productName(modulePath, pkg string) string {
	full := path.Join(modulePath, pkg)
	if prefix, _, ok := module.SplitPathVersion(full); ok {
		full = prefix
	}
	return strings.ToLower(path.Base(full))
}

// version is one version of a module, as a folder that may be written to.
type version struct {
	dir, version string
	time         time.Time
}

// fetch asks the go command for a module and copies it out of the module
// cache. The go command checks it against the checksum database.
func fetch(ctx context.Context, modulePath, query, work, name string) (*version, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", modulePath+"@"+query)
	cmd.Dir = work // outside of any module
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, runErr := cmd.Output()
	var answer struct{ Version, Info, Dir, Error string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("fetching %s@%s: %w: %s", modulePath, query, errors.Join(runErr, err), strings.TrimSpace(stderr.String()))
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("fetching %s: check the module's path and version", strings.Join(strings.Fields(answer.Error), " "))
	}
	v := &version{dir: filepath.Join(work, name), version: answer.Version}
	if err := readTime(answer.Info, &v.time); err != nil {
		return nil, err
	}
	return v, copyTree(v.dir, answer.Dir)
}

// readTime reads when a version was committed, which the proxy tells.
func readTime(path string, t *time.Time) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var info struct{ Time time.Time }
	if err := json.Unmarshal(data, &info); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	*t = info.Time
	return nil
}

// copyTree copies files without their modes: the module cache is read-only.
func copyTree(dest, src string) error {
	tree := os.DirFS(src)
	return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dest, filepath.FromSlash(name))
		if entry.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

const (
	runTimeout = 30 * time.Second
	maxOutput  = 5 // lines
)

// runProgram runs the program to its end and shows the first lines it prints.
func runProgram(ctx context.Context, say *narrator, executable string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s %s: %w: %s", filepath.Base(executable), strings.Join(args, " "), err, firstLines(out, 1))
	}
	say.line("Running: %s %s", filepath.Base(executable), strings.Join(args, " "))
	for line := range strings.Lines(firstLines(out, maxOutput)) {
		say.line("  %s", strings.TrimRight(line, "\r\n"))
	}
	return nil
}

func firstLines(text []byte, n int) string {
	lines := strings.SplitN(strings.TrimSpace(string(text)), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
