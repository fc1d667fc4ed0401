// Package goexe reads Go executables: ELF, PE and Mach-O files, their
// sections, and the function table that the Go linker writes for the runtime
// (the pclntab), which survives "-s -w".
//
// Input is hostile: every offset and count is checked against the file before
// it is used, memory stays in proportion to the file, and what cannot be read
// is an error, never an empty answer.
//
// The layout of the function table is that of Go 1.18 and later, from Go's own
// sources (runtime/symtab.go, cmd/link/internal/ld/pcln.go).
package goexe

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Errors of this package.
var (
	// ErrFormat says that a file is not an ELF, PE or Mach-O executable.
	ErrFormat = errors.New("not an ELF, PE or Mach-O executable")
	// ErrNoFunctions says that no Go function table was found: the file was not
	// linked by Go 1.18 or later, or it is packed.
	ErrNoFunctions = errors.New("no Go function table found")
)

// File is an opened executable. It is safe for concurrent use.
type File struct {
	Format   string // "ELF", "PE" or "Mach-O"
	Arch     string // as GOARCH names it, if it is amd64 or arm64; else ""
	Order    binary.ByteOrder
	PtrSize  int       // bytes in a pointer: 4 or 8
	Sections []Section // in file order
	reader   io.ReaderAt
	bytes    []byte // of the whole file, if it is in memory
	size     int64
	symbols  bool // has a symbol table of what it defines
}

// Section is one section of an executable.
type Section struct {
	Name   string
	Addr   uint64
	Offset int64 // in the file
	Size   int64 // bytes in the file; 0 for sections that only take up memory
	Exec   bool  // holds code
}

// maxSections bounds the section table; executables of Go have fewer than 50.
const maxSections = 4096

// New reads the headers of an executable of the given size.
func New(r io.ReaderAt, size int64) (*File, error) {
	magic := make([]byte, 4)
	if _, err := r.ReadAt(magic, 0); err != nil {
		return nil, fmt.Errorf("%w: it has only %d bytes", ErrFormat, size)
	}
	f := &File{reader: r, size: size}
	var err error
	switch {
	case string(magic) == elf.ELFMAG:
		err = f.readELF()
	case magic[0] == 'M' && magic[1] == 'Z':
		err = f.readPE()
	case isMachO(magic):
		err = f.readMachO()
	default:
		return nil, ErrFormat
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f, f.checkSections()
}

// NewBytes is [New] for a file that is in memory. What [File.Data] and an
// [Image] return is then part of it, and must not be changed.
func NewBytes(data []byte) (*File, error) {
	f, err := New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	f.bytes = data
	return f, nil
}

// LoadCommand is one command of a Mach-O file's header.
type LoadCommand struct {
	Kind   uint32
	Offset int // in the file
	Size   int // bytes, at least 8, kind and size included
	Data   []byte
}

// LoadCommands yields the commands of a 64-bit Mach-O file, none for others, up to
// the first one that is damaged.
func (f *File) LoadCommands() iter.Seq[LoadCommand] {
	const header, count, size = 32, 16, 20
	return func(yield func(LoadCommand) bool) {
		if f.Format != "Mach-O" || f.PtrSize != 8 || f.size < header {
			return
		}
		head := make([]byte, header)
		if n, _ := f.reader.ReadAt(head, 0); n < header {
			return
		}
		commands := make([]byte, min(int64(f.Order.Uint32(head[size:])), f.size-header))
		n, _ := f.reader.ReadAt(commands, header)
		commands = commands[:n]
		at := header
		for range f.Order.Uint32(head[count:]) {
			if len(commands) < 8 {
				return
			}
			c := LoadCommand{Kind: f.Order.Uint32(commands), Offset: at, Size: int(f.Order.Uint32(commands[4:]))}
			if c.Size < 8 || c.Size > len(commands) {
				return
			}
			c.Data, commands = commands[:c.Size], commands[c.Size:]
			if !yield(c) {
				return
			}
			at += c.Size
		}
	}
}

func isMachO(magic []byte) bool {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if m := order.Uint32(magic); m == macho.Magic32 || m == macho.Magic64 {
			return true
		}
	}
	return false
}

func (f *File) readELF() error {
	file, err := elf.NewFile(f.reader)
	if err != nil {
		return err
	}
	f.Format, f.Order, f.PtrSize = "ELF", file.ByteOrder, 4
	switch file.Machine {
	case elf.EM_X86_64:
		f.Arch = "amd64"
	case elf.EM_AARCH64:
		f.Arch = "arm64"
	}
	if file.Class == elf.ELFCLASS64 {
		f.PtrSize = 8
	}
	for _, s := range file.Sections {
		if s.Type == elf.SHT_NULL {
			continue
		}
		section := Section{Name: s.Name, Addr: s.Addr, Offset: int64(s.Offset), Size: int64(s.FileSize), Exec: s.Flags&elf.SHF_EXECINSTR != 0}
		if s.Type == elf.SHT_NOBITS {
			section.Size = 0
		}
		f.symbols = f.symbols || s.Type == elf.SHT_SYMTAB && s.FileSize > 0
		f.Sections = append(f.Sections, section)
	}
	return nil
}

