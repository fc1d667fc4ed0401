package build

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// compareImages judges two executables, and counts the bytes that differ.
func compareImages(a, b *image) (Verdict, int64) {
	if bytes.Equal(a.data, b.data) {
		return Identical, 0
	}
	differs := countDifferent(a.data, b.data)
	first, second := a.unsigned(), b.unsigned()
	if bytes.Equal(first, second) {
		return IdenticalButSignature, differs
	}
	first, second = a.withoutIDs(first), b.withoutIDs(second)
	if bytes.Equal(first, second) {
		return IdenticalButBuildID, differs
	}
	return Different, countDifferent(first, second)
}

// countDifferent counts positions with different bytes; what one has more than
// the other counts as different.
func countDifferent(a, b []byte) int64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	n := int64(len(b) - len(a))
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// differences says in words how the rebuild that came nearest differs.
func (r *rebuilder) differences(best *rebuilt) []Difference {
	a, b := r.subject.image, best.image
	switch best.attempt.Verdict {
	case IdenticalButSignature:
		return []Difference{{Section: "signature", Bytes: best.attempt.Differs, What: "only the code signature differs", Why: "the file was signed after it was built, which needs the publisher's key"}}
	case IdenticalButBuildID:
		return []Difference{{Section: "build id", Bytes: best.attempt.Differs, What: buildIDDifference(a.buildID(), b.buildID()), Why: whyBuildID(a.buildID(), b.buildID(), r.recipe.trimpath)}}
	}
	var all []Difference
	if rebuiltInfo, err := buildinfo.Read(bytes.NewReader(b.data)); err == nil {
		all = infoDifferences(r.subject.info, rebuiltInfo)
	}
	all = append(all, functionDifferences(a, b)...)
	all = append(all, sectionDifferences(a, b)...)
	return r.explainDifferences(all, b)
}

// The Go build id has four parts: hashes of the inputs of the link, of those of
// the main package, and of the content of both.
func buildIDDifference(a, b string) string {
	if a == "" || b == "" {
		return "only one of the two has a Go build id"
	}
	return "the Go build id differs: " + a + " and " + b
}

func whyBuildID(a, b string, trimpath bool) string {
	first, second := strings.Split(a, "/"), strings.Split(b, "/")
	switch {
	case len(first) != 4 || len(second) != 4:
		return "the linker was given another -buildid"
	case first[1] != second[1] && !trimpath:
		return "it is a hash of all inputs, which without -trimpath the folders of the build belong to"
	case first[1] != second[1]:
		return "it is a hash of all inputs, of which the flags of the compiler or the environment differ without effect"
	default:
		return "it is a hash of all inputs: the compiler's are the same, and the linker's flags are spelled otherwise"
	}
}

// infoDifferences compares what two build infos record.
func infoDifferences(a, b *debug.BuildInfo) []Difference {
	var all []Difference
	for _, d := range goexe.CompareInfo(a, b) {
		all = append(all, Difference{Section: "build info", What: fmt.Sprintf("%s is %q in the file, %q rebuilt", d.Name(), d.Old, d.New)})
	}
	return all
}

// maxNamed bounds how many packages a difference names.
const maxNamed = 6

// sameFunctions reports whether two executables have the same functions, each of
// the same size, as far as is known.
func sameFunctions(a, b *image) bool { return maps.Equal(a.functions, b.functions) }

// functionDifferences names the packages whose functions have another size, or
// are in one of the two only.
func functionDifferences(a, b *image) []Difference {
	if a.functions == nil || b.functions == nil {
		return nil
	}
	packages := map[string]int{}
	for name, size := range a.functions {
		if other, ok := b.functions[name]; !ok || other != size {
			packages[goexe.PackageOf(name)]++
		}
	}
	for name := range b.functions {
		if _, ok := a.functions[name]; !ok {
			packages[goexe.PackageOf(name)]++
		}
	}
	if len(packages) == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(packages), func(x, y string) int {
		return cmp.Or(cmp.Compare(packages[y], packages[x]), cmp.Compare(x, y))
	})
	total := 0
	for _, n := range packages {
		total += n
	}
	return []Difference{{Section: "functions", What: fmt.Sprintf("%d functions have another size or are in one of the two only, in %s", total, listPackages(names, packages))}}
}

