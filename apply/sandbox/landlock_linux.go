package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights of Landlock, see landlock(7).
const (
	landlockRead  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockFirst = 1<<13 - 1 // all that the first version knows
	landlockFile  = landlockRead&^unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// landlockABI is the version of Landlock in this kernel; 0 if it has none or it
// is switched off.
func landlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// landlockRights is all the rights over files that a version knows, as far as
// this code does.
func landlockRights(abi int) uint64 {
	rights := uint64(landlockFirst)
	for version, right := range map[int]uint64{
		2: unix.LANDLOCK_ACCESS_FS_REFER,
		3: unix.LANDLOCK_ACCESS_FS_TRUNCATE,
		5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
	} {
		if abi >= version {
			rights |= right
		}
	}
	return rights
}

// restrictFiles lets the thread, and what it starts, read and execute
// everywhere and write below the temporary and the writable folders.
func (c *confinement) restrictFiles(j *job) error {
	rights := landlockRights(c.Landlock)
	attr := unix.LandlockRulesetAttr{Handled_access_fs: rights}
	if c.Landlock >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	if c.Reach == reachHost {
		attr.Scoped &^= unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	defer unix.Close(int(fd))
	for path, allowed := range c.landlockRules(j) {
		if err := landlockAllow(int(fd), path, allowed&rights); err != nil {
			return fmt.Errorf("landlock: %s: %w", path, err)
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	return nil
}

func (c *confinement) landlockRules(j *job) map[string]uint64 {
	// The map of a user namespace is written below /proc, by this thread. An
	// ordinary user can change little else there.
	rules := map[string]uint64{"/": landlockRead, "/proc": landlockRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE}
	if os.Geteuid() == 0 {
		delete(rules, "/proc") // root can, and makes no user namespace
	}
	for _, device := range devices() {
		rules[device] = landlockFile
	}
	for _, path := range c.Writable {
		rules[path] = ^uint64(0)
	}
	if j.tmp != "" {
		rules[j.tmp] = ^uint64(0)
	}
	return rules
}

func landlockAllow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && path != "/" && within(path, []string{"/dev"}) {
			return nil // a container without this device
		}
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
