//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stageName is how a stage knows itself. Its further arguments are the limits,
// the program, and the program's arguments with its name.
const stageName = "hotfix-sandbox-stage"

// stageCommand makes a command that sets limits and then becomes the program.
func stageCommand(cmd *exec.Cmd, l limits) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(l)
	if err != nil {
		return err
	}
	cmd.Args = append([]string{stageName, string(encoded), cmd.Path}, cmd.Args...)
	cmd.Path = self
	return nil
}

func runStage() {
	if len(os.Args) < 4 || os.Args[0] != stageName {
		return
	}
	fmt.Fprintln(os.Stderr, "sandbox:", becomeProgram(os.Args[1], os.Args[2], os.Args[3:]))
	os.Exit(stageFailed)
}

// stageFailed is the exit code of a stage that could not become the program.
const stageFailed = 126

func becomeProgram(encoded, path string, args []string) error {
	var l limits
	if err := json.NewDecoder(strings.NewReader(encoded)).Decode(&l); err != nil {
		return err
	}
	for resource, n := range map[int]int64{
		unix.RLIMIT_DATA:   l.Memory,
		unix.RLIMIT_NPROC:  l.Processes,
		unix.RLIMIT_CPU:    int64((l.CPU + time.Second - 1) / time.Second),
		unix.RLIMIT_FSIZE:  l.FileSize,
		unix.RLIMIT_NOFILE: l.OpenFiles,
		unix.RLIMIT_CORE:   -1,
	} {
		if n == 0 {
			continue
		}
		if err := setLimit(resource, max(n, 0)); err != nil {
			return fmt.Errorf("limits: %w", err)
		}
	}
	return syscall.Exec(path, args, os.Environ())
}

func setLimit(resource int, n int64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(resource, &l); err != nil {
		return err
	}
	lower(&l.Cur, &l.Max, n)
	return syscall.Setrlimit(resource, &l)
}

// lower sets both limits, whose type differs between systems. The highest number
// may stand for none, and be negative.
func lower[T int64 | uint64](cur, hard *T, n int64) {
	if *hard < 0 || T(n) < *hard {
		*hard = T(n)
	}
	*cur = *hard
}
