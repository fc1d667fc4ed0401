package compare

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/goexe/code"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// ErrUnknown says that an executable cannot be compared function by function:
// it is not one of Go, or of a processor or a Go version that is not known.
var ErrUnknown = errors.New("cannot be compared function by function")

// MaxSize bounds the executables that are read, in bytes.
const MaxSize = 1 << 30

// side is one executable, read.
type side struct {
	about     Executable
	info      *buildinfo.BuildInfo
	arch      code.Arch
	file      *goexe.File
	module    *goexe.Module
	image     *goexe.Image
	details   *goexe.Details
	functions []*function // by address
	byName    map[string][]*function
	marks     []uint64 // addresses that something refers to, sorted
	scratch   []code.Reference
}

// function is a function with its code.
type function struct {
	goexe.Function
	addr uint64
	code []byte // without the padding behind it
	refs []code.Reference
	twin *function // of the other side; nil for one that is on this side only
}

func open(path string) (*side, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if stat.Size() > MaxSize {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read: %w", path, stat.Size(), MaxSize, ErrUnknown)
	}
	s := &side{about: Executable{Path: path, Size: stat.Size()}}
	if s.about.Digest, _, err = manifest.DigestFile(path); err != nil {
		return nil, err
	}
	if s.info, err = buildinfo.Read(f); err != nil {
		return nil, fmt.Errorf("%s: %w: it has no Go build info: %w", path, ErrUnknown, err)
	}
	s.about.Toolchain = s.info.GoVersion
	if s.about.Target, err = target.FromBuildSettings(s.info.Settings); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrUnknown, err)
	}
	if s.file, err = goexe.New(f, stat.Size()); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrUnknown, err)
	}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrUnknown, err)
	}
	return s, nil
}

// read reads what the linker wrote for the runtime.
func (s *side) read() error {
	arch, ok := code.ArchOf(s.about.Target.Arch)
	if !ok {
		return fmt.Errorf("the code of %s is not understood", s.about.Target.Arch)
	}
	s.arch = arch
	table, err := s.file.Functions()
	if err != nil {
		return err
	}
	if s.module, err = s.file.Module(); err != nil {
		return err
	}
	if s.image, err = s.file.Image(); err != nil {
		return err
	}
	if s.details, err = s.file.Details(table, s.module, s.image); err != nil {
		return err
	}
	s.about.Functions = table.Len()
	s.byName = make(map[string][]*function, table.Len())
	for fn := range table.All() {
		s.add(fn)
	}
	if len(s.functions) != table.Len() {
		return fmt.Errorf("%d of %d entries of the function table are damaged", table.Len()-len(s.functions), table.Len())
	}
	s.markPointers()
	slices.Sort(s.marks)
	s.marks = slices.Compact(s.marks)
	return nil
}

// markPointers marks what words in data point to. A number that looks like a
// pointer only makes an object appear shorter than it is.
func (s *side) markPointers() {
	word := s.file.PtrSize
	for _, section := range s.file.Sections {
		if section.Exec || section.Addr == 0 {
			continue
		}
		data := s.image.At(section.Addr)
		for i := 0; i+word <= len(data); i += word {
			value := s.file.Word(data[i:])
			switch s.region(value) {
			case inTypes, inConstants, inVariables:
				s.marks = append(s.marks, value)
			}
		}
	}
}

// isLinkers reports whether the linker fills a section for the loader and the
// runtime: its content moves with everything else.
func isLinkers(section string) bool {
	switch strings.TrimLeft(section, "._") {
	case "go.module", "go_module", "go.buildinfo", "go_buildinfo", "go.fipsinfo", "go_fipsinfo", "gopclntab", "data.rel.ro.gopclntab",
		"typelink", "itablink", "symbol_stub1", "nl_symbol_ptr", "got", "plt", "idata",
		"data": // outside the variables that the module data names: addresses of imported functions on Windows
		return true
	}
	return false
}

// notCode is what the linker lists among the functions, and is a text.
const notCode = "go:buildid"

func (s *side) add(fn goexe.Function) {
	f := &function{Function: fn, addr: s.module.Text + fn.Entry}
	data := s.image.At(f.addr)
	f.code = data[:min(int64(len(data)), fn.Size)]
	if fn.Name == notCode {
		f.code = nil
	}
	f.code = f.code[:code.Body(s.arch, f.code)]
	s.scratch, _ = code.Scan(s.arch, f.code, f.addr, s.scratch[:0])
	f.refs = slices.Clone(s.scratch)
	for _, ref := range f.refs {
		if !s.inText(ref.Target) {
			s.marks = append(s.marks, ref.Target)
		}
	}
	s.functions = append(s.functions, f)
	s.byName[fn.Name] = append(s.byName[fn.Name], f)
}

func (s *side) inText(addr uint64) bool { return addr >= s.module.Text && addr < s.module.EndText }

// at returns the function that an address lies in, nil if there is none: what
// lies before the first one, in the text, was not compiled by Go.
func (s *side) at(addr uint64) *function {
	if !s.inText(addr) {
		return nil
	}
	i := sort.Search(len(s.functions), func(i int) bool { return s.functions[i].addr > addr })
	if i == 0 {
		return nil
	}
	return s.functions[i-1]
}

// object returns the bytes from an address up to the next one that something
// refers to, or to the end of the part of the program that it lies in.
func (s *side) object(addr uint64) []byte {
	data := s.image.At(addr)
	end := addr + uint64(len(data))
	i, found := slices.BinarySearch(s.marks, addr)
	if found {
		i++
	}
	if i < len(s.marks) {
		end = min(end, s.marks[i])
	}
	m := s.module
	for _, part := range []uint64{m.FuncData, m.Types, m.EndTypes, m.ReadOnly, m.EndNoPtrData, m.EndData, m.NoPtrData, m.Data} {
		if part > addr {
			end = min(end, part)
		}
	}
	return data[:end-addr]
}

// region is the part of a program that an address lies in.
type region int

const (
	elsewhere region = iota
	inLinkers        // what the linker writes for the loader and the runtime
	inCode
	inTypes
	inConstants
	inVariables
	inZeroes // variables without content
)

func (s *side) region(addr uint64) region {
	m := s.module
	within := func(start, end uint64) bool { return addr >= start && addr < end }
	switch {
	case s.inText(addr):
		return inCode
	case within(m.Addr, m.End):
		return inLinkers
	case within(m.Types, m.EndTypes):
		return inTypes
	case within(m.NoPtrData, m.EndNoPtrData), within(m.Data, m.EndData):
		return inVariables
	case within(m.BSS, m.EndBSS), within(m.NoPtrBSS, m.EndNoPtrBSS):
		return inZeroes
	case addr == m.Table, addr == m.GCData, addr == m.GCBSS: // code that refers to the end of a table can mean these
		return inLinkers
	}
	section := s.image.Section(addr)
	switch {
	case section.Size == 0:
		return elsewhere
	case section.Exec, isLinkers(section.Name):
		return inLinkers
	}
	return inConstants
}

// isEntry reports whether a function begins at an address.
func (s *side) isEntry(addr uint64) bool {
	f := s.at(addr)
	return f != nil && f.addr == addr
}
