package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// cost is what a process and all that it started used.
type cost struct {
	cpu  time.Duration // user and system time
	peak int64         // most memory that all held at once in bytes; 0 where the system does not tell
}

func (c cost) plus(other cost) cost {
	return cost{cpu: c.cpu + other.cpu, peak: max(c.peak, other.peak)}
}

// least is the smaller CPU time, and the larger peak, of two runs of the same.
func (c cost) least(other cost) cost {
	return cost{cpu: min(c.cpu, other.cpu), peak: max(c.peak, other.peak)}
}

// sampleInterval is how often the memory of a process tree is looked at.
const sampleInterval = 50 * time.Millisecond

// command is one process to count.
type command struct {
	dir  string
	env  []string
	argv []string
}

func (c command) run(ctx context.Context) (cost, error) {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	watch := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	peak := watch.stop()
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w: %s", strings.Join(c.argv, " "), err, tail(output.String()))
	}
	return cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: peak}, nil
}

// tail keeps the end of what a failed command printed.
func tail(text string) string {
	const most = 2000
	return strings.TrimSpace(text[max(0, len(text)-most):])
}
