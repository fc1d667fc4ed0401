package build

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// MaxExecutable bounds the files that [Reproduce] and [Prove] read: 1 GiB.
const MaxExecutable = 1 << 30

// subject is an executable with what is known of it, in memory.
type subject struct {
	path   string
	digest manifest.Digest
	info   *debug.BuildInfo
	*image
}

// image is an executable's bytes and what its headers say.
type image struct {
	data      []byte
	exe       *goexe.File
	functions map[string]int64 // sizes by name; nil if there is no function table
}

func readSubject(path string) (*subject, error) {
	data, err := readExecutable(path)
	if err != nil {
		return nil, err
	}
	return newSubject(path, data)
}

func newSubject(path string, data []byte) (*subject, error) {
	img, err := newImage(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, ErrNotExecutable)
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return nil, &NoBuildInfoError{File: path, Reason: img.suspect()}
	}
	return &subject{path: path, digest: manifest.DigestOf(data), info: info, image: img}, nil
}

func readExecutable(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: %w", path, ErrNotExecutable)
	} else if info.Size() > MaxExecutable {
		return nil, fmt.Errorf("%s is larger than %d bytes: %w", path, MaxExecutable, errors.ErrUnsupported)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxExecutable+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return data, nil
}

func newImage(data []byte) (*image, error) {
	exe, err := goexe.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	img := &image{data: data, exe: exe}
	table, err := exe.Functions()
	if err != nil {
		return img, nil
	}
	img.functions = make(map[string]int64, table.Len())
	for fn := range table.All() {
		img.functions[fn.Name] += fn.Size
	}
	return img, nil
}

// suspect says what an executable without build info seems to be.
func (img *image) suspect() string {
	_, inGo := img.functions["runtime.main"]
	switch {
	case bytes.Contains(img.data, []byte("UPX!")):
		return "it is packed by UPX; unpack it first with \"upx -d\""
	case inGo:
		return "it is a Go program whose build info was left out by a changed linker, by an obfuscator or by hand, so that module, versions and flags are not known"
	case bytes.Contains(img.data, []byte("\xff Go build ID: \"")), img.exe.IsGo():
		return "it is a Go program, but too old (before Go 1.18), or changed after the build"
	default:
		return "it does not seem to be a Go program"
	}
}
