package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of [ParseDistList].
const (
	MaxDistListSize = 1 << 20 // bytes of JSON
	MaxPorts        = 1024    // entries
)

// List is the ports that something supports, a toolchain for example. The variants of its elements do not matter: a port
// is supported in all variants of its architecture. No function of this package modifies one.
type List []Target

// Known returns the ports that any of Go 1.20 to 1.27 can build for, in their default variants and sorted. The caller
// owns the list.
func Known() List {
	return listOf(
		"aix/ppc64",
		"android/386 android/amd64 android/arm android/arm64",
		"darwin/amd64 darwin/arm64",
		"dragonfly/amd64",
		"freebsd/386 freebsd/amd64 freebsd/arm freebsd/arm64 freebsd/riscv64", // riscv64 broken since 1.26
		"illumos/amd64",
		"ios/amd64 ios/arm64",
		"js/wasm",
		"linux/386 linux/amd64 linux/arm linux/arm64 linux/loong64 linux/mips linux/mips64 linux/mips64le linux/mipsle",
		"linux/ppc64 linux/ppc64le linux/riscv64 linux/s390x",
		"netbsd/386 netbsd/amd64 netbsd/arm netbsd/arm64",
		"openbsd/386 openbsd/amd64 openbsd/arm openbsd/arm64 openbsd/mips64", // mips64 broken since 1.21
		"openbsd/ppc64 openbsd/riscv64",                                      // since 1.22 and 1.23
		"plan9/386 plan9/amd64 plan9/arm",
		"solaris/amd64",
		"wasip1/wasm",                                         // since 1.21
		"windows/386 windows/amd64 windows/arm windows/arm64", // arm until 1.25
	)
}

// listOf returns the ports that are written in lines, separated by spaces.
func listOf(lines ...string) List {
	var l List
	for _, line := range lines {
		for port := range strings.FieldsSeq(line) {
			os, arch, _ := strings.Cut(port, "/")
			l = append(l, Target{OS: os, Arch: arch}.Port())
		}
	}
	return l
}

// ParseDistList reads what "go tool dist list -json" prints and returns the ports in it, in their default variants and
// sorted. Ports that are marked as broken are left out, fields that it does not know are ignored.
//
// The error is a *[ListError] if the list is larger than the limits, is not one JSON array, names something that cannot be a
// port, has one twice or has none at all; it is the reader's if reading fails.
func ParseDistList(r io.Reader) (List, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxDistListSize+1))
	if err != nil {
		return nil, fmt.Errorf("read list of ports: %w", err)
	}
	if len(data) > MaxDistListSize {
		return nil, &ListError{Entry: -1, Err: fmt.Errorf("larger than %d bytes", MaxDistListSize)}
	}
	var entries []distEntry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, &ListError{Entry: -1, Err: errors.New("not the output of go tool dist list -json")}
	}
	if len(entries) > MaxPorts {
		return nil, &ListError{Entry: -1, Err: fmt.Errorf("more than %d entries", MaxPorts)}
	}
	return portsOf(entries)
}

// distEntry is what matters here of one entry.
type distEntry struct {
	GOOS, GOARCH string
	Broken       bool
}

func portsOf(entries []distEntry) (List, error) {
	var l List
	seen := make(map[Target]bool, len(entries))
	for i, e := range entries {
		port := Target{OS: e.GOOS, Arch: e.GOARCH}.Port()
		switch {
		case !validName(e.GOOS) || !validName(e.GOARCH):
			return nil, &ListError{Entry: i, Err: fmt.Errorf("%s is not a port", quote(e.GOOS+"/"+e.GOARCH))}
		case seen[port]:
			return nil, &ListError{Entry: i, Err: fmt.Errorf("%s is listed twice", quote(e.GOOS+"/"+e.GOARCH))}
		case !e.Broken:
			l = append(l, port)
		}
		seen[port] = true
	}
	if len(l) == 0 {
		return nil, &ListError{Entry: -1, Err: errors.New("no port that works")}
	}
	slices.SortFunc(l, Compare)
	return l, nil
}

// Contains reports whether l supports t, in whatever variant.
func (l List) Contains(t Target) bool {
	return slices.ContainsFunc(l, func(port Target) bool { return port.OS == t.OS && port.Arch == t.Arch })
}

// Parse is like the function [Parse] for the ports of l. An [UnknownError] tells a port that other toolchains have from one
// that none has, and suggests one of l.
func (l List) Parse(s string) (Target, error) {
	if len(s) > MaxLength {
		return Target{}, tooLong(s)
	}
	if reason := malformed(s); reason != "" {
		return Target{}, &SyntaxError{Input: clip(s), Reason: reason, Suggestion: l.nearest(s)}
	}
	w := splitSegments(s)
	port := Target{OS: w.os, Arch: w.arch}.Port()
	if !l.Contains(port) {
		return Target{}, &UnknownError{Input: clip(s), Elsewhere: Known().Contains(port), Suggestion: l.nearest(s)}
	}
	t, ok := port.withVariant(w.variant)
	if !ok {
		return Target{}, variantError(port, w.variant)
	}
	return t.clone(), nil
}

// clone returns t without a reference to the text that it was parsed from.
func (t Target) clone() Target {
	return Target{OS: strings.Clone(t.OS), Arch: strings.Clone(t.Arch), Variant: strings.Clone(t.Variant)}
}

// malformed says why s does not have the form of a target, and returns the empty string if it has.
func malformed(s string) string {
	switch {
	case s == "":
		return "is empty, want os/arch[/variant]"
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has a character that no target has"
	case strings.ContainsAny(s, "*?!"):
		return "is a pattern, want one target"
	case !segmented(s):
		return "is not os/arch[/variant]"
	}
	return ""
}

// segments is the two or three parts of a target or pattern, between slashes.
type segments struct{ os, arch, variant string }

// segmented reports whether s has two or three parts, none of them empty.
func segmented(s string) bool {
	parts := strings.Split(s, "/")
	return len(parts) >= 2 && len(parts) <= 3 && !slices.Contains(parts, "")
}

// splitSegments splits what is segmented.
func splitSegments(s string) segments {
	os, rest, _ := strings.Cut(s, "/")
	arch, variant, _ := strings.Cut(rest, "/")
	return segments{os: os, arch: arch, variant: variant}
}

// String returns the text form.
func (w segments) String() string { return Target{OS: w.os, Arch: w.arch, Variant: w.variant}.String() }
