package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Device is what is behind a file that the kernel takes for a disk. [*Disk] and
// [*Recorder] are devices.
type Device interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
}

// Server shows devices as files.
type Server struct {
	dir  string
	root *fs.Inode
	fuse *fuse.Server
	n    int
}

// NewServer mounts a FUSE file system on a new folder in dir. Where that may not be, the
// error wraps [ErrUnavailable].
func NewServer(dir string) (*Server, error) {
	s := &Server{dir: filepath.Join(dir, "devices")}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, err
	}
	root := &fs.Inode{}
	var err error
	s.fuse, err = fs.Mount(s.dir, root, &fs.Options{MountOptions: fuse.MountOptions{
		FsName: "hotfix-crash", Name: "hotfix-crash", DirectMount: true, MaxWrite: 1 << 20, DisableXAttrs: true, DisableSplice: true,
		SingleThreaded: true, // so that what was answered before a flush stands before it
	}})
	if err != nil {
		return nil, fmt.Errorf("%w: mounting a FUSE file system: %w", ErrUnavailable, errors.Join(err, os.Remove(s.dir)))
	}
	s.root = root
	return s, nil
}

// Close unmounts the file system.
func (s *Server) Close() error {
	if err := umount(s.dir); err != nil {
		return err
	}
	s.fuse.Wait()
	return os.Remove(s.dir)
}

// Add makes a file of a device. done removes it, and lets go of the device: the kernel may
// remember the file for longer.
func (s *Server) Add(d Device) (path string, done func()) {
	s.n++
	name := strconv.Itoa(s.n)
	n := &node{size: d.Size()}
	n.device.Store(&d)
	s.root.AddChild(name, s.root.NewPersistentInode(context.Background(), n, fs.StableAttr{Mode: syscall.S_IFREG}), true)
	return filepath.Join(s.dir, name), func() {
		s.root.RmChild(name)
		n.device.Store(nil)
	}
}

// node is the file of a device.
type node struct {
	fs.Inode
	size   int64
	device atomic.Pointer[Device] // nil once it is removed
}

var (
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
)

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size, out.Blocks = syscall.S_IFREG|0o600, uint64(n.size), uint64(n.size/512)
	return 0
}

// Setattr changes nothing: a device has the size that it has.
func (n *node) Setattr(ctx context.Context, f fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.Getattr(ctx, f, out)
}

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	device := n.device.Load()
	if device == nil {
		return nil, unix.ENODEV
	}
	got, err := (*device).ReadAt(dest, off)
	if err != nil && err != io.EOF {
		return nil, unix.EIO
	}
	return fuse.ReadResultData(dest[:got]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	device := n.device.Load()
	if device == nil {
		return 0, unix.ENODEV
	}
	got, err := (*device).WriteAt(data, off)
	if err != nil {
		return uint32(got), unix.ENOSPC
	}
	return uint32(got), 0
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if device := n.device.Load(); device != nil {
		if r, ok := (*device).(*Recorder); ok {
			r.Flush()
		}
	}
	return 0
}
