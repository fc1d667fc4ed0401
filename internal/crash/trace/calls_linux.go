//go:build amd64 || arm64

package trace

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shape says what a system call is about: where in its arguments its file is.
type shape struct {
	name  string
	path  int // index of the argument with a path; -1 for none
	fd    int // index of the argument with a file descriptor; -1 for none
	bytes int // index of the argument with a number of bytes to write; -1 for none
	flags int // index of the argument with the flags of open; -1 for none
}

func onPath(name string, path int) shape { return shape{name, path, -1, -1, -1} }

func onFile(name string) shape { return shape{name, -1, 0, -1, -1} }

func writing(name string, fd, bytes int) shape { return shape{name, -1, fd, bytes, -1} }

func opening(name string, path, flags int) shape { return shape{name, path, -1, -1, flags} }

// shapes returns the calls that change or sync files, or execute one, which both
// architectures have.
func shapes() map[uint64]shape {
	return map[uint64]shape{
		unix.SYS_OPENAT:          opening("openat", 1, 2),
		unix.SYS_OPENAT2:         opening("openat2", 1, 2),
		unix.SYS_WRITE:           writing("write", 0, 2),
		unix.SYS_PWRITE64:        writing("pwrite64", 0, 2),
		unix.SYS_WRITEV:          onFile("writev"),
		unix.SYS_PWRITEV:         onFile("pwritev"),
		unix.SYS_PWRITEV2:        onFile("pwritev2"),
		unix.SYS_SENDFILE:        writing("sendfile", 0, 3),
		unix.SYS_SPLICE:          writing("splice", 2, 4),
		unix.SYS_COPY_FILE_RANGE: writing("copy_file_range", 2, 4),
		unix.SYS_IOCTL:           {"ioctl", -1, 0, -1, 1},
		unix.SYS_FSYNC:           onFile("fsync"),
		unix.SYS_FDATASYNC:       onFile("fdatasync"),
		unix.SYS_SYNC_FILE_RANGE: onFile("sync_file_range"),
		unix.SYS_SYNCFS:          onFile("syncfs"),
		unix.SYS_FTRUNCATE:       onFile("ftruncate"),
		unix.SYS_TRUNCATE:        onPath("truncate", 0),
		unix.SYS_FALLOCATE:       onFile("fallocate"),
		unix.SYS_FCHMOD:          onFile("fchmod"),
		unix.SYS_FCHMODAT:        onPath("fchmodat", 1),
		unix.SYS_FCHMODAT2:       onPath("fchmodat2", 1),
		unix.SYS_FCHOWN:          onFile("fchown"),
		unix.SYS_FCHOWNAT:        onPath("fchownat", 1),
		unix.SYS_UTIMENSAT:       onPath("utimensat", 1),
		unix.SYS_RENAMEAT:        onPath("renameat", 1),
		unix.SYS_RENAMEAT2:       onPath("renameat2", 1),
		unix.SYS_LINKAT:          onPath("linkat", 3),
		unix.SYS_SYMLINKAT:       onPath("symlinkat", 2),
		unix.SYS_UNLINKAT:        onPath("unlinkat", 1),
		unix.SYS_MKDIRAT:         onPath("mkdirat", 1),
		unix.SYS_MKNODAT:         onPath("mknodat", 1),
		unix.SYS_SETXATTR:        onPath("setxattr", 0),
		unix.SYS_FSETXATTR:       onFile("fsetxattr"),
		unix.SYS_EXECVE:          onPath("execve", 0),
		unix.SYS_EXECVEAT:        onPath("execveat", 1),
	}
}

// ficlone are the requests by which ioctl writes a file: cloning another one.
func ficlone(request uint64) bool { return request == unix.FICLONE || request == unix.FICLONERANGE }

// outputs are the files of standard output and error of a program.
type outputs [2]string

// stream returns 1 or 2 if that is where the path leads.
func (o outputs) stream(path string) int {
	for i, name := range o {
		if name == path {
			return i + 1
		}
	}
	return 0
}

// describe says what a call is about, and reports whether it counts.
func (s shape) describe(thread int, args [6]uint64, out outputs) (Call, bool) {
	c := Call{Name: s.name, Process: thread}
	switch {
	case s.name == "ioctl" && !ficlone(args[s.flags]):
		return c, false
	case s.name != "ioctl" && s.flags >= 0 && !s.creates(thread, args[s.flags]):
		return c, false
	}
	if s.bytes >= 0 {
		c.Bytes = int(min(args[s.bytes], 1<<30))
	}
	if s.path >= 0 {
		c.Path = readString(thread, args[s.path])
		return c, true
	}
	fd := int(int32(args[s.fd]))
	link, err := os.Readlink("/proc/" + strconv.Itoa(thread) + "/fd/" + strconv.Itoa(fd))
	if err != nil {
		return c, false // it will fail by itself
	}
	if c.Stream = out.stream(link); c.Stream != 0 {
		return c, s.bytes >= 0
	}
	c.Path = link
	return c, strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/dev/") && !strings.HasPrefix(link, "/memfd:")
}

// creates reports whether a file is opened in a way that can change the disk.
func (s shape) creates(thread int, flags uint64) bool {
	if s.name == "openat2" { // the argument points to a struct open_how, whose first field they are
		b := readBytes(thread, flags, 8)
		if len(b) < 8 {
			return false
		}
		flags = uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
	}
	return flags&(unix.O_CREAT|unix.O_TRUNC) != 0 || flags&unix.O_TMPFILE == unix.O_TMPFILE
}

// readString returns the string in the memory of a thread, up to PATH_MAX bytes.
func readString(thread int, address uint64) string {
	const pathMax, page = 4096, 4096
	var text []byte
	for len(text) < pathMax {
		b := readBytes(thread, address, int(page-address%page)) // the next page may not be there
		if i := strings.IndexByte(string(b), 0); i >= 0 {
			return string(append(text, b[:i]...))
		}
		if len(b) == 0 {
			break
		}
		text = append(text, b...)
		address += uint64(len(b))
	}
	return string(text)
}

// readBytes returns what can be read of n bytes in the memory of a thread.
func readBytes(thread int, address uint64, n int) []byte {
	b := make([]byte, n)
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(n)
	got, err := unix.ProcessVMReadv(thread, local, []unix.RemoteIovec{{Base: uintptr(address), Len: n}}, 0)
	if err != nil {
		return nil
	}
	return b[:got]
}
