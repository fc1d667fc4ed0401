//go:build !linux

package sandbox

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"
)

// afterExit is how long output is read that a process which got away holds open.
const afterExit = time.Second

// command is a program that is started by name.
func command(j *job) *exec.Cmd {
	return &exec.Cmd{
		Path: j.path, Args: j.args, Env: j.env, Dir: j.dir,
		Stdin: j.stdin, Stdout: j.output, Stderr: j.output, WaitDelay: afterExit,
	}
}

// waitFor is the end of a program, with what the system tells about it.
func waitFor(cmd *exec.Cmd) (*os.ProcessState, error) {
	err := cmd.Wait()
	if cmd.ProcessState != nil {
		return cmd.ProcessState, nil
	}
	if err == nil {
		err = errors.New("the system does not tell how the program ended")
	}
	return nil, err
}

// hostDial connects in the network of the host: there is no other.
func hostDial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}

const (
	filesLack   = "this system has no way for a program to confine another's files; it can write where its user can"
	networkLack = "this system has no network of its own for a program; it has the host's"
)
