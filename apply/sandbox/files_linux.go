package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Folders in place of which a program gets its own.
const tmpFolder = "/tmp"

func hiddenFolders() []string { return []string{tmpFolder, "/var/tmp", "/run", "/dev"} }

func devices() []string {
	return []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}
}

// shown is a file or folder of the host that is visible in the sandbox.
type shown struct {
	path     string // where
	open     *os.File
	folder   bool
	writable bool
}

// ownFiles gives the thread a read-only view of the file system, with empty
// folders for temporary files, and what is needed of the host in them.
func (c *confinement) ownFiles(j *job) error {
	if err := unshareMounts(); err != nil {
		return err
	}
	hidden := slices.DeleteFunc(hiddenFolders(), func(dir string) bool { return !isFolder(dir) })
	if !slices.Contains(hidden, tmpFolder) {
		return errors.New("there is no folder /tmp")
	}
	views, err := c.shown(j, hidden)
	defer closeAll(views)
	if err != nil {
		return err
	}
	if c.Proc {
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("own /proc: %w", err)
		}
	}
	if err := readOnlyRoot(); err != nil {
		return fmt.Errorf("read-only file system: %w", err)
	}
	for _, dir := range hidden {
		if err := c.emptyFolder(dir); err != nil {
			return err
		}
	}
	for _, view := range views {
		if err := view.mount(); err != nil {
			return fmt.Errorf("showing %s: %w", view.path, err)
		}
	}
	return furnishDev(c.Temporary)
}

// unshareMounts gives the thread mounts of its own, from which nothing gets out.
func unshareMounts() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func within(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// shown opens all that stays visible, parents first.
func (c *confinement) shown(j *job, hidden []string) ([]shown, error) {
	paths := map[string]bool{} // whether it is writable
	add := func(path string, writable bool) {
		if writable || within(path, hidden) {
			paths[path] = paths[path] || writable
		}
	}
	for _, path := range slices.Concat(c.needed(j, hidden), c.ReadOnly, c.Writable) {
		writable := slices.Contains(c.Writable, path)
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil, err
		}
		add(path, writable)
		add(real, writable)
	}
	var views []shown
	for path, writable := range paths {
		view, err := show(path, writable)
		if err != nil {
			return views, err
		}
		views = append(views, view)
	}
	slices.SortStableFunc(views, func(a, b shown) int { return cmp.Compare(a.path, b.path) })
	return views, nil
}

// needed is what a program needs without being told.
func (c *confinement) needed(j *job, hidden []string) []string {
	needed := devices()
	if j.path != absent {
		needed = append(needed, j.path)
	}
	if !slices.Contains(hidden, j.dir) {
		needed = append(needed, j.dir)
	}
	// The addresses of name servers are often in /run.
	const resolver = "/etc/resolv.conf"
	if _, err := os.Stat(resolver); c.Reach == reachHost && err == nil {
		needed = append(needed, resolver)
	}
	return needed
}

func show(path string, writable bool) (shown, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return shown{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	view := shown{path: path, open: os.NewFile(uintptr(fd), path), writable: writable}
	info, err := view.open.Stat()
	if err != nil {
		_ = view.open.Close()
		return shown{}, err
	}
	view.folder = info.IsDir()
	return view, nil
}

func closeAll(views []shown) {
	for _, view := range views {
		_ = view.open.Close()
	}
}

func (s *shown) mount() error {
	if err := s.makeMountPoint(); err != nil {
		return err
	}
	from := fmt.Sprintf("/proc/thread-self/fd/%d", s.open.Fd())
	if err := unix.Mount(from, s.path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	if !s.writable {
		return nil
	}
	return setReadOnly(s.path, false)
}

// makeMountPoint makes what is not there, which can only be in an empty folder
// of the sandbox.
func (s *shown) makeMountPoint() error {
	if _, err := os.Stat(s.path); err == nil {
		return nil
	}
	if s.folder {
		return os.MkdirAll(s.path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.path, nil, 0o644)
}

func (c *confinement) emptyFolder(dir string) error {
	mode := "1777"
	if dir == "/dev" || dir == "/run" {
		mode = "755"
	}
	return emptyFolder(dir, mode, c.Temporary)
}

func emptyFolder(dir, mode string, size int64) error {
	options := fmt.Sprintf("mode=%s,size=%d,nr_inodes=%d", mode, size, max(1024, size>>12))
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("own %s: %w", dir, err)
	}
	return nil
}

// furnishDev adds what programs expect beside devices.
func furnishDev(size int64) error {
	for name, to := range map[string]string{"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"} {
		if err := os.Symlink("/proc/self/fd"+to, "/dev/"+name); err != nil {
			return err
		}
	}
	if err := os.Mkdir("/dev/shm", 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := setReadOnly("/dev", true); err != nil {
		return err
	}
	return emptyFolder("/dev/shm", "1777", size)
}

// readOnlyRoot makes all mounts read-only: in one call since Linux 5.12, one by
// one before.
func readOnlyRoot() error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &attr)
	if err == unix.ENOSYS {
		return readOnlyEach()
	}
	return err
}

func readOnlyEach() error {
	data, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		if err := remount(unescape(fields[4]), true); err != nil && !unreachable(err) {
			return fmt.Errorf("%s: %w", fields[4], err)
		}
	}
	return nil
}

// unreachable says that a mount cannot be reached, by us or by the program: another one
// hides it, or whoever served it has gone.
func unreachable(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || err == unix.EINVAL || err == unix.ENOTCONN
}

// unescape reads a path of mountinfo, see proc_pid_mountinfo(5).
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

func setReadOnly(path string, readOnly bool) error {
	attr := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
	if readOnly {
		attr = unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	}
	err := unix.MountSetattr(unix.AT_FDCWD, path, 0, &attr)
	if err == unix.ENOSYS {
		return remount(path, readOnly)
	}
	return err
}

// remount keeps the other flags of a mount, which a user namespace may not clear.
func remount(path string, readOnly bool) error {
	var at unix.Statfs_t
	if err := unix.Statfs(path, &at); err != nil {
		return err
	}
	// The flags of statfs(2) are those of mount(2), but for ST_RELATIME.
	flags := uintptr(at.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME)
	if at.Flags&unix.ST_RELATIME != 0 {
		flags |= unix.MS_RELATIME
	}
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|flags, "")
}
