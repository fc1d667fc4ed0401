package goexe_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// crossBuild builds a program of no imports for a target.
func crossBuild(t *testing.T, os_, arch string, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	source := "package main\n\nfunc main() { println(double(21)) }\n\n//go:noinline\nfunc double(x int) int { return 2 * x }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n"), 0o644))
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build", "-trimpath", "-buildvcs=false", "-o", "out"}, flags...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+os_, "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	message, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", message)
	return filepath.Join(dir, "out")
}

func TestFormats(t *testing.T) {
	tests := []struct {
		os, arch, format string
		word             int
		order            binary.ByteOrder
	}{
		{"linux", "amd64", "ELF", 8, binary.LittleEndian},
		{"linux", "386", "ELF", 4, binary.LittleEndian},
		{"linux", "s390x", "ELF", 8, binary.BigEndian},
		{"linux", "mips", "ELF", 4, binary.BigEndian},
		{"windows", "amd64", "PE", 8, binary.LittleEndian},
		{"windows", "386", "PE", 4, binary.LittleEndian},
		{"darwin", "arm64", "Mach-O", 8, binary.LittleEndian},
	}
	for _, test := range tests {
		for _, flags := range [][]string{nil, {"-ldflags=-s -w"}} {
			t.Run(fmt.Sprint(test.os, "/", test.arch, flags), func(t *testing.T) {
				data, err := os.ReadFile(crossBuild(t, test.os, test.arch, flags...))
				require.NoError(t, err)
				file, err := goexe.New(bytes.NewReader(data), int64(len(data)))
				require.NoError(t, err)
				assert.Equal(t, test.format, file.Format)
				assert.Equal(t, test.word, file.PtrSize)
				assert.Equal(t, test.order, file.Order)
				symbols, dwarf := file.Stripped()
				assert.Equal(t, flags != nil, dwarf, "debug information")
				if test.format == "ELF" {
					assert.Equal(t, flags != nil, symbols, "symbol table")
				}
				requireFunctions(t, file)
			})
		}
	}
}

func requireFunctions(t *testing.T, file *goexe.File) {
	functions, err := file.Functions()
	require.NoError(t, err)
	assert.Greater(t, functions.Len(), 500)
	sizes, total, code := map[string]int64{}, int64(0), int64(0)
	for fn := range functions.All() {
		sizes[fn.Name] = fn.Size
		total += fn.Size
	}
	for _, s := range file.Sections {
		if s.Exec {
			code += s.Size
		}
	}
	assert.Positive(t, sizes["main.double"])
	assert.Positive(t, sizes["runtime.mallocgc"])
	assert.LessOrEqual(t, total, code)
	assert.Greater(t, total, code*9/10)
}

func TestBuildInfo(t *testing.T) {
	for _, port := range []string{"linux/amd64", "js/wasm", "wasip1/wasm"} {
		os_, arch, _ := strings.Cut(port, "/")
		path := crossBuild(t, os_, arch, "-ldflags=-s")
		info, err := goexe.BuildInfo(path)
		require.NoError(t, err, port)
		assert.Equal(t, "example.com/m", info.Path)
		assert.True(t, strings.HasPrefix(info.GoVersion, "go1."), info.GoVersion)
	}
}

func TestNoBuildInfo(t *testing.T) {
	for _, text := range []string{"", "text", "\x00asm", "\x00asm\x01\x00\x00\x00" + strings.Repeat("x", 100)} {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := goexe.BuildInfo(path)
		assert.Error(t, err, "%q", text)
	}
	_, err := goexe.BuildInfo(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestDamagedHeaders changes every byte of the headers of real executables: the
// reader may refuse or read on, but does not fail in any other way.
func TestDamagedHeaders(t *testing.T) {
	for _, port := range []string{"linux/amd64", "windows/386", "darwin/arm64"} {
		os_, arch, _ := strings.Cut(port, "/")
		data, err := os.ReadFile(crossBuild(t, os_, arch, "-ldflags=-s -w"))
		require.NoError(t, err)
		for at := range 2048 {
			damaged := bytes.Clone(data[:min(len(data), 64<<10)])
			damaged[at] ^= 0xff
			read(damaged)
		}
	}
}

func read(data []byte) {
	file, err := goexe.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	if functions, err := file.Functions(); err == nil {
		for fn := range functions.All() {
			fn.Package()
		}
	}
}

// TestDamagedFunctionTable changes bytes all over the table's header and first
// entries.
func TestDamagedFunctionTable(t *testing.T) {
	data, err := os.ReadFile(crossBuild(t, "linux", "amd64", "-ldflags=-s -w"))
	require.NoError(t, err)
	file, err := elf.NewFile(bytes.NewReader(data))
	require.NoError(t, err)
	table := file.Section(".gopclntab")
	require.NotNil(t, table)
	for at := range 96 {
		for _, value := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			old := data[int(table.Offset)+at]
			data[int(table.Offset)+at] = value
			read(data)
			data[int(table.Offset)+at] = old
		}
	}
}
