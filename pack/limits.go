package pack

import "github.com/gohotfix/hotfix/pack/manifest"

// Limits of what is packed and read. Readers check them before they allocate
// or write anything, and again while they read; [WithLimits] changes them for
// one call.
const (
	MaxArchive = 4 << 30              // bytes in an archive: 4 GiB
	MaxTotal   = 4 << 30              // bytes in all files of an archive together: 4 GiB
	MaxFile    = manifest.MaxFile     // bytes in one file
	MaxFiles   = manifest.MaxFiles    // files in an archive
	maxZip32   = 1<<32 - 2            // bytes in a zip file or one of its members, without zip64
	maxWindow  = 8 << 20              // bytes of history that a Zstandard frame may need
	maxLag     = 1 << 20              // see [tape]
	maxScript  = manifest.MaxDocument // bytes in a verify script
)

// Limits bounds what a reader accepts. A field that is zero stands for the
// constant of the same name; a reader accepts no more than the constants.
type Limits struct {
	Archive int64 // bytes in the archive; [MaxArchive]
	Total   int64 // bytes in all files together; [MaxTotal]
	File    int64 // bytes in one file; [MaxFile]
	Files   int   // number of files; [MaxFiles]
}

// bounded returns l with defaults filled in and nothing above the constants.
func (l Limits) bounded() Limits {
	return Limits{
		Archive: bound(l.Archive, MaxArchive),
		Total:   bound(l.Total, MaxTotal),
		File:    bound(l.File, MaxFile),
		Files:   int(bound(int64(l.Files), MaxFiles)),
	}
}

func bound(n, most int64) int64 {
	if n <= 0 {
		return most
	}
	return min(n, most)
}
