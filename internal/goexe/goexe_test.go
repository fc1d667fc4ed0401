package goexe_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// ownExecutable opens the test binary itself: a real Go executable of the
// system that the test runs on.
func ownExecutable(t testing.TB) (*goexe.File, []byte) {
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Clean(path))
	require.NoError(t, err)
	file, err := goexe.New(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	return file, data
}

func TestFunctionsOfOwnExecutable(t *testing.T) {
	file, _ := ownExecutable(t)
	functions, err := file.Functions()
	require.NoError(t, err)
	assert.Greater(t, functions.Len(), 1000)
	sizes := map[string]int64{}
	for fn := range functions.All() {
		sizes[fn.Name] = fn.Size
	}
	assert.Positive(t, sizes["runtime.mallocgc"])
	assert.Positive(t, sizes["github.com/gohotfix/hotfix/internal/goexe_test.TestFunctionsOfOwnExecutable"])
}

func TestPackageOf(t *testing.T) {
	for symbol, want := range map[string]string{
		"net/http.(*Server).Serve": "net/http",
		"main.main":                "main",
		"example.com/a%2eb.F":      "example.com/a.b",
		"slices.SortFunc[go.shape.struct { a/b.C int }]": "slices",
		"github.com/x/y/v2.(*T[...]).M.func1":            "github.com/x/y/v2",
		"type:.eq.net/http.Cookie":                       "",
		"go:buildid":                                     "",
		"memeqbody":                                      "",
	} {
		assert.Equal(t, want, goexe.PackageOf(symbol), symbol)
	}
}

func TestNotAnExecutable(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "text": "#!/bin/sh\nexit 0\n", "ELF header alone": "\x7fELF\x02\x01\x01",
		"PE header alone": "MZ" + strings.Repeat("\x00", 100),
	} {
		_, err := goexe.New(strings.NewReader(data), int64(len(data)))
		assert.ErrorIs(t, err, goexe.ErrFormat, name)
	}
}

func FuzzNew(f *testing.F) {
	_, own := ownExecutable(f)
	f.Add(own[:4096])
	f.Add([]byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57)))
	f.Add([]byte("MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00\x64\x86" + strings.Repeat("\x00", 64)))
	f.Add([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01" + strings.Repeat("\x00", 24)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := goexe.New(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		file.Stripped()
		functions, err := file.Functions()
		if err != nil {
			return
		}
		for fn := range functions.All() {
			fn.Package()
		}
	})
}
