package swap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// deletedSuffix is what the system adds to the name of an open file that has none
// any more (proc_pid_exe(5)).
const deletedSuffix = " (deleted)"

// openExecutable opens the file that a process runs, whatever lies under its name
// by now. If there is no such process, or it has ended and nobody has asked how, the
// error is ErrNotRunning.
func openExecutable(pid int) (*os.File, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/exe")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("process %d: %w", pid, ErrNotRunning)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: it takes root or the service's own user to see what process %d runs", err, pid)
	}
	return f, err
}

// inspect returns what a process runs. Path and digest are of one open file, even
// if the process starts another program meanwhile.
func inspect(ctx context.Context, pid int) (Process, error) {
	f, err := openExecutable(pid)
	if err != nil {
		return Process{}, err
	}
	defer f.Close()
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if err != nil {
		return Process{}, err
	}
	digest, err := digestOf(ctx, f)
	if err != nil {
		return Process{}, fmt.Errorf("reading what process %d runs: %w", pid, err)
	}
	return Process{PID: pid, Path: strings.TrimSuffix(path, deletedSuffix), Digest: digest}, nil
}
