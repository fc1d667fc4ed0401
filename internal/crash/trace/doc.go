// Package trace runs a program with all its threads and children, sees each of their
// system calls that change or sync something before it is done, and can let it fail,
// do half of it, or end the program instead.
//
// Calls are numbered over all threads and processes of a run, in the order in which
// they are begun. A program that does its work in order thus has the same numbers in
// each run, which no counter for each thread has for a Go program.
//
// It is written for Linux on amd64 and arm64 with ptrace(2), and needs no rights where
// a process may trace its own children; elsewhere [Run] fails with
// [errors.ErrUnsupported]. Time passes more slowly for a traced program: about 10 µs
// for each system call.
package trace

import "os"

// Call is a system call that is about to change or sync something.
type Call struct {
	// N counts the calls of a run from 1.
	N int
	// Name is that of the call, as in "renameat2".
	Name string
	// Path is the file that it is about, as far as its arguments tell: absolute or as
	// the program named it, the old name of a renaming. Empty for standard output
	// and error.
	Path string
	// Stream is 1 or 2 if it writes to standard output or error of the program, and
	// 0 otherwise.
	Stream int
	// Bytes is how many bytes it was asked to write, and 0 for other calls.
	Bytes int
	// Process is the process that makes the call.
	Process int
}

// Adds reports whether the call can need room on a disk: a full one refuses it.
func (c Call) Adds() bool {
	switch c.Name {
	case "unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2", "execve", "execveat":
		return false
	}
	return c.Stream == 0
}

// Program is what is run.
type Program struct {
	// Argv is the path of an executable and its arguments.
	Argv []string
	// Dir is the working folder.
	Dir string
	// Env is the whole environment.
	Env []string
	// Stdout and Stderr are where its output goes; both must be set, and differ.
	Stdout, Stderr *os.File
	// Linger lets children go on that outlive the program, and Run waits for them. Kill
	// then ends the process alone that makes the call.
	Linger bool
	// Decide is asked before each call, one at a time, what becomes of it; nil lets
	// all be, and counts none.
	Decide func(Call) Action
}

// Action is what becomes of a call. The zero Action lets it be.
type Action struct {
	verdict verdict
	errno   int
}

type verdict int

const (
	proceed verdict = iota
	kill
	fail
	halve
)

// Kill ends the program with all its children, or, where they may linger, the process
// alone that makes the call. The call is not done.
func Kill() Action { return Action{verdict: kill} }

// Halve lets a call write half of the bytes that it was asked to, if they are two or
// more, and leaves others alone.
func Halve() Action { return Action{verdict: halve} }

// Outcome is what became of a run.
type Outcome struct {
	// Calls is how many there were.
	Calls int
	// Exit is the program's exit code, or -1 if a signal ended it.
	Exit int
}
