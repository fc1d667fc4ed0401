package goexe

import "bytes"

// SourceFiles returns the paths of the source files that the function table
// names, in its order: absolute unless the executable was built with -trimpath.
func (f *File) SourceFiles() ([]string, error) {
	table, err := f.functionTable()
	if err != nil {
		return nil, err
	}
	h, err := f.parseHeader(table.data)
	if err != nil {
		return nil, err
	}
	var files []string
	for name := range bytes.SplitSeq(table.data[h.files:h.programs], []byte{0}) {
		if len(name) > 0 && len(name) <= maxName {
			files = append(files, string(name))
		}
	}
	return files, nil
}

// IsGo reports whether the file has a section that only Go's linker writes.
func (f *File) IsGo() bool {
	for _, name := range []string{".note.go.buildid", ".gopclntab", "__gopclntab", ".data.rel.ro.gopclntab"} {
		if _, ok := f.Section(name); ok {
			return true
		}
	}
	return false
}
