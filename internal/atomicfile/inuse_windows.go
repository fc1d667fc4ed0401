package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// patience is how long a file is waited for that another process has open: one that
// reads it, one that looks for viruses. pause is between two looks.
const (
	patience = 2 * time.Second
	pause    = 5 * time.Millisecond
)

// InUse reports whether an error may say that a file is open in another process, or
// runs: then it can be neither removed nor replaced for now. Elsewhere than on
// Windows that keeps nobody from anything.
func InUse(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) ||
		errors.Is(err, windows.ERROR_USER_MAPPED_FILE)
}

// untilFree tries again while a file is in use, for a while.
func untilFree(try func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		if err := try(); !InUse(err) || time.Now().After(end) {
			return err
		}
	}
}

func open(path string) (f *os.File, err error) {
	err = untilFree(func() error {
		f, err = openShared(path)
		return err
	})
	return f, err
}

// openShared opens a file so that others may rename or remove it meanwhile, which
// os.Open keeps them from.
func openShared(path string) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	handle, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}
