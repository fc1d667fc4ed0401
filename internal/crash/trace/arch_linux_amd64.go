package trace

import "golang.org/x/sys/unix"

// oldShapes are the calls that this architecture has besides those of all.
func oldShapes() map[uint64]shape {
	return map[uint64]shape{
		unix.SYS_OPEN:    opening("open", 0, 1),
		unix.SYS_CREAT:   onPath("creat", 0),
		unix.SYS_RENAME:  onPath("rename", 0),
		unix.SYS_LINK:    onPath("link", 1),
		unix.SYS_SYMLINK: onPath("symlink", 1),
		unix.SYS_UNLINK:  onPath("unlink", 0),
		unix.SYS_MKDIR:   onPath("mkdir", 0),
		unix.SYS_RMDIR:   onPath("rmdir", 0),
		unix.SYS_CHMOD:   onPath("chmod", 0),
		unix.SYS_CHOWN:   onPath("chown", 0),
	}
}

// registers are those of a thread that is stopped at a system call.
type registers struct{ unix.PtraceRegs }

func (r *registers) read(thread int) error { return unix.PtraceGetRegs(thread, &r.PtraceRegs) }

func (r *registers) write(thread int) error { return unix.PtraceSetRegs(thread, &r.PtraceRegs) }

// skip replaces the number of the call by one that there is not.
func (r *registers) skip(int) error {
	r.Orig_rax = ^uint64(0)
	return nil
}

// setResult is for a thread that is stopped after a call.
func (r *registers) setResult(v int64) { r.Rax = uint64(v) }

func (r *registers) setArgument(i int, v uint64) {
	*[]*uint64{&r.Rdi, &r.Rsi, &r.Rdx, &r.R10, &r.R8, &r.R9}[i] = v
}
