package pack

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Format is the container that holds the files of a package. Its text is also
// the extension of a package's file name.
type Format string

// The formats. A package is one of [TarGz], [TarZst] and [Zip]; [Tar] is read
// by [Extract] alone.
const (
	Tar    Format = "tar"     // USTAR, not compressed
	TarGz  Format = "tar.gz"  // USTAR in one gzip member
	TarZst Format = "tar.zst" // USTAR in one Zstandard frame; the default
	Zip    Format = "zip"     // zip with deflate
)

// Formats returns all formats, in the order of their text.
func Formats() []Format { return []Format{Tar, TarGz, TarZst, Zip} }

// ParseFormat returns the format of the given text: "tar", "tar.gz",
// "tar.zst" or "zip". Any other is an error that wraps [errors.ErrUnsupported].
func ParseFormat(s string) (Format, error) {
	f := Format(s)
	if err := f.check(Formats()); err != nil {
		return "", err
	}
	return f, nil
}

// String returns the text of f.
func (f Format) String() string { return string(f) }

// Extension returns the end of a package's file name, with the dot.
func (f Format) Extension() string { return "." + string(f) }

// packageFormats are those that a package may have.
func packageFormats() []Format { return []Format{TarGz, TarZst, Zip} }

func (f Format) check(allowed []Format) error {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		if f == a {
			return nil
		}
		names[i] = string(a)
	}
	return fmt.Errorf("format %q: choose one of %s: %w", clip(string(f)), strings.Join(names, ", "), errors.ErrUnsupported)
}

// sniffLen is the number of bytes that sniff needs.
const sniffLen = 4

// sniff returns the format of the package that begins with the given bytes.
// Each format has a beginning that all its packages share.
func sniff(begin []byte) (Format, bool) {
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		return TarGz, true
	case bytes.HasPrefix(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return TarZst, true
	case bytes.HasPrefix(begin, []byte("PK\x03\x04")):
		return Zip, true
	}
	return "", false
}
