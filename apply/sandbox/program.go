package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaxArguments bounds the arguments and the environment of a program together,
// in bytes.
const MaxArguments = 96 << 10

// Program is what runs in a sandbox.
type Program struct {
	// Path is the executable or script, absolute. The caller sees to it that
	// the file there is the one that was verified, for instance because nobody
	// can write in its folder.
	Path string

	// File, if it is not nil, is the open file at Path. On Linux this very file
	// is executed, under a name like /proc/self/fd/3, and an error says so if
	// Path has become another one. Elsewhere the file at Path is compared with
	// it before it is started by name. It stays open, and the caller's.
	File *os.File

	// Args are the arguments, without the program's name.
	Args []string

	// Env is the environment, as KEY=VALUE. Nothing is inherited; TMPDIR, HOME
	// and PATH (on Windows TEMP, TMP, SystemRoot and PATH) are added if they are not in it.
	Env []string

	// Dir is the working folder, absolute; "" is the folder for temporary files.
	Dir string

	// Stdin is the standard input; nil is an empty one.
	Stdin io.Reader
}

func (p *Program) check() error {
	switch {
	case !filepath.IsAbs(p.Path) || filepath.Clean(p.Path) != p.Path:
		return fmt.Errorf("sandbox: the path of the program, %q, is not an absolute one in its shortest form", p.Path)
	case p.Dir != "" && (!filepath.IsAbs(p.Dir) || filepath.Clean(p.Dir) != p.Dir):
		return fmt.Errorf("sandbox: the working folder %q is not an absolute path in its shortest form", p.Dir)
	}
	size := 0
	for _, s := range slices.Concat(p.Args, p.Env, []string{p.Path, p.Dir}) {
		if strings.Contains(s, "\x00") {
			return errors.New("sandbox: a NUL byte in an argument, a path or the environment")
		}
		size += len(s) + 1
	}
	for _, variable := range p.Env {
		if strings.Index(variable, "=") < 1 {
			return fmt.Errorf("sandbox: %q in the environment is not KEY=VALUE", variable)
		}
	}
	if size > MaxArguments {
		return fmt.Errorf("sandbox: %d bytes of arguments and environment, %d are allowed", size, MaxArguments)
	}
	return p.checkFile()
}

// checkFile compares the open file with what lies at its path.
func (p *Program) checkFile() error {
	at, err := os.Stat(p.Path)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if !at.Mode().IsRegular() {
		return fmt.Errorf("sandbox: %s is no regular file", p.Path)
	}
	if p.File == nil {
		return nil
	}
	open, err := p.File.Stat()
	if err != nil {
		return fmt.Errorf("sandbox: the open file of %s: %w", p.Path, err)
	}
	if !os.SameFile(at, open) {
		return fmt.Errorf("sandbox: %s is no longer the file that was opened; nothing was started", p.Path)
	}
	return nil
}

// with returns the environment with what is missing in it.
func with(env, defaults []string) []string {
	env = slices.Clone(env)
	for _, variable := range defaults {
		key, _, _ := strings.Cut(variable, "=")
		if !slices.ContainsFunc(env, func(have string) bool { return strings.HasPrefix(have, key+"=") }) {
			env = append(env, variable)
		}
	}
	return env
}
