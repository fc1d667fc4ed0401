package build

import (
	"bytes"
	"debug/elf"
	"strings"
)

// maxValue bounds the values of variables that are read from a symbol table.
const maxValue = 4 << 10

// linkedVariables returns the -X flags with which an ELF file was linked, in
// their order, as long as it has its symbol table: the linker puts the value of
// the variable x into a symbol "x.str". What the linker sets by itself is left
// out: variables of the runtime, and the build id in Go's own tools.
func linkedVariables(img *image) []string {
	if img.exe.Format != "ELF" {
		return nil
	}
	file, err := elf.NewFile(bytes.NewReader(img.data))
	if err != nil {
		return nil
	}
	symbols, err := file.Symbols()
	if err != nil {
		return nil
	}
	var flags []string
	for _, s := range symbols {
		name, ok := strings.CutSuffix(s.Name, ".str")
		if !ok || elf.ST_TYPE(s.Info) != elf.STT_OBJECT || strings.HasPrefix(name, "runtime.") {
			continue
		}
		if value, ok := symbolText(file, s); ok && value != img.buildID() {
			flags = append(flags, "-X "+quoteFlag(name+"="+value))
		}
	}
	return flags
}

// symbolText returns the string, without its closing zero, that a symbol stands
// for.
func symbolText(file *elf.File, s elf.Symbol) (string, bool) {
	if s.Size == 0 || s.Size > maxValue || int(s.Section) >= len(file.Sections) {
		return "", false
	}
	section := file.Sections[s.Section]
	offset := s.Value - section.Addr
	if section.Type == elf.SHT_NOBITS || offset > section.Size || s.Size > section.Size-offset {
		return "", false
	}
	text := make([]byte, s.Size)
	if _, err := section.ReadAt(text, int64(offset)); err != nil {
		return "", false
	}
	value := strings.TrimSuffix(string(text), "\x00")
	return value, !strings.ContainsAny(value, "\x00\r\n") && !(strings.Contains(value, "'") && strings.Contains(value, `"`))
}
