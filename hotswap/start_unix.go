//go:build unix

package hotswap

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// inheritance is what a successor gets: descriptors of its own, which are
// closed here once it runs.
type inheritance struct {
	hello     hello
	files     []int // link, hand, control if any, sockets
	listeners []*Listener
}

func (in *inheritance) close() {
	for _, fd := range in.files {
		_ = syscall.Close(fd) // the process has its own
	}
}

// above returns a number above all descriptors that are used while the
// successor's are put in their places: each of them may first be moved past
// the highest.
func (in *inheritance) above() int { return slices.Max(in.files) + 2*(firstFD+len(in.files)) }

func (in *inheritance) add(c syscall.Conn) error {
	fd, err := duplicate(c)
	if err != nil {
		return err
	}
	in.files = append(in.files, fd)
	return nil
}

// start runs the executable as a successor.
func (p *Process) start(a *attempt, executable *os.File) (*child, error) {
	ownLink, theirLink, err := socketPair()
	if err != nil {
		return nil, err
	}
	ownHand, theirHand, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, ownLink.Close(), syscall.Close(theirLink))
	}
	in := &inheritance{files: []int{theirLink, theirHand}}
	defer in.close()
	c, err := p.startWith(a, executable, in)
	if err != nil {
		return nil, errors.Join(err, ownLink.Close(), ownHand.Close())
	}
	c.link = newLink(ownLink)
	c.hand = newHandover(ownHand, in.listeners)
	c.watch()
	if err := c.link.send(message{Kind: kindHello, Hello: &in.hello}); err != nil {
		p.config.log.Warn("hotswap: greeting the successor", "error", err) // it is gone, as awaitReady will see
	}
	return c, nil
}

func (p *Process) startWith(a *attempt, executable *os.File, in *inheritance) (*child, error) {
	if err := p.bequeath(in); err != nil {
		return nil, err
	}
	path, release, err := executablePath(executable, a.upgrade.Path, in.above())
	if err != nil {
		return nil, err
	}
	defer release()
	if err := closeOnExecAll(); err != nil {
		return nil, err
	}
	process, err := run(path, a.upgrade, in.files)
	if err != nil {
		return nil, err
	}
	return &child{
		process: process, replies: make(chan message, 1), ready: make(chan struct{}),
		stopping: make(chan struct{}), gone: make(chan struct{}), exited: make(chan struct{}),
	}, nil
}

// bequeath collects the sockets.
func (p *Process) bequeath(in *inheritance) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in.hello = hello{Protocol: linkProtocol, Sockets: []name{}}
	if path, listener := p.control.socket(); listener != nil {
		in.hello.Control = path
		if err := in.add(listener); err != nil {
			return err
		}
	}
	for _, l := range p.listeners {
		if err := in.bequeath(l.name, l.socket); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		} else if err == nil {
			in.listeners = append(in.listeners, l)
		}
	}
	for _, c := range p.packets {
		if err := in.bequeath(c.name, c.PacketConn); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	for _, s := range p.inherited {
		if err := in.bequeath(s.name, s.any()); err != nil {
			return err
		}
	}
	return nil
}

func (in *inheritance) bequeath(n name, socket any) error {
	c, ok := socket.(syscall.Conn)
	if !ok {
		return fmt.Errorf("socket %s %s has no descriptor: %w", n.Network, quote(n.Address), errors.ErrUnsupported)
	}
	if err := in.add(c); err != nil {
		return err
	}
	in.hello.Sockets = append(in.hello.Sockets, n)
	return nil
}

func (s *socket) any() any {
	if s.listener != nil {
		return s.listener
	}
	return s.packets
}

// duplicate returns a descriptor of its own. (File().Fd() would make the
// socket block, in this process too.)
func duplicate(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	controlErr := raw.Control(func(old uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, err = syscall.Dup(int(old)); err == nil {
			syscall.CloseOnExec(fd)
		}
	})
	return fd, errors.Join(controlErr, err)
}

