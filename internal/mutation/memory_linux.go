package main

import "golang.org/x/sys/unix"

// limitMemory bounds this process and those it starts: a mutant may ask for
// memory without end.
func limitMemory(bytes uint64) error {
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes})
}
