package build

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"slices"
)

// goBuildID stands before the build id in files other than ELF, at the start
// of the text (cmd/internal/buildid).
const goBuildID = "\xff Go build ID: \""

// buildID returns the Go build id, "" if there is none.
func (img *image) buildID() string {
	if s, ok := img.exe.Section(".note.go.buildid"); ok {
		note, err := img.exe.Data(s)
		if err != nil || len(note) < 16 {
			return ""
		}
		size := uint64(img.exe.Order.Uint32(note[4:]))
		return string(bytes.TrimRight(note[16:min(uint64(len(note)), 16+size)], "\x00"))
	}
	_, rest, ok := bytes.Cut(img.data, []byte(goBuildID))
	if !ok {
		return ""
	}
	id, _, _ := bytes.Cut(rest[:min(len(rest), 256)], []byte("\""))
	return string(id)
}

// withoutIDs returns a copy of the executable, or of its unsigned form, with
// its Go build id and what is derived from it zeroed.
func (img *image) withoutIDs(data []byte) []byte {
	masked := slices.Clone(data)
	if id := img.buildID(); len(id) > 16 {
		masked = bytes.ReplaceAll(masked, []byte(id), make([]byte, len(id)))
	}
	if s, ok := img.exe.Section(".note.gnu.build-id"); ok && s.Size > 16 && s.Offset+s.Size <= int64(len(masked)) {
		clear(masked[s.Offset+16 : s.Offset+s.Size])
	}
	for _, c := range loadCommands(masked) {
		if c.kind == loadUUID && c.size == 24 {
			clear(masked[c.at+8 : c.at+c.size])
		}
	}
	return masked
}

// unsigned returns the executable as it was before it was signed.
func (img *image) unsigned() []byte {
	switch img.exe.Format {
	case "PE":
		return unsignedPE(img.data)
	case "Mach-O":
		return unsignedMachO(img.data)
	default:
		return img.data
	}
}

// unsignedPE removes the certificate table and the checksum, as the
// specification of Authenticode leaves both out of its digest.
func unsignedPE(data []byte) []byte {
	const checksumAt, pe32Plus = 64, 0x20b
	if len(data) < 64 {
		return data
	}
	header := uint64(binary.LittleEndian.Uint32(data[60:])) + 24 // past "PE\0\0" and the COFF header
	if header+checksumAt+4 > uint64(len(data)) {
		return data
	}
	directories := header + 96
	if binary.LittleEndian.Uint16(data[header:]) == pe32Plus {
		directories = header + 112
	}
	security := directories + 4*8
	if security+8 > uint64(len(data)) {
		return data
	}
	out := slices.Clone(data)
	at := uint64(binary.LittleEndian.Uint32(out[security:]))
	clear(out[header+checksumAt : header+checksumAt+4])
	clear(out[security : security+8])
	if at > 0 && at < uint64(len(out)) {
		out = out[:at]
	}
	return bytes.TrimRight(out, "\x00") // a table begins at a multiple of 8
}

// Load commands of Mach-O files.
const (
	loadSegment64 = 0x19
	loadUUID      = 0x1b
	loadSignature = 0x1d
)

type loadCommand struct {
	at, size uint64 // in the file
	kind     uint32
}

// loadCommands lists the load commands of a 64-bit little-endian Mach-O file,
// the only kind that Go makes; none for other files.
func loadCommands(data []byte) []loadCommand {
	const headerSize = 32
	if len(data) < headerSize || binary.LittleEndian.Uint32(data) != macho.Magic64 {
		return nil
	}
	var list []loadCommand
	at, count := uint64(headerSize), binary.LittleEndian.Uint32(data[16:])
	for range min(count, 4096) {
		if at+8 > uint64(len(data)) {
			return nil
		}
		size := uint64(binary.LittleEndian.Uint32(data[at+4:]))
		if size < 8 || at+size > uint64(len(data)) {
			return nil
		}
		list = append(list, loadCommand{at: at, size: size, kind: binary.LittleEndian.Uint32(data[at:])})
		at += size
	}
	return list
}

// unsignedMachO removes the signature's load command and data, and the sizes
// that depend on it. A signature is the last part of the file and of the
// segment __LINKEDIT.
func unsignedMachO(data []byte) []byte {
	commands := loadCommands(data)
	if commands == nil {
		return data
	}
	out := slices.Clone(data)
	end := uint64(len(out))
	for _, c := range commands {
		if c.kind == loadSegment64 && c.size >= 72 && string(bytes.TrimRight(out[c.at+8:c.at+24], "\x00")) == "__LINKEDIT" {
			clear(out[c.at+32 : c.at+40]) // size in memory
			clear(out[c.at+48 : c.at+56]) // size in the file
		}
		if c.kind == loadSignature && c.size == 16 {
			end = min(end, uint64(binary.LittleEndian.Uint32(out[c.at+8:])))
		}
	}
	return bytes.TrimRight(withoutSignatureCommand(out, commands)[:end], "\x00")
}

// withoutSignatureCommand moves the load commands that follow the signature's
// in its place.
func withoutSignatureCommand(out []byte, commands []loadCommand) []byte {
	last := commands[len(commands)-1]
	end := last.at + last.size
	for _, c := range commands {
		if c.kind != loadSignature {
			continue
		}
		copy(out[c.at:], out[c.at+c.size:end])
		clear(out[end-c.size : end])
		binary.LittleEndian.PutUint32(out[16:], uint32(len(commands)-1))
		binary.LittleEndian.PutUint32(out[20:], binary.LittleEndian.Uint32(out[20:])-uint32(c.size))
		break
	}
	return out
}
