package goexe

import (
	"bytes"
	"debug/buildinfo"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// BuildInfo reads the build information of the Go executable at path. Beyond
// the formats that debug/buildinfo knows it reads WebAssembly modules.
func BuildInfo(path string) (*debug.BuildInfo, error) {
	info, err := buildinfo.ReadFile(path)
	if err == nil {
		return info, nil
	}
	if wasm, wasmErr := wasmBuildInfo(path); !errors.Is(wasmErr, ErrFormat) {
		return wasm, wasmErr
	}
	return nil, err
}

const (
	wasmMagic = "\x00asm"

	// maxModule bounds the WebAssembly modules that are read.
	maxModule = 1 << 30

	// The go command puts these marks around the build information, which the
	// linker keeps as the string runtime.modinfo
	// (cmd/go/internal/modload/build.go).
	infoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
	InfoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"

	// compilerName stands before the toolchain's version in the section
	// "producers" (cmd/link/internal/wasm/asm.go).
	compilerName = "\x0eGo cmd/compile"
)

// wasmBuildInfo returns an [ErrFormat] if the file is no WebAssembly module.
func wasmBuildInfo(path string) (*debug.BuildInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	magic := make([]byte, len(wasmMagic))
	if _, err := io.ReadFull(f, magic); err != nil || string(magic) != wasmMagic {
		return nil, ErrFormat
	}
	data, err := io.ReadAll(io.LimitReader(f, maxModule))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return parseModule(data)
}

func parseModule(data []byte) (*debug.BuildInfo, error) {
	_, text, found := bytes.Cut(data, []byte(InfoStart))
	text, _, closed := bytes.Cut(text, []byte(infoEnd))
	if !found || !closed {
		return nil, errors.New("the WebAssembly module has no Go build info")
	}
	info, err := debug.ParseBuildInfo(string(text))
	if err != nil {
		return nil, fmt.Errorf("the build info of the WebAssembly module: %w", err)
	}
	if _, version, ok := bytes.Cut(data, []byte(compilerName)); ok {
		info.GoVersion = cutString(version)
	}
	return info, nil
}

// cutString returns the string that data begins with, after its length; "" if
// it is cut short.
func cutString(data []byte) string {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return ""
	}
	return string(data[n : n+int(length)])
}