func (f *File) readPE() error {
	file, err := pe.NewFile(f.reader)
	if err != nil {
		return err
	}
	f.Format, f.Order, f.PtrSize, f.symbols = "PE", binary.LittleEndian, 8, file.NumberOfSymbols > 0
	switch file.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		f.Arch = "amd64"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		f.Arch = "arm64"
	}
	base := uint64(0)
	switch header := file.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		f.PtrSize, base = 4, uint64(header.ImageBase)
	case *pe.OptionalHeader64:
		base = header.ImageBase
	}
	for _, s := range file.Sections {
		f.Sections = append(f.Sections, Section{
			Name: s.Name, Addr: base + uint64(s.VirtualAddress), Offset: int64(s.Offset), Size: int64(s.Size),
			Exec: s.Characteristics&pe.IMAGE_SCN_CNT_CODE != 0,
		})
	}
	return nil
}

func (f *File) readMachO() error {
	file, err := macho.NewFile(f.reader)
	if err != nil {
		return err
	}
	f.Format, f.Order, f.PtrSize = "Mach-O", file.ByteOrder, 4
	if file.Magic == macho.Magic64 {
		f.PtrSize = 8
	}
	switch file.Cpu {
	case macho.CpuAmd64:
		f.Arch = "amd64"
	case macho.CpuArm64:
		f.Arch = "arm64"
	}
	f.symbols = file.Symtab != nil && slices.ContainsFunc(file.Symtab.Syms, func(s macho.Symbol) bool { return s.Sect != 0 })
	const zeroFill, someInstructions, pureInstructions = 1, 0x400, 0x80000000
	for _, s := range file.Sections {
		section := Section{Name: s.Name, Addr: s.Addr, Offset: int64(s.Offset), Size: int64(s.Size), Exec: s.Flags&(someInstructions|pureInstructions) != 0}
		if s.Flags&0xff == zeroFill {
			section.Size = 0
		}
		f.Sections = append(f.Sections, section)
	}
	return nil
}

func (f *File) checkSections() error {
	if len(f.Sections) > maxSections {
		return fmt.Errorf("%w: %d sections", ErrFormat, len(f.Sections))
	}
	for _, s := range f.Sections {
		if s.Offset < 0 || s.Size < 0 || s.Size > 0 && (s.Offset > f.size || s.Size > f.size-s.Offset) {
			return fmt.Errorf("%w: section %.40q lies outside the file", ErrFormat, s.Name)
		}
	}
	return nil
}

// Section returns the section of the given name.
func (f *File) Section(name string) (Section, bool) {
	for _, s := range f.Sections {
		if s.Name == name {
			return s, true
		}
	}
	return Section{}, false
}

// Stripped reports whether the symbol table and the DWARF sections are gone. A
// Mach-O file keeps the symbols that it imports, and Go's PE files keep an empty
// section for the table.
func (f *File) Stripped() (symbols, dwarf bool) {
	symbols, dwarf = !f.symbols, true
	for _, s := range f.Sections {
		switch {
		case len(s.Name) > 7 && (s.Name[:7] == ".debug_" || s.Name[:7] == "__debug" || s.Name[:7] == "__zdebu" || s.Name[:7] == ".zdebug"):
			dwarf = false
		}
	}
	return symbols, dwarf
}

// Data reads the bytes of a section.
func (f *File) Data(s Section) ([]byte, error) {
	if s.Size == 0 {
		return nil, nil // wherever it is said to be
	}
	if f.bytes != nil {
		return f.bytes[s.Offset:][:s.Size:s.Size], nil
	}
	data := make([]byte, s.Size)
	if n, err := f.reader.ReadAt(data, s.Offset); n < len(data) {
		return nil, fmt.Errorf("reading section %s: %w", s.Name, err)
	}
	return data, nil
}

// functionTable is where the function table lies.
type functionTable struct {
	addr uint64
	data []byte // to the end of the section
}

// functionTable finds the function table: in the section that is named for it,
// or, in PE files and others without one, where its header is found.
func (f *File) functionTable() (functionTable, error) {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab"} {
		if s, ok := f.Section(name); ok && s.Size > 0 {
			data, err := f.Data(s)
			return functionTable{addr: s.Addr, data: data}, err
		}
	}
	for _, s := range f.Sections {
		data, err := f.Data(s)
		if err != nil {
			return functionTable{}, err
		}
		if at := f.search(data); at >= 0 {
			return functionTable{addr: s.Addr + uint64(at), data: data[at:]}, nil
		}
	}
	return functionTable{}, ErrNoFunctions
}

// search returns the offset of the function table in a section, or -1.
func (f *File) search(data []byte) int {
	for _, magic := range []uint32{magicGo120, magicGo118} {
		mark := make([]byte, 4)
		f.Order.PutUint32(mark, magic)
		for at := 0; ; at++ {
			i := bytes.Index(data[at:], mark)
			if i < 0 {
				break
			}
			at += i
			if _, err := f.parseHeader(data[at:]); err == nil {
				return at
			}
		}
	}
	return -1
}
