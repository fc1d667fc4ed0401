package target

import (
	"slices"
	"strings"
)

// nearest returns the target of l that s most likely means, and the zero value if there is none.
func (l List) nearest(s string) Target {
	w, ok := guessSegments(s)
	if !ok {
		return Target{}
	}
	if t := l.nearestTo(w); !t.IsZero() {
		return t
	}
	return l.nearestTo(segments{os: w.arch, arch: w.os, variant: w.variant}) // written the other way round
}

func (l List) nearestTo(w segments) Target {
	fixed, ok := l.repair(w)
	if !ok {
		return Target{}
	}
	t, _ := Target{OS: fixed.os, Arch: fixed.arch}.withVariant(fixed.variant)
	return t
}

// guessSegments splits text that may have another separator than the slash, or one part only.
func guessSegments(s string) (segments, bool) {
	s = strings.Trim(s, "/ ")
	if s == "" || len(s) > MaxLength || strings.ContainsAny(s, "*?!") {
		return segments{}, false
	}
	if strings.Contains(s, "/") {
		w := splitSegments(s)
		w.variant, _, _ = strings.Cut(w.variant, "/")
		return w, true
	}
	if i := strings.IndexAny(s, "-_: "); i >= 0 && !isArch(s) {
		w := segments{os: s[:i], arch: s[i+1:]}
		if j := strings.IndexAny(w.arch, "-_: "); j >= 0 && !isArch(w.arch) {
			w.arch, w.variant = w.arch[:j], strings.ReplaceAll(w.arch[j+1:], "-", "+")
		}
		return w, true
	}
	return segments{os: s}, true
}

// isArch reports whether s, as it is, is another name of an architecture.
func isArch(s string) bool {
	s = strings.ToLower(s)
	arch, _ := archAlias(s)
	return arch != s
}

// nearest returns the pattern that p most likely means, and the empty string if there is none.
func (p pattern) nearest(l List) string {
	fixed, ok := l.repair(p.segments)
	suggestion := pattern{segments: fixed, exclude: p.exclude}.String()
	if !ok || fixed == p.segments || len(suggestion) > MaxLength {
		return ""
	}
	return suggestion
}

// repair replaces each segment of w by the nearest one that exists in l. A segment with * or ? stays, and has to match.
// An unknown architecture of a known OS becomes the OS's main one; an unknown OS of a known architecture becomes the
// first that has it.
func (l List) repair(w segments) (segments, bool) {
	arch, implied := archAlias(strings.ToLower(w.arch))
	if w.variant == "" {
		w.variant = implied
	}
	oses := l.names(osOf, func(Target) bool { return true })
	os, ok := pick(w.os, osAlias(strings.ToLower(w.os)), oses)
	if !ok && arch != "" && !hasGlob(w.os) {
		with := l.names(osOf, func(t Target) bool { return t.Arch == arch })
		os, ok = first(with)
	}
	if !ok {
		return segments{}, false
	}
	arches := l.names(archOf, func(t Target) bool { return glob(os, t.OS) })
	name, ok := pick(w.arch, arch, arches)
	if !ok && !hasGlob(w.arch) {
		name, ok = first(arches)
	}
	return segments{os: os, arch: name, variant: repairVariant(arches, name, w.variant)}, ok
}

// repairVariant returns the nearest variant to text of the first architecture that matches arch and has one. Text with *
// or ? stays if it matches, and is dropped otherwise.
func repairVariant(arches []string, arch, text string) string {
	i := slices.IndexFunc(arches, func(a string) bool { return glob(arch, a) && familyOf(a).variable != "" })
	switch {
	case text == "" || i < 0:
		return ""
	case !hasGlob(text):
		return nearestVariant(Target{Arch: arches[i]}, text).Variant
	case slices.ContainsFunc(familyOf(arches[i]).plain(), func(v string) bool { return glob(text, v) }):
		return text
	}
	return ""
}

