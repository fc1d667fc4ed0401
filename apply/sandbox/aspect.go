package sandbox

import (
	"fmt"
	"slices"
)

// Aspect is one thing that a sandbox confines. It reads as a word in a message.
type Aspect string

// The aspects. [Sandbox.Lacks] says of each that this system cannot give why.
const (
	// Files: the program can write only below its temporary folder and the
	// folders of [WithWritable].
	Files Aspect = "files"
	// Temporary: the folder for temporary files is the program's own, and is
	// gone with it.
	Temporary Aspect = "temporary files"
	// Network: the program reaches what the option for the network says, and
	// nothing else.
	Network Aspect = "network"
	// Processes: all that the program started ends with it, whatever it does.
	// On Linux it cannot signal or inspect processes outside either.
	Processes Aspect = "processes"
	// Privileges: the program has no capabilities and can gain no privileges,
	// for instance by a setuid program.
	Privileges Aspect = "privileges"
	// Memory is the limit of [WithMemory].
	Memory Aspect = "memory"
	// ProcessCount is the limit of [WithProcesses].
	ProcessCount Aspect = "number of processes"
	// CPUTime is the limit of [WithCPUTime].
	CPUTime Aspect = "CPU time"
	// FileSize is the limit of [WithFileSize].
	FileSize Aspect = "file size"
	// OpenFiles is the limit of [WithOpenFiles].
	OpenFiles Aspect = "open files"
)

// aspects is all of them, in the order in which they are told.
func aspects() []Aspect {
	return []Aspect{Files, Temporary, Network, Processes, Privileges, Memory, ProcessCount, CPUTime, FileSize, OpenFiles}
}

// lacks is why the system cannot give some of the aspects.
type lacks map[Aspect]string

func (l lacks) words() []string {
	var words []string
	for _, a := range aspects() {
		if why, ok := l[a]; ok {
			words = append(words, fmt.Sprintf("%s: %s", a, why))
		}
	}
	return words
}

// confined is what was asked for and is not lacking.
func (l lacks) confined(c *config) []string {
	var words []string
	for _, a := range aspects() {
		if _, lacking := l[a]; !lacking && c.asks(a) {
			words = append(words, string(a))
		}
	}
	return words
}

// check returns an error if something is lacking that must not be.
func (l lacks) check(required []Aspect) error {
	for _, a := range aspects() {
		if why, lacking := l[a]; lacking && slices.Contains(required, a) {
			return &LackError{Aspect: a, Reason: why}
		}
	}
	return nil
}
