package code_test

import (
	"bytes"
	"os"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// program is the test binary itself.
type program struct {
	arch      code.Arch
	file      *goexe.File
	text      []byte
	addr      uint64 // of the text
	functions []goexe.Function
}

func ownProgram(t testing.TB) program {
	t.Helper()
	arch, ok := code.ArchOf(runtime.GOARCH)
	if !ok {
		t.Skip("no scanner for " + runtime.GOARCH)
	}
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := goexe.New(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	section, ok := file.Section(".text")
	if !ok {
		section, ok = file.Section("__text")
	}
	require.True(t, ok)
	p := program{arch: arch, file: file, addr: section.Addr}
	p.text, err = file.Data(section)
	require.NoError(t, err)
	table, err := file.Functions()
	require.NoError(t, err)
	p.functions = slices.Collect(table.All())
	p.requireStart(t)
	return p
}

// requireStart skips the test in executables whose text begins with code of C,
// as with the race detector: offsets in the function table count from Go's.
func (p program) requireStart(t testing.TB) {
	const name = "github.com/gohotfix/hotfix/internal/goexe/code_test.ownProgram"
	i := slices.IndexFunc(p.functions, func(fn goexe.Function) bool { return fn.Name == name })
	require.GreaterOrEqual(t, i, 0)
	loaded := uint64(reflect.ValueOf(ownProgram).Pointer())
	if (loaded-p.functions[i].Entry-p.addr)%4096 != 0 {
		t.Skip("linked with code of C")
	}
}

func (p program) code(fn goexe.Function) []byte {
	return p.text[fn.Entry : fn.Entry+uint64(fn.Size)]
}

// executable reports whether an address lies in a section of code: that of the
// Go functions, or what C functions are called through.
func (p program) executable(addr uint64) bool {
	return slices.ContainsFunc(p.file.Sections, func(s goexe.Section) bool {
		return s.Exec && addr-s.Addr < uint64(s.Size)
	})
}

// image reports whether an address lies between the ends of the sections. What
// only takes up memory follows the last of them, and has no size in the file.
func (p program) image(addr uint64) bool {
	const memory = 64 << 20
	for _, s := range p.file.Sections {
		if s.Addr != 0 && addr >= s.Addr && addr-s.Addr <= uint64(s.Size)+memory {
			return true
		}
	}
	return false
}

func TestOwnExecutable(t *testing.T) {
	p := ownProgram(t)
	count := 0
	for _, fn := range p.functions {
		if fn.Name == "go:buildid" { // a text, on systems without notes
			continue
		}
		text := p.code(fn)
		body := text[:code.Body(p.arch, text)]
		refs, unknown := code.Scan(p.arch, body, p.addr+fn.Entry, nil)
		require.Zero(t, unknown, fn.Name)
		require.Less(t, len(text)-len(body), 64, "%s ends in padding", fn.Name)
		count += len(refs)
		for _, ref := range refs {
			p.requireTarget(t, fn, ref)
		}
	}
	assert.Greater(t, count, 10_000)
}

func (p program) requireTarget(t *testing.T, fn goexe.Function, ref code.Reference) {
	switch ref.Kind {
	case code.Relative8, code.Branch14, code.Branch19, code.Literal19:
		require.True(t, ref.Within(p.addr+fn.Entry, int(fn.Size)), "%s+%#x: %#x", fn.Name, ref.Offset, ref.Target)
	case code.Relative32, code.Branch26:
		require.True(t, p.executable(ref.Target), "%s+%#x: %#x", fn.Name, ref.Offset, ref.Target)
	default:
		require.True(t, p.image(ref.Target), "%s+%#x: %#x", fn.Name, ref.Offset, ref.Target)
	}
}

func BenchmarkScan(b *testing.B) {
	p := ownProgram(b)
	b.SetBytes(int64(len(p.text)))
	var refs []code.Reference
	for b.Loop() {
		for _, fn := range p.functions {
			refs, _ = code.Scan(p.arch, p.code(fn), p.addr+fn.Entry, refs[:0])
		}
	}
}
