package store

import "golang.org/x/sys/windows"

// free returns how many bytes this user may still write below dir.
func free(dir string) (int64, bool, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false, err
	}
	var available uint64
	err = windows.GetDiskFreeSpaceEx(path, &available, nil, nil)
	return int64(min(available, 1<<62)), true, err
}
