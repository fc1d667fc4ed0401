package sandbox

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// settings is what a sandbox allows, as a stage is told it.
type settings struct {
	Reach     reach
	Limits    limits
	Temporary int64
	ReadOnly  []string
	Writable  []string
	User      *user
}

// confinement is what a thread does to itself before it starts a program, which
// inherits it. Namespaces, capabilities, no_new_privs and Landlock belong to
// threads on Linux, so the rest of this process is not touched.
type confinement struct {
	settings
	Mounts   bool // a file system of its own
	Proc     bool // and a /proc of its own: this process is the first of its namespace
	Network  bool // a network of its own
	IPC      bool // IPC objects and a host name of its own
	Landlock int  // version, 0 for none
	Bounding bool // the capability bounding set is emptied
}

// confine confines the calling thread, which must be locked and never be
// unlocked, and returns its network namespace, if it has an own one.
func (c *confinement) confine(j *job) (netns *os.File, err error) {
	if c.Network {
		if netns, err = ownNetwork(c.Reach == reachLoopback); err != nil {
			return nil, err
		}
	}
	if c.IPC {
		if err := unix.Unshare(unix.CLONE_NEWIPC | unix.CLONE_NEWUTS); err != nil {
			return netns, fmt.Errorf("own IPC and host name: %w", err)
		}
	}
	if c.Mounts {
		if err := c.ownFiles(j); err != nil {
			return netns, fmt.Errorf("own view of the file system: %w", err)
		}
	}
	if err := c.dropPrivileges(); err != nil {
		return netns, err
	}
	if c.Landlock > 0 {
		return netns, c.restrictFiles(j)
	}
	return netns, nil
}

// dropPrivileges sees to it that nothing that this thread executes has
// capabilities; those that it has itself stay, for clone(2) needs them.
func (c *confinement) dropPrivileges() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	// Kernels before 4.3 have no ambient set.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil && err != unix.EINVAL {
		return fmt.Errorf("ambient capabilities: %w", err)
	}
	if err := clearInheritable(); err != nil {
		return fmt.Errorf("inheritable capabilities: %w", err)
	}
	if !c.Bounding {
		return nil
	}
	return emptyBounding()
}

func clearInheritable() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	return unix.Capset(&header, &data[0])
}

// emptyBounding drops all capabilities of the bounding set, also those that are
// newer than this code: the kernel says EINVAL beyond its last.
func emptyBounding() error {
	for c := range uintptr(64) {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err == unix.EINVAL {
			return nil
		}
		if err != nil {
			return fmt.Errorf("capability bounding set: %w", err)
		}
	}
	return nil
}

// canDropBounding reports whether a thread has CAP_SETPCAP.
func canDropBounding() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SETPCAP) != 0
}

// onThread runs f on a thread that ends with it.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- f()
	}()
	return <-done
}
