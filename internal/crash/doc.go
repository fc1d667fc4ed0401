// Crash proves that a host survives whatever happens to it while it applies a hotfix,
// goes back, or recovers: with real processes on real file systems.
//
//	go run ./internal/crash                   everything; needs root, FUSE, loop devices, mkfs.ext4, mkfs.xfs and mkfs.btrfs
//	go run ./internal/crash kill errors       what needs no rights
//	go run ./internal/crash -short            a sample, spread evenly, and of the file systems ext4 alone; a minute of one CPU
//	go run ./internal/crash -json powercut
//	go run ./internal/crash -filesystem xfs powercut
//	go run ./internal/crash -operation rollback kill
//
// kill: the agent and all that it started are killed before each of its system calls
// that changes or syncs something (internal/crash/trace), and then, for every second
// one, the recovery that follows before one of its own. Then the one process alone is killed
// that makes the call: the guard that the agent leaves behind must settle the matter, and the
// agent must not need its guard.
//
// errors: each of these calls fails with EIO, and those that need room with ENOSPC; each
// write is done by half, once so that it can go on, and once because the disk is full
// from then on.
//
// powercut: the agent works on a file system whose device writes down what is written
// and flushed (internal/crash/disk), and then each state is looked at that a power cut
// could have left: writes since the last flush are there, lost, or torn.
//
// After each of them, one whole version must be current, the old or the new one, and
// the new one if that was acknowledged; the floor must not have sunk; recovery and
// status must work, the operation must succeed when it is done again, and
// nothing may be left behind then. A command that fails must say why in one line.
//
// The same is done to a small program that makes one mistake: each must be found. The
// exit code is 1 if anything was wrong, and 3 if nothing was, but something could not be
// tried here: system calls are traced and disks recorded on Linux alone, calls on amd64 and
// arm64.
package main
