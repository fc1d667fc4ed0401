package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// runStage returns at once unless this process is the first of a sandbox.
func runStage() {
	if len(os.Args) != 1 || os.Args[0] != stageName || os.Getpid() != 1 {
		return
	}
	runtime.LockOSThread() // the thread that is confined
	syscall.Exit(stage())  // at once: this is not the end of the program that main is
}

// stage starts the program, serves requests and waits for the program's end. What
// still runs then ends with this process, the first of its namespace.
func stage() int {
	// A handler, and not to be ignored, which programs would inherit: a program
	// cannot end its sandbox by a signal.
	signal.Notify(make(chan os.Signal, 1))
	if err := closeOnExec(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1
	}
	control, err := controlConn(os.NewFile(stageControl, "control"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1
	}
	program, err := startTask()
	if err := send(control, reply{Kind: replyStarted}.failed(err), nil); err != nil || program == nil {
		return 1
	}
	go serve(control, program)
	end, err := reapAll(program.cmd.Process.Pid)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1
	}
	if err := send(control, reply{Kind: replyEnded, Exit: &end}, nil); err != nil {
		return 1
	}
	return 0
}

// closeOnExec keeps all descriptors but the standard ones from the program, also
// those that this process inherited from whoever started its parent.
func closeOnExec() error {
	if unix.CloseRange(firstExtra, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	entries, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstExtra {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func startTask() (*threadProcess, error) {
	file := os.NewFile(stageTask, "task")
	defer file.Close()
	var t task
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(file).Decode(&t); err != nil {
		return nil, fmt.Errorf("the stage's task: %w", err)
	}
	j := &job{path: t.Path, args: t.Args, env: t.Env, dir: t.Dir, stdin: os.Stdin, output: os.Stdout}
	if t.HasFile {
		j.file = os.NewFile(stageFile, t.Path)
		defer j.file.Close()
	}
	return (&threadPlan{confinement: t.Confinement}).launch(j)
}

// serve answers until the other side is gone; then nobody is interested in the
// program.
func serve(control *net.UnixConn, program *threadProcess) {
	for {
		r, file, err := receive[request](control)
		_ = closeFile(file)
		if err != nil {
			syscall.Exit(1)
		}
		switch r.Kind {
		case requestTerminate:
			_ = syscall.Kill(-program.cmd.Process.Pid, syscall.SIGTERM)
		case requestDial:
			go connect(control, program.netns, r)
		}
	}
}

// connect opens a connection in the network of the sandbox and hands it over.
func connect(control *net.UnixConn, netns *os.File, r request) {
	ctx, cancel := context.WithTimeout(context.Background(), r.Timeout)
	defer cancel()
	file, err := connection(dialIn(ctx, netns, r.Network, r.Address))
	_ = send(control, reply{Kind: replyDialed, ID: r.ID}.failed(err), file)
	_ = closeFile(file)
}

// connection is the descriptor of a connection.
func connection(conn net.Conn, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	filer, ok := conn.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, errors.New("the connection has no descriptor")
	}
	return filer.File()
}

// reapAll collects orphans, as the first process of a namespace has to, until
// the program has ended.
func reapAll(program int) (exit, error) {
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := retry(func() (int, error) { return unix.Wait4(-1, &status, 0, &usage) })
		if err != nil {
			return exit{}, fmt.Errorf("waiting for the program: %w", err)
		}
		if pid != program || !status.Exited() && !status.Signaled() {
			continue
		}
		e := exit{Code: status.ExitStatus(), Memory: int64(usage.Maxrss) << 10}
		e.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		if status.Signaled() {
			e.Signal = status.Signal()
		}
		return e, nil
	}
}
