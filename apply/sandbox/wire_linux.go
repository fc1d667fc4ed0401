package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Messages between this process and a stage: JSON, one a packet.
const (
	maxMessage = 32 << 10 // bytes
	maxReason  = 4 << 10  // bytes, of an error in one
	maxDial    = time.Minute

	requestTerminate = "terminate"
	requestDial      = "dial"
	replyStarted     = "started" // or not: see the error
	replyDialed      = "dialed"  // with the connection's descriptor
	replyEnded       = "ended"
)

// request is what this process asks of a stage.
type request struct {
	Kind             string
	ID               uint64 `json:",omitempty"`
	Network, Address string `json:",omitempty"`
	Timeout          time.Duration
}

// reply is what a stage says.
type reply struct {
	Kind   string
	ID     uint64        `json:",omitempty"`
	Error  string        `json:",omitempty"`
	Errno  syscall.Errno `json:",omitempty"`
	Absent bool          `json:",omitempty"` // only the execution failed, of what was to be absent
	Exit   *exit         `json:",omitempty"`
}

// stageError is an error that happened in a stage.
type stageError struct {
	text  string
	cause error
}

func (e *stageError) Error() string { return e.text }

func (e *stageError) Unwrap() error { return e.cause }

func (r *reply) err() error {
	switch {
	case r.Error == "":
		return nil
	case r.Absent:
		return &os.PathError{Op: "exec", Path: absent, Err: r.Errno}
	case r.Errno != 0:
		return &stageError{r.Error, r.Errno}
	}
	return &stageError{r.Error, nil}
}

// failed puts an error into a reply.
func (r reply) failed(err error) reply {
	if err == nil {
		return r
	}
	r.Error = err.Error()
	r.Error = r.Error[:min(len(r.Error), maxReason)]
	errors.As(err, &r.Errno)
	r.Absent = isExec(err) && r.Errno == syscall.ENOENT
	return r
}

// controlSockets makes a pair of sockets that keep packets apart.
func controlSockets() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("control socket: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	ours := os.NewFile(uintptr(fds[0]), "control")
	conn, err := controlConn(ours)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn, theirs, nil
}

// controlConn takes a file, which it closes.
func controlConn(file *os.File) (*net.UnixConn, error) {
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("the control socket is no Unix socket"), conn.Close())
	}
	return unixConn, nil
}

// send sends a message, with a descriptor if file is not nil.
func send(to *net.UnixConn, message any, file *os.File) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(data) > maxMessage {
		return fmt.Errorf("a message of %d bytes, %d are allowed", len(data), maxMessage)
	}
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	_, _, err = to.WriteMsgUnix(data, rights, nil)
	return err
}

// receive takes a message, and the descriptor that came with it.
func receive[T any](from *net.UnixConn) (message T, file *os.File, err error) {
	data, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	n, oobn, flags, _, err := from.ReadMsgUnix(data, oob)
	if err != nil {
		return message, nil, err
	}
	if n == 0 {
		return message, nil, io.EOF
	}
	if file, err = descriptor(oob[:oobn]); err != nil {
		return message, nil, err
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		return message, nil, errors.Join(errors.New("a message was cut"), closeFile(file))
	}
	if err := json.Unmarshal(data[:n], &message); err != nil {
		return message, nil, errors.Join(err, closeFile(file))
	}
	return message, file, nil
}

// descriptor returns the file in a control message; nil if there is none.
func descriptor(oob []byte) (*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil || len(fds) == 0 {
			continue
		}
		return os.NewFile(uintptr(fds[0]), "connection"), nil
	}
	return nil, nil
}
