package target

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxLength is the length in bytes of the longest target or pattern that is read.
const MaxLength = 64

// maxName is the length in bytes of the longest GOOS or GOARCH that is accepted from a list of ports.
const maxName = 16

// Target is where a binary runs. It is comparable and can be the key of a map.
//
// Make one with [Parse], [List.Parse], [FromEnviron], [FromBuildSettings] or [Host], which return canonical values only, or check it
// with [Target.Validate]. The zero value is no target.
type Target struct {
	OS      string // as GOOS: "linux"
	Arch    string // as GOARCH: "arm64"
	Variant string // canonical, options after plus signs: "v3", "7+softfloat"; empty for the default, except on arm
}

// Parse returns the target that s names, in canonical form. It must be one of [Known]; use [List.Parse] for the ports
// of one toolchain.
//
// The error is a *[SyntaxError] if s does not have the form of a target, a *[UnknownError] if there is no such port, and
// a *[VariantError] if the port has no such variant. Each carries the nearest target that does exist, if any is near.
func Parse(s string) (Target, error) { return Known().Parse(s) }

// MustParse is like [Parse] but panics if s is no target. It is for constants in source code.
func MustParse(s string) Target {
	t, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return t
}

// String returns the text form, os/arch or os/arch/variant, and the empty string for the zero value.
func (t Target) String() string {
	switch {
	case t.IsZero():
		return ""
	case t.Variant == "":
		return t.OS + "/" + t.Arch
	}
	return t.OS + "/" + t.Arch + "/" + t.Variant
}

// IsZero reports whether t is the zero value, so that the JSON option omitzero applies.
func (t Target) IsZero() bool { return t == Target{} }

// Validate returns an error unless t is canonical, as every target that this package returns is. It does not look the
// port up; that is what [List.Contains] does.
func (t Target) Validate() error {
	if !validName(t.OS) || !validName(t.Arch) {
		return &SyntaxError{Input: clip(t.String()), Reason: "needs an OS and an architecture of lower-case letters and digits"}
	}
	variant, ok := familyOf(t.Arch).canonical(t.Variant, "+")
	if !ok {
		return variantError(t, t.Variant)
	}
	if variant != t.Variant {
		proper := Target{OS: t.OS, Arch: t.Arch, Variant: variant}
		return &SyntaxError{Input: clip(t.String()), Reason: "is not in canonical form", Suggestion: proper}
	}
	return nil
}

// MarshalText returns the text form. It fails where [Target.Validate] does, and thus on the zero value.
func (t Target) MarshalText() ([]byte, error) {
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("marshal target: %w", err)
	}
	return []byte(t.String()), nil
}

// UnmarshalText sets t as [Parse] would, with its errors. It accepts what Parse does and not the canonical form alone:
// a format with one byte string for each meaning has to encode again and compare.
func (t *Target) UnmarshalText(text []byte) error {
	if len(text) > MaxLength {
		return tooLong(string(text[:MaxLength+1]))
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// Port returns the target with the same OS and architecture in the default variant: linux/amd64 for linux/amd64/v3,
// linux/arm/7 for linux/arm/6.
func (t Target) Port() Target {
	return Target{OS: t.OS, Arch: t.Arch, Variant: familyOf(t.Arch).implied()}
}

// Executable returns the file name of the command name, as the go command would choose it: with ".exe" appended on
// Windows, unless it is there, and unchanged elsewhere, WebAssembly included.
func (t Target) Executable(name string) string {
	const suffix = ".exe"
	if t.OS != "windows" || len(name) >= len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) {
		return name
	}
	return name + suffix
}

// FileName returns the target as a part of file names and of container tags: linux_amd64, linux_amd64_v3,
// linux_arm_7-softfloat. It is of the characters a-z, 0-9, underscore, hyphen and dot, no name that Windows reserves, and
// different for different targets. The latter does not hold for values that [Target.Validate] refuses.
func (t Target) FileName() string {
	name := portable(t.OS, "") + "_" + portable(t.Arch, "")
	if t.Variant != "" {
		name += "_" + portable(t.Variant, ".")
	}
	if base, dotted := strings.CutSuffix(name, "."); dotted {
		return base + "-"
	}
	return name
}

// portable replaces what is neither a lower-case letter, a digit nor in extra by a hyphen.
func portable(s, extra string) string {
	return strings.Map(func(r rune) rune {
		if isNameByte(r) || strings.ContainsRune(extra, r) {
			return r
		}
		return '-'
	}, s)
}

// Compare orders targets by OS, architecture and variant, the least demanding variant first: amd64 before amd64/v3, and
// arm/5 before arm/7. It returns 0 only for equal targets.
func Compare(a, b Target) int {
	return cmp.Or(
		strings.Compare(a.OS, b.OS),
		strings.Compare(a.Arch, b.Arch),
		cmp.Compare(a.level(), b.level()),
		strings.Compare(a.Variant, b.Variant),
	)
}

// level returns the position of t's variant, without options, among the values of its architecture.
func (t Target) level() int {
	f := familyOf(t.Arch)
	value, _, _ := strings.Cut(f.written(t.Variant), "+")
	return slices.Index(f.values, value)
}

func validName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return !isNameByte(r) })
}

func isNameByte(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }
