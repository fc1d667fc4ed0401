// Package upstream has real programs: it copies, changes and builds modules of
// others, so that benchmarks and checks need not make up their own.
package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Copy writes the files of a module, given as PATH@VERSION, into the new folder
// dir. The go command fetches it, if need be, and checks it.
func Copy(ctx context.Context, module, dir string) error {
	from, err := download(ctx, module)
	if err != nil {
		return err
	}
	if err := copyTree(dir, from); err != nil {
		return fmt.Errorf("copying %s: %w", module, err)
	}
	return nil
}

// Choose returns those of several things whose names a list holds, separated by
// commas, or all if it is empty. Several may have one name.
func Choose[T any](all []T, names string, nameOf func(T) string) ([]T, error) {
	if names == "" {
		return all, nil
	}
	var chosen []T
	for name := range strings.SplitSeq(names, ",") {
		before := len(chosen)
		for _, one := range all {
			if nameOf(one) == name {
				chosen = append(chosen, one)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no %q", name)
		}
	}
	return chosen, nil
}

// download returns the folder of a module in the module cache. The go command
// runs where no go.mod can have a say.
func download(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	var found struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &found); jsonErr == nil && found.Error != "" {
		return "", errors.New(found.Error)
	}
	if err != nil {
		return "", fmt.Errorf("downloading %s: %w", module, err)
	}
	return found.Dir, nil
}

// copyTree copies files so that they can be changed: those of the module cache
// are read-only.
func copyTree(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
}