// nearestVariant returns port in the variant that text most likely means, or in its default.
func nearestVariant(port Target, text string) Target {
	if len(text) > MaxLength {
		return port.Port()
	}
	f := familyOf(port.Arch)
	wanted := imageVariant(port.Arch, strings.ReplaceAll(strings.ToLower(text), ",", "+"))
	all := f.all()
	slices.Reverse(all) // of equally near ones the most demanding: v9 is more like v4 than v1
	variant, ok := closest(wanted, all)
	if !ok {
		return port.Port()
	}
	t, _ := port.withVariant(variant)
	return t
}

func osOf(t Target) string   { return t.OS }
func archOf(t Target) string { return t.Arch }

// names returns the names that of returns for the targets that keep accepts, the common ones first and each once.
func (l List) names(of func(Target) string, keep func(Target) bool) []string {
	var names []string
	for _, t := range l {
		if keep(t) {
			names = append(names, of(t))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	slices.SortStableFunc(names, func(a, b string) int { return popularity(a) - popularity(b) })
	return names
}

// popularity ranks the names that are meant most often.
func popularity(name string) int {
	if i := slices.Index([]string{"linux", "darwin", "windows", "amd64", "arm64"}, name); i >= 0 {
		return i
	}
	return 5
}

func first(names []string) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	return names[0], true
}

// pick returns original if it has * or ? and matches one of names, and otherwise the closest one to name.
func pick(original, name string, names []string) (string, bool) {
	if hasGlob(original) {
		return original, slices.ContainsFunc(names, func(n string) bool { return glob(original, n) })
	}
	return closest(name, names)
}

// closest returns the one of names with the least distance from name, the first of equal ones, if it is near enough to be
// a typing error: one change in three characters. Leaving the end off counts as one.
func closest(name string, names []string) (string, bool) {
	best, least := "", max(1, (len(name)+1)/3)+1
	for _, candidate := range names {
		d := distance(name, candidate)
		if len(name) >= 3 && strings.HasPrefix(candidate, name) {
			d = min(d, 1)
		}
		if d < least {
			best, least = candidate, d
		}
	}
	return best, best != ""
}

// distance returns the number of bytes to insert, delete, replace or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	var before, above []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// osAlias returns GOOS for the name that others have for an operating system, and other names as they are.
func osAlias(name string) string {
	switch name {
	case "macos", "mac", "macosx", "osx", "apple":
		return "darwin"
	case "win", "win32", "win64", "windows_nt", "mingw", "cygwin":
		return "windows"
	case "gnu", "gnulinux", "ubuntu", "debian", "alpine":
		return "linux"
	case "sunos":
		return "solaris"
	case "iphoneos", "iphone":
		return "ios"
	case "wasi", "wasip2":
		return "wasip1"
	}
	return name
}

// archAlias returns GOARCH, and a variant if the name has one, for the name that others have for an architecture, and
// other names as they are.
func archAlias(name string) (arch, variant string) {
	switch name {
	case "x86_64", "x86-64", "x64", "intel64":
		return "amd64", ""
	case "x86", "i386", "i486", "i586", "i686", "ia32", "x32":
		return "386", ""
	case "aarch64", "armv8", "armv8l", "arm64v8", "aarch64_be":
		return "arm64", ""
	case "armv7", "armv7l", "armv7a", "armhf", "arm32", "arm32v7":
		return "arm", "7"
	case "armv6", "armv6l", "arm32v6":
		return "arm", "6"
	case "armv5", "armv5te", "armel", "arm32v5":
		return "arm", "5"
	case "powerpc64", "ppc":
		return "ppc64", ""
	case "powerpc64le", "ppc64el":
		return "ppc64le", ""
	case "mipsel":
		return "mipsle", ""
	case "mips64el":
		return "mips64le", ""
	case "riscv", "rv64", "rv64gc", "riscv64gc":
		return "riscv64", ""
	case "loongarch64", "loongarch", "loongson":
		return "loong64", ""
	case "wasm32", "wasm64", "webassembly":
		return "wasm", ""
	}
	return name, ""
}
