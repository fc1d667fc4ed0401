package build

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// SizeReport says where the bytes of a Go executable are. Sections, headers
// and padding add up to the file. Machine code is attributed to packages by
// the function table, which "-s -w" does not remove; nothing else is, since a
// stripped executable does not tell whose constants, types and tables they are.
type SizeReport struct {
	Path     string // of the executable
	Format   string // "ELF", "PE" or "Mach-O"
	Size     int64  // bytes of the file
	Sections []SectionSize
	Outside  int64         // headers, signature and padding: the bytes of no section
	Packages []PackageSize // the largest first
	Code     int64         // bytes of the sections that hold code
	Unowned  int64         // bytes of code that no function of the table covers: C code, linker stubs, padding
}

// SectionSize is one section of an executable, in the order of the file.
type SectionSize struct {
	Name  string // of the section
	Size  int64  // bytes in the file
	Holds string // in words; empty if it is not one of the sections that Go's linker writes
}

// PackageSize is the machine code of one package.
type PackageSize struct {
	ImportPath string // empty for code that compiler and linker made by themselves
	Functions  int    // number of functions with code
	Code       int64  // bytes, with the padding between functions
}

// Sizes reports where the artifact's bytes are.
func (a *Artifact) Sizes() (*SizeReport, error) { return Sizes(a.Path) }

// Sizes reports where the bytes of a Go executable are. It reads ELF, PE and
// Mach-O files of Go 1.18 and later, stripped or not, of any target.
func Sizes(executable string) (*SizeReport, error) {
	f, err := os.Open(executable)
	if err != nil {
		return nil, fmt.Errorf("sizes: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("sizes: %w", err)
	}
	file, err := goexe.New(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("sizes of %s: %w", executable, err)
	}
	functions, err := file.Functions()
	if err != nil {
		return nil, fmt.Errorf("sizes of %s: %w", executable, err)
	}
	r := &SizeReport{Path: executable, Format: file.Format, Size: info.Size()}
	r.addSections(file.Sections)
	r.addPackages(functions)
	return r, nil
}

func (r *SizeReport) addSections(sections []goexe.Section) {
	sections = slices.Clone(sections)
	slices.SortStableFunc(sections, func(a, b goexe.Section) int { return cmp.Compare(a.Offset, b.Offset) })
	covered, end := int64(0), int64(0) // sections of a hostile file may overlap
	for _, s := range sections {
		if s.Size == 0 {
			continue
		}
		r.Sections = append(r.Sections, SectionSize{Name: s.Name, Size: s.Size, Holds: holds(s.Name)})
		covered += max(0, s.Offset+s.Size-max(end, s.Offset))
		end = max(end, s.Offset+s.Size)
		if s.Exec {
			r.Code += s.Size
		}
	}
	r.Outside = r.Size - covered
}

// holds says what Go's linker puts into a section.
func holds(section string) string {
	switch strings.TrimLeft(section, "._") {
	case "text":
		return "machine code"
	case "rodata", "rdata", "data.rel.ro":
		return "constants, types, strings"
	case "gopclntab", "data.rel.ro.gopclntab":
		return "function and line tables"
	case "typelink", "itablink", "data.rel.ro.typelink", "data.rel.ro.itablink":
		return "tables of types"
	case "data", "noptrdata":
		return "variables"
	case "go.buildinfo", "go_buildinfo", "go.fipsinfo", "go_fipsinfo", "note.go.buildid", "note.gnu.build-id":
		return "build information"
	case "symtab", "strtab", "shstrtab", "dynsym", "dynstr":
		return "symbols"
	case "go.module", "go_module":
		return "module data of the runtime"
	case "pdata", "xdata":
		return "stack unwinding"
	case "reloc", "rela", "rela.dyn", "rela.plt", "idata", "got", "plt":
		return "dynamic linking"
	}
	if strings.Contains(section, "debug_") {
		return "debug information"
	}
	return ""
}

func (r *SizeReport) addPackages(functions *goexe.Functions) {
	byPath := map[string]*PackageSize{}
	owned := int64(0)
	for fn := range functions.All() {
		path := fn.Package()
		p := byPath[path]
		if p == nil {
			p = &PackageSize{ImportPath: path}
			byPath[path] = p
		}
		p.Functions++
		p.Code += fn.Size
		owned += fn.Size
	}
	for _, p := range byPath {
		r.Packages = append(r.Packages, *p)
	}
	slices.SortFunc(r.Packages, func(a, b PackageSize) int {
		return cmp.Or(cmp.Compare(b.Code, a.Code), cmp.Compare(a.ImportPath, b.ImportPath))
	})
	r.Unowned = max(0, r.Code-owned)
}

// maxPackages is how many packages the table of a report lists.
const maxPackages = 25

// String is the report as two tables; of the packages the largest.
func (r *SizeReport) String() string {
	var text strings.Builder
	files := newSizeTable(&text, r.Size)
	files.row(r.Size, r.Format+" file", fmt.Sprintf("%d sections", len(r.Sections)))
	for _, s := range r.Sections {
		files.row(s.Size, s.Name, cmp.Or(s.Holds, "other"))
	}
	files.row(r.Outside, "(no section)", "headers, signature, padding")
	files.flush()
	text.WriteString("\n")
	code := newSizeTable(&text, r.Code)
	code.row(r.Code, "machine code", fmt.Sprintf("%d packages", len(r.Packages)))
	shown := min(len(r.Packages), maxPackages)
	for _, p := range r.Packages[:shown] {
		code.row(p.Code, cmp.Or(p.ImportPath, "(no package)"), fmt.Sprintf("%d functions", p.Functions))
	}
	if rest := r.Packages[shown:]; len(rest) > 0 {
		code.row(sumCode(rest), "(other packages)", fmt.Sprintf("%d smaller ones", len(rest)))
	}
	code.row(r.Unowned, "(no function)", "C code, linker stubs, padding")
	code.flush()
	return text.String()
}

// sizeTable lines up sizes, shares of a whole, names and notes.
type sizeTable struct {
	*tabwriter.Writer
	whole int64
}

func newSizeTable(w io.Writer, whole int64) sizeTable {
	return sizeTable{Writer: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), whole: whole}
}

func (t sizeTable) row(size int64, name, note string) {
	fmt.Fprintf(t, "%12d  %5.1f%%  %s\t%s\n", size, percent(size, t.whole), name, note)
}

func (t sizeTable) flush() { _ = t.Flush() }

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func sumCode(packages []PackageSize) int64 {
	sum := int64(0)
	for _, p := range packages {
		sum += p.Code
	}
	return sum
}