func listPackages(names []string, counts map[string]int) string {
	var parts []string
	for _, name := range names[:min(len(names), maxNamed)] {
		shown := name
		if shown == "" {
			shown = "code that the compiler makes"
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", shown, counts[name]))
	}
	if more := len(names) - maxNamed; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more packages", more))
	}
	return strings.Join(parts, ", ")
}

// sectionDifferences compares section by section, without build ids and
// signatures.
func sectionDifferences(a, b *image) []Difference {
	first, second := a.withoutIDs(a.data), b.withoutIDs(b.data)
	var all []Difference
	for _, s := range a.exe.Sections {
		other, ok := b.exe.Section(s.Name)
		if !ok {
			all = append(all, Difference{Section: s.Name, Bytes: s.Size, What: "the rebuild does not have this section"})
			continue
		}
		x, y := sectionBytes(first, s), sectionBytes(second, other)
		n := countDifferent(x, y)
		switch {
		case s.Size != other.Size:
			all = append(all, Difference{Section: s.Name, Bytes: n, What: fmt.Sprintf("%d bytes in the file, %d rebuilt", s.Size, other.Size)})
		case n > 0:
			all = append(all, Difference{Section: s.Name, Bytes: n, What: fmt.Sprintf("of %d bytes some differ", s.Size)})
		}
	}
	for _, s := range b.exe.Sections {
		if _, ok := a.exe.Section(s.Name); !ok {
			all = append(all, Difference{Section: s.Name, Bytes: s.Size, What: "the file does not have this section"})
		}
	}
	if len(all) == 0 {
		all = append(all, Difference{Section: "header", Bytes: countDifferent(first, second), What: "bytes outside of the sections differ"})
	}
	return all
}

func sectionBytes(data []byte, s goexe.Section) []byte {
	if s.Size == 0 { // such a section may lie past the end
		return nil
	}
	return data[s.Offset : s.Offset+s.Size]
}

// explainDifferences adds the probable cause to the first difference, which is
// the most telling one.
func (r *rebuilder) explainDifferences(all []Difference, b *image) []Difference {
	if len(all) > 0 {
		all[0].Why = r.whyDifferent(all, b)
	}
	return all
}

func (r *rebuilder) whyDifferent(all []Difference, b *image) string {
	first, sameFunctions := all[0], sameFunctions(r.subject.image, b)
	switch {
	case first.Section == "build info" && strings.HasPrefix(first.What, "dependency"):
		return "the file was built with other versions of its dependencies than its module asks for"
	case first.Section == "build info":
		return "what build info records cannot all be given to the go command again"
	case onlySymbols(all):
		return "the linker left out another part of the symbols and the debug information (-s, -w)"
	case r.recipe.cgo:
		return "the file was built with cgo, and another C compiler or C library gives other bytes" + r.compilers(b)
	case !r.recipe.trimpath && !r.folders:
		return "the folders of the build are in the file, since -trimpath was not given"
	case r.recipe.stamp != nil && r.recipe.stamp.modified:
		return "the file was built from a checkout with changes, which are not recorded"
	case sameFunctions && r.recipe.ldflags == nil:
		return "every function has the same size: the linker probably set variables (-X) whose values are not known; give them with WithTryLdflags"
	case !sameFunctions && r.source == "" && r.recipe.main.Version == "(devel)" && r.recipe.stamp == nil:
		return "the version of the source is not recorded, and this is probably another one"
	case !sameFunctions:
		return "the code differs: the source, the toolchain or a setting that is not recorded was another"
	}
	return ""
}

// compilers names the C compilers of the file and of its rebuild, which they
// write into the section .comment.
func (r *rebuilder) compilers(b *image) string {
	published, rebuilt := compilerOf(r.subject.image), compilerOf(b)
	if published == "" || published == rebuilt {
		return ""
	}
	return fmt.Sprintf(": the file's is %q, this host's %q", published, rebuilt)
}

// maxComment bounds the compiler's name that is shown.
const maxComment = 120

func compilerOf(img *image) string {
	s, ok := img.exe.Section(".comment")
	if !ok {
		return ""
	}
	comment, _, _ := bytes.Cut(sectionBytes(img.data, s), []byte{0})
	return string(comment[:min(len(comment), maxComment)])
}

// onlySymbols reports whether only symbol tables and debug information differ.
func onlySymbols(all []Difference) bool {
	return !slices.ContainsFunc(all, func(d Difference) bool {
		return d.Section != ".symtab" && d.Section != ".strtab" && !strings.HasPrefix(d.Section, ".debug_") && !strings.HasPrefix(d.Section, "__debug_")
	})
}
