package journal

import "os"

// truncate shortens a file by its name: what is open for appending alone may not.
func truncate(f *os.File, size int64) error { return os.Truncate(f.Name(), size) }
