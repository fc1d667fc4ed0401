package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// newPlan tries the ways in order. That one fails is no error but a reason.
func newPlan(c *config) (plan, lacks, error) {
	if c.User != nil && os.Geteuid() != 0 && int64(c.User.UID) != int64(os.Geteuid()) {
		return nil, nil, fmt.Errorf("WithUser(%d): only root can run a program as another user: %w", c.User.UID, errors.ErrUnsupported)
	}
	if c.hook != nil {
		if p := newStagePlan(c); p.probe() == nil {
			return p, countLacks(c, os.Geteuid() != 0, &p.Limits), nil
		}
	}
	namespaces := newNamespacePlan(c)
	why := namespaces.probe()
	if why == nil {
		return namespaces, countLacks(c, false, &namespaces.Limits), nil
	}
	landlock, abi := newLandlockPlan(c)
	if userWhy := landlock.probe(); userWhy == nil {
		l := countLacks(c, true, &landlock.Limits)
		landlockLacks(l, c, abi)
		if c.Reach == reachLoopback {
			l[Network] = "an ordinary user needs a stage (sandbox.Stage) for a private loopback; the program has the host's network"
		}
		return landlock, l, nil
	}
	plain := newPlainPlan(c, abi)
	if err := plain.probe(); err != nil {
		return nil, nil, err
	}
	return plain, plainLacks(c, plain, abi, why), nil
}

// newNamespacePlan is what root can do without anybody's help.
func newNamespacePlan(c *config) *threadPlan {
	return &threadPlan{confinement: confinement{
		settings: settingsOf(c), Mounts: true, Network: c.Reach != reachHost, IPC: true, Bounding: true,
	}, clone: unix.CLONE_NEWPID}
}

// newLandlockPlan is what an ordinary user can do. Landlock does not forbid what
// a user namespace does.
func newLandlockPlan(c *config) (*threadPlan, int) {
	abi := landlockABI()
	p := &threadPlan{
		confinement: confinement{settings: settingsOf(c), Landlock: abi},
		clone:       unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
	}
	if c.Reach == reachNothing {
		p.clone |= unix.CLONE_NEWNET
	}
	return p, abi
}

func newPlainPlan(c *config, abi int) *threadPlan {
	p := &threadPlan{confinement: confinement{settings: settingsOf(c), Landlock: abi}}
	p.Bounding = os.Geteuid() == 0 && canDropBounding()
	return p
}

func settingsOf(c *config) settings {
	return settings{
		Reach: c.Reach, Limits: c.Limits, Temporary: c.Temporary, ReadOnly: c.ReadOnly, Writable: c.Writable, User: c.User,
	}
}

// countLacks says whether the number of processes is bounded. The kernel counts
// per user and user namespace, and never root's (setrlimit(2), RLIMIT_NPROC). own
// is whether the sandbox is in a user namespace of its own. A default that would
// count the user's processes outside is not set.
func countLacks(c *config, own bool, l *limits) lacks {
	found := lacks{}
	switch {
	case c.Limits.Processes == 0 || own && os.Geteuid() != 0:
	case os.Geteuid() == 0 && (c.User == nil || c.User.UID == 0):
		found[ProcessCount] = "the system does not bound the processes of root; name another user with WithUser"
	case !c.processesAsked:
		l.Processes = 0
		found[ProcessCount] = "the system counts all processes of the user, also those outside; give a number that allows for them with WithProcesses"
	}
	return found
}

func landlockLacks(l lacks, c *config, abi int) {
	switch {
	case abi == 0:
		l[Files] = "this kernel has neither namespaces for this user nor Landlock; the program can write where the user can"
	case abi < 3:
		l[Files] = "the Landlock of this kernel (before Linux 6.2) cannot keep files from being truncated"
	}
}

func plainLacks(c *config, p *threadPlan, abi int, why error) lacks {
	l := countLacks(c, false, &p.Limits)
	landlockLacks(l, c, abi)
	l[Processes] = fmt.Sprintf("namespaces cannot be made (%v); a process that leaves the program's session outlives it", why)
	if c.Reach != reachHost {
		l[Network] = fmt.Sprintf("namespaces cannot be made (%v); the program has the host's network", why)
	}
	if os.Geteuid() == 0 && !p.Bounding && c.User == nil {
		l[Privileges] = "this process may not drop capabilities (CAP_SETPCAP); name another user with WithUser"
	}
	return l
}

// probe does all that a run does on a thread, and starts a program that is not there.
func (p *threadPlan) probe() error {
	err := onThread(func() error {
		_, err := p.launch(&job{path: absent, args: []string{absent}, dir: "/", output: io.Discard})
		return err
	})
	if errors.Is(err, syscall.ENOENT) && isExec(err) {
		return nil
	}
	return err
}
