package trace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// oldShapes are the calls that this architecture has besides those of all.
func oldShapes() map[uint64]shape { return nil }

// Sets of registers, from linux/elf.h.
const (
	ntPRStatus      = 1
	ntARMSystemCall = 0x404
)

// registers are those of a thread that is stopped at a system call.
type registers struct{ unix.PtraceRegsArm64 }

func (r *registers) read(thread int) error {
	return unix.PtraceGetRegSetArm64(thread, ntPRStatus, &r.PtraceRegsArm64)
}

func (r *registers) write(thread int) error {
	return unix.PtraceSetRegSetArm64(thread, ntPRStatus, &r.PtraceRegsArm64)
}

// skip replaces the number of the call by one that there is not.
func (r *registers) skip(thread int) error {
	number := int32(-1)
	vector := unix.Iovec{Base: (*byte)(unsafe.Pointer(&number)), Len: uint64(unsafe.Sizeof(number))}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SETREGSET, uintptr(thread), ntARMSystemCall, uintptr(unsafe.Pointer(&vector)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// setResult is for a thread that is stopped after a call.
func (r *registers) setResult(v int64) { r.Regs[0] = uint64(v) }

func (r *registers) setArgument(i int, v uint64) { r.Regs[i] = v }
