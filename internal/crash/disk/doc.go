// Package disk is a block device in memory that writes down what is done to it, and
// makes the states in which a power cut could have left it.
//
// A device is a file of a FUSE file system of this process, behind a loop device; the
// kernel mounts a file system on it, and what a program does there arrives as writes
// and flushes in the order in which the kernel sent them. [States] then chooses what
// can be lost: after a flush is answered, all writes that were answered before it are
// there for good. Each later one may be there, or not, or in part: its sectors are
// whole, but it is not.
//
// Recording needs Linux, root, FUSE and loop devices; [Available] says what is missing.
// The model of a disk and its states need nothing.
package disk
