package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Filesystem is a file system of the kernel, and how a new one is made.
type Filesystem struct {
	// Name is "ext4", "xfs" or "btrfs".
	Name string
	// Bytes is the size of a disk for it, little more than it needs.
	Bytes int64
	// Sector is how many bytes it may take to be written as a whole.
	Sector  int
	make    []string
	options string
}

// Filesystems returns those that [Available] may be asked for.
func Filesystems() []Filesystem {
	return []Filesystem{
		{"ext4", 64 << 20, 512, []string{"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"}, ""},
		{"xfs", 300 << 20, 512, []string{"mkfs.xfs", "-q", "-f", "-K"}, "nouuid"},
		// Btrfs takes its superblock of 4096 bytes to be written as a whole.
		{"btrfs", 128 << 20, 4096, []string{"mkfs.btrfs", "-q", "-f", "-K"}, ""},
	}
}

// ErrUnavailable is wrapped by what [Available] returns.
var ErrUnavailable = errors.New("block devices cannot be recorded here")

// Available says why the file system cannot be recorded on this machine, or nil.
func Available(f Filesystem) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: run as root", ErrUnavailable)
	}
	for path, remedy := range map[string]string{"/dev/fuse": "load the module fuse", "/dev/loop-control": "load the module loop"} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: %s is missing: %s", ErrUnavailable, path, remedy)
		}
	}
	if _, err := exec.LookPath(f.make[0]); err != nil {
		return fmt.Errorf("%w: %s is missing: install it", ErrUnavailable, f.make[0])
	}
	return nil
}

// Make makes a new file system on a file that a [Server] has.
func (f Filesystem) Make(ctx context.Context, path string) error {
	args := append(append([]string{}, f.make[1:]...), path)
	if out, err := exec.CommandContext(ctx, f.make[0], args...).CombinedOutput(); err != nil {
		return fmt.Errorf("disk: %s: %w: %s", f.make[0], err, out)
	}
	return nil
}

// Mount mounts the file system that is on a file on a folder. unmount also gives the
// loop device back.
func (f Filesystem) Mount(path, dir string) (unmount func() error, err error) {
	loop, err := attach(path, f.Sector)
	if err != nil {
		return nil, fmt.Errorf("disk: a loop device for %s: %w", path, err)
	}
	if err := unix.Mount(loop.Name(), dir, f.Name, 0, f.options); err != nil {
		return nil, errors.Join(fmt.Errorf("disk: mounting %s: %w", f.Name, err), detach(loop))
	}
	return func() error { return errors.Join(umount(dir), detach(loop)) }, nil
}

// umount waits for those who look at all file systems for a moment, and for what the
// kernel does later: the mount namespaces of sandboxes go after their processes, and loop
// devices after the last of those.
func umount(dir string) error {
	const patience = time.Minute
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := unix.Unmount(dir, 0)
		if err == nil {
			return nil
		}
		if err != unix.EBUSY || time.Since(start) > patience {
			return errors.Join(fmt.Errorf("disk: unmounting %s: %w", dir, err), unix.Unmount(dir, unix.MNT_DETACH))
		}
	}
}

// attach returns a loop device of the file. Others may take free devices, too.
func attach(path string, sector int) (*os.File, error) {
	backing, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer backing.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	for range 20 {
		loop, err := attachFree(control, backing, sector)
		if !errors.Is(err, unix.EBUSY) {
			return loop, err
		}
	}
	return nil, unix.EBUSY
}

func attachFree(control, backing *os.File, sector int) (*os.File, error) {
	n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return nil, err
	}
	loop, err := os.OpenFile("/dev/loop"+strconv.Itoa(n), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(backing.Fd()), Size: uint32(sector), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
	if err := unix.IoctlLoopConfigure(int(loop.Fd()), &config); err != nil {
		return nil, errors.Join(err, loop.Close())
	}
	return loop, nil
}

// detach closes a loop device, which clears itself with its last user. Btrfs
// remembers the device of each file system that it has seen; the next one has the same
// name as this.
func detach(loop *os.File) error {
	return errors.Join(loop.Close(), forget(loop.Name()))
}

// forget makes btrfs forget a device (BTRFS_IOC_FORGET_DEV of linux/btrfs.h, with its
// struct btrfs_ioctl_vol_args). It fails where nothing is remembered.
func forget(path string) error {
	const request = 0x50009405
	control, err := os.OpenFile("/dev/btrfs-control", os.O_RDWR, 0)
	if err != nil {
		return nil // no btrfs, nothing to forget
	}
	var args struct {
		_    int64
		name [4088]byte
	}
	copy(args.name[:], path)
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, control.Fd(), request, uintptr(unsafe.Pointer(&args)))
	return control.Close()
}