func socketPair() (own *net.UnixConn, theirs int, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, -1, os.NewSyscallError("socketpair", err)
	}
	f := os.NewFile(uintptr(fds[0]), "link")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, -1, errors.Join(err, syscall.Close(fds[1]))
	}
	return conn.(*net.UnixConn), fds[1], nil // what socketpair makes is one
}

// run starts a process with standard input, output and error of this one and
// the files.
func run(path string, u Upgrade, files []int) (*os.Process, error) {
	fds := []uintptr{0, 1, 2}
	for _, fd := range files {
		fds = append(fds, uintptr(fd))
	}
	pid, _, err := syscall.StartProcess(path, u.argv(), &syscall.ProcAttr{Env: u.environ(), Files: fds})
	if err != nil {
		return nil, &os.PathError{Op: "exec", Path: u.Path, Err: err}
	}
	return os.FindProcess(pid) // it is there until it is waited for
}

func (u Upgrade) argv() []string {
	args := u.Args
	if args == nil {
		args = os.Args[1:]
	}
	return append([]string{u.Path}, args...)
}

// environ is the environment of this process without what was meant for this
// process alone, with the entries of the upgrade.
func (u Upgrade) environ() []string {
	replaced := ours()
	for _, entry := range u.Env {
		key, _, _ := strings.Cut(entry, "=")
		replaced = append(replaced, key)
	}
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return slices.Contains(replaced, key)
	})
	env = append(env, u.Env...)
	return append(env, envPredecessor+"="+strconv.Itoa(os.Getpid()))
}

// closeOnExecAll keeps descriptors that something else in this process opened
// without care from a successor.
func closeOnExecAll() error {
	dir, err := os.Open(descriptorFolder)
	if err != nil {
		return fmt.Errorf("looking for open descriptors: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("looking for open descriptors: %w", err)
	}
	for _, n := range names {
		if fd, err := strconv.Atoi(n); err == nil && fd >= firstFD {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}

func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) } // fails if it has ended

// sendConn sends a message with a copy of the connection's descriptor.
func sendConn(to *net.UnixConn, header []byte, conn net.Conn) error {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	controlErr := raw.Control(func(fd uintptr) {
		n, _, err := to.WriteMsgUnix(header, syscall.UnixRights(int(fd)), nil)
		if sendErr = err; err == nil && n != len(header) {
			sendErr = errors.New("the message was cut")
		}
	})
	return errors.Join(controlErr, sendErr)
}

// receiveConn receives what sendConn sent. On an error nothing stays open.
func receiveConn(from *net.UnixConn) (header [handMessage]byte, conn net.Conn, err error) {
	var (
		buf  [handMessage + 1]byte
		ctrl = make([]byte, syscall.CmsgSpace(4*maxRights))
	)
	n, ctrlN, flags, _, err := from.ReadMsgUnix(buf[:handMessage], ctrl)
	if err != nil {
		return header, nil, err
	}
	fds := rights(ctrl[:ctrlN])
	if n != handMessage || len(fds) != 1 || flags&syscall.MSG_CTRUNC != 0 {
		closeAllFDs(fds)
		return header, nil, fmt.Errorf("%w: a connection came as %d bytes and %d descriptors", ErrRequest, n, len(fds))
	}
	copy(header[:], buf[:])
	f := os.NewFile(uintptr(fds[0]), "connection")
	defer f.Close()
	conn, err = net.FileConn(f)
	return header, conn, err
}

// maxRights is how many descriptors the system may hand to receiveConn before
// it drops some; one is expected.
const maxRights = 4

func rights(control []byte) []int {
	var fds []int
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if got, err := syscall.ParseUnixRights(&m); err == nil {
			fds = append(fds, got...)
		}
	}
	return fds
}

func closeAllFDs(fds []int) {
	for _, fd := range fds {
		_ = syscall.Close(fd)
	}
}
