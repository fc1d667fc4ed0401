package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// Outcome is what the tests said of a mutant.
type Outcome string

const (
	killed      Outcome = "killed"       // a test failed
	timedOut    Outcome = "timed out"    // the tests did not end
	survived    Outcome = "survived"     // all tests passed
	notCompiled Outcome = "not compiled" // says nothing
)

// Trial is a mutant and what became of it.
type Trial struct {
	Mutant
	Outcome Outcome `json:"outcome"`
}

// bench tries mutants. It is safe for concurrent use.
type bench struct {
	packages []packageInfo // whose tests are run
	temp     string
	short    bool
	limit    time.Duration // of one package's tests
}

func (b *bench) try(ctx context.Context, number int, m Mutant) (Outcome, error) {
	dir := filepath.Join(b.temp, strconv.Itoa(number))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	overlay, err := writeOverlay(dir, m)
	if err != nil {
		return "", err
	}
	outcome := survived
	for _, p := range b.packages {
		if outcome, err = b.test(ctx, p, dir, "-overlay="+overlay); err != nil || outcome != survived {
			break
		}
	}
	return outcome, errors.Join(err, os.RemoveAll(dir))
}

// writeOverlay returns the file that tells the go command to read the mutant in
// the place of the original.
func writeOverlay(dir string, m Mutant) (string, error) {
	source, err := os.ReadFile(m.path)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.path))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {m.path: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(os.WriteFile(changed, m.apply(source), 0o644), os.WriteFile(path, overlay, 0o644))
}

// test builds the tests of a package and runs them. The go command's own checks
// of the code are left out: they are no tests of the package.
func (b *bench) test(ctx context.Context, p packageInfo, dir string, flags ...string) (Outcome, error) {
	if !p.hasTests() {
		return survived, nil
	}
	program := filepath.Join(dir, "tests.exe")
	argv := append([]string{"go", "test", "-c", "-vet=off", "-o", program}, flags...)
	if _, err := gocmd.Run(ctx, gocmd.Command{Argv: append(argv, p.ImportPath), Env: os.Environ()}); err != nil {
		return notCompiled, unlessExit(err)
	}
	limited, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	argv = []string{program, "-test.failfast", "-test.timeout=0", "-test.short=" + strconv.FormatBool(b.short)}
	_, err := gocmd.Run(limited, gocmd.Command{Argv: argv, Dir: p.Dir, Env: os.Environ()})
	switch {
	case err == nil:
		return survived, nil
	case ctx.Err() == nil && limited.Err() != nil:
		return timedOut, nil
	}
	return killed, unlessExit(err)
}

// unlessExit drops the error of a tool that ran and failed.
func unlessExit(err error) error {
	var exit *gocmd.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// original runs the tests of the code as it is, and sets the limit by the time
// that they took.
func (b *bench) original(ctx context.Context, limit time.Duration) error {
	const first = 10 * time.Minute
	b.limit = first
	var longest time.Duration
	for _, p := range b.packages {
		began := time.Now()
		outcome, err := b.test(ctx, p, b.temp)
		if err != nil {
			return err
		}
		if outcome != survived {
			return fmt.Errorf("the tests of %s do not pass as they are (%s); mend them first", p.ImportPath, outcome)
		}
		longest = max(longest, time.Since(began))
	}
	if b.limit = limit; limit == 0 {
		b.limit = 10*time.Second + 5*longest
	}
	return nil
}
