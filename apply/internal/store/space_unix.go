//go:build linux || darwin || freebsd

package store

import "golang.org/x/sys/unix"

// free returns how many bytes an ordinary user may still write below dir.
func free(dir string) (int64, bool, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, false, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), true, nil
}
