package pack

import (
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// header describes one member of a container.
type header struct {
	path string
	mode manifest.Mode
	size int64     // bytes of the content
	time time.Time // modification time, the same for all members

	// What a zip archive claims of the member's compressed form. Readers pass
	// it on to the encoder, which checks it; writers leave it zero.
	crc    uint32
	packed int64
}

// modeBits returns the permission bits of m, which is one of the two modes.
func modeBits(m manifest.Mode) uint32 {
	if m == manifest.ModeExecutable {
		return 0o755
	}
	return 0o644
}

// modeOf returns the mode of the given permission bits.
func modeOf(bits int64) (manifest.Mode, bool) {
	switch bits {
	case 0o644:
		return manifest.ModeFile, true
	case 0o755:
		return manifest.ModeExecutable, true
	}
	return "", false
}

// The range of times that every format can hold.
const (
	firstYear = 1980
	lastYear  = 2107
)

// checkTime requires whole seconds within the range of the formats.
func checkTime(t time.Time) error {
	if t.Nanosecond() != 0 || t.UTC().Year() < firstYear || t.UTC().Year() > lastYear {
		return fmt.Errorf("time %s is not one of whole seconds in the years %d to %d: truncate the time of the fix to seconds",
			t.UTC().Format(time.RFC3339Nano), firstYear, lastYear)
	}
	return nil
}

// sequence checks the members of one container in their order. Writers and
// readers use the same rules, so that what is written can be read.
type sequence struct {
	limits  Limits
	count   int
	total   int64
	last    string
	time    time.Time
	files   map[string]bool   // folded paths of files
	folders map[string]string // folded paths of folders, to their spelling
}

func newSequence(limits Limits) *sequence {
	return &sequence{limits: limits, files: map[string]bool{}, folders: map[string]string{}}
}

// add checks the next member before any of its content is read.
func (s *sequence) add(h header) error {
	if err := s.addSize(h); err != nil {
		return err
	}
	if err := manifest.CheckPath(h.path); err != nil {
		return refuseInvalid(h.path, err)
	}
	if !fitsUSTAR(h.path) {
		return refuse(h.path, "does not fit into the name fields of USTAR: shorten it, or split it into more folders", nil)
	}
	if err := s.addTime(h); err != nil {
		return err
	}
	if err := s.addPath(h.path); err != nil {
		return err
	}
	s.count++
	s.last = h.path
	return nil
}

func (s *sequence) addSize(h header) error {
	if s.count >= s.limits.Files {
		return refuseLimit("", "files", int64(s.limits.Files))
	}
	if h.size < 0 || h.size > s.limits.File {
		return refuseLimit(h.path, "bytes in one file", s.limits.File)
	}
	if s.total += h.size; s.total > s.limits.Total {
		return refuseLimit("", "bytes in all files together", s.limits.Total)
	}
	return nil
}

func (s *sequence) addTime(h header) error {
	if s.count == 0 {
		if err := checkTime(h.time); err != nil {
			return refuse(h.path, "has a "+err.Error(), err)
		}
		s.time = h.time
	}
	if !h.time.Equal(s.time) {
		return refuse(h.path, "has another time than the entries before it", ErrNotCanonical)
	}
	return nil
}

func (s *sequence) addPath(path string) error {
	folded := manifest.FoldPath(path)
	_, isFolder := s.folders[folded]
	switch {
	case s.count > 0 && path == s.last:
		return refuse(path, "stands twice", ErrNotCanonical)
	case s.count > 0 && path < s.last:
		return refuse(path, fmt.Sprintf("is out of order after %q", s.last), ErrNotCanonical)
	case s.files[folded]:
		return refuse(path, "differs from another entry only in the case of letters", nil)
	case isFolder:
		return refuse(path, "is a file and a folder at once", nil)
	}
	s.files[folded] = true
	return s.addFolders(path)
}

// addFolders checks the folders above path against files and against other
// spellings of the same folder.
func (s *sequence) addFolders(path string) error {
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		dir := path[:i]
		folded := manifest.FoldPath(dir)
		if s.files[folded] {
			return refuse(path, "lies below another entry, which is a file", nil)
		}
		if known, ok := s.folders[folded]; ok && known != dir {
			return refuse(path, fmt.Sprintf("lies in a folder that differs from %q only in the case of letters", known), nil)
		}
		s.folders[folded] = dir
	}
	return nil
}

// finish checks what can be known at the end only.
func (s *sequence) finish() error {
	if s.count == 0 {
		return refuse("", "holds no files", nil)
	}
	return nil
}

// Lengths of the two fields that hold a path in a USTAR header.
const (
	ustarName   = 100
	ustarPrefix = 155
)

// fitsUSTAR reports whether path fits into a USTAR header: as a name alone, or
// divided at a slash into prefix and name. The last slash that leaves a prefix
// short enough is the one that leaves the shortest name.
func fitsUSTAR(path string) bool {
	if len(path) <= ustarName {
		return true
	}
	slash := strings.LastIndexByte(path[:min(len(path), ustarPrefix+1)], '/')
	return slash > 0 && len(path)-slash-1 <= ustarName
}
