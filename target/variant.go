package target

import (
	"slices"
	"strings"
)

// family is what the variants of one architecture have in common. The zero value is that of an architecture without
// variants.
type family struct {
	variable  string   // GOAMD64
	values    []string // from the least to the most demanding; the first of a variant, with options after it
	standard  string   // the default among values
	explicit  bool     // the default is written in the canonical form
	options   []string // may follow a value, after a separator
	exclusive bool     // of the options at most one
}

// familyOf returns the variants of an architecture, as internal/buildcfg of Go 1.26 reads them.
func familyOf(arch string) family {
	switch arch {
	case "386":
		return family{variable: "GO386", values: []string{"softfloat", "sse2"}, standard: "sse2"}
	case "amd64":
		return family{variable: "GOAMD64", values: []string{"v1", "v2", "v3", "v4"}, standard: "v1"}
	case "arm":
		return family{
			variable: "GOARM", values: []string{"5", "6", "7"}, standard: "7", explicit: true,
			options: []string{"softfloat", "hardfloat"}, exclusive: true,
		}
	case "arm64":
		return family{variable: "GOARM64", values: arm64Values(), standard: "v8.0", options: []string{"lse", "crypto"}}
	case "mips", "mipsle":
		return family{variable: "GOMIPS", values: []string{"softfloat", "hardfloat"}, standard: "hardfloat"}
	case "mips64", "mips64le":
		return family{variable: "GOMIPS64", values: []string{"softfloat", "hardfloat"}, standard: "hardfloat"}
	case "ppc64", "ppc64le":
		return family{variable: "GOPPC64", values: []string{"power8", "power9", "power10"}, standard: "power8"}
	case "riscv64":
		return family{variable: "GORISCV64", values: []string{"rva20u64", "rva22u64", "rva23u64"}, standard: "rva20u64"}
	case "wasm":
		return family{variable: "GOWASM", options: []string{"satconv", "signext"}}
	}
	return family{}
}

func arm64Values() []string {
	return []string{
		"v8.0", "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9",
		"v9.0", "v9.1", "v9.2", "v9.3", "v9.4", "v9.5",
	}
}

// canonical returns the canonical form of a variant whose options are separated by sep, and whether there is such a
// variant. The empty text is the default.
func (f family) canonical(text, sep string) (string, bool) {
	if text == "" {
		return f.implied(), true
	}
	parts := strings.Split(text, sep)
	options := parts
	if len(f.values) > 0 {
		if !slices.Contains(f.values, parts[0]) {
			return "", false
		}
		options = parts[1:]
	}
	if !f.allows(options) {
		return "", false
	}
	if text == f.standard {
		return f.implied(), true
	}
	return strings.Join(parts, "+"), true
}

// allows reports whether options may follow a value together: all known, none twice, and one alone if they exclude each
// other.
func (f family) allows(options []string) bool {
	if f.exclusive && len(options) > 1 || len(options) > len(f.options) {
		return false
	}
	for i, option := range options {
		if !slices.Contains(f.options, option) || slices.Contains(options[:i], option) {
			return false
		}
	}
	return true
}

// implied returns the canonical form of the default.
func (f family) implied() string {
	if f.explicit {
		return f.standard
	}
	return ""
}

// written returns a canonical variant with the default written out.
func (f family) written(variant string) string {
	if variant == "" {
		return f.standard
	}
	return variant
}

// plain returns every variant without options, the default written out.
func (f family) plain() []string {
	if len(f.values) == 0 {
		return []string{""}
	}
	return f.values
}

// all returns every variant, with and without options, the default written out.
func (f family) all() []string {
	var all []string
	for _, value := range f.plain() {
		all = append(all, value)
		for _, first := range f.options {
			one := joinVariant(value, first)
			all = append(all, one)
			for _, second := range f.options {
				if second != first && !f.exclusive {
					all = append(all, joinVariant(one, second))
				}
			}
		}
	}
	return all
}

func joinVariant(value, option string) string {
	if value == "" {
		return option
	}
	return value + "+" + option
}

// imageVariant translates the spelling of container images to that of the go command. Other text is returned as it is.
func imageVariant(arch, text string) string {
	switch arch + "/" + text {
	case "arm/v5", "arm/v6", "arm/v7":
		return text[1:]
	case "arm64/v8", "arm64/v9":
		return text + ".0"
	}
	return text
}

// withVariant returns port in the variant that text names, in either spelling.
func (t Target) withVariant(text string) (Target, bool) {
	variant, ok := familyOf(t.Arch).canonical(imageVariant(t.Arch, text), "+")
	return Target{OS: t.OS, Arch: t.Arch, Variant: variant}, ok
}

// OCIPlatform is the platform of a container image, with the field names of the OCI image index.
type OCIPlatform struct {
	OS           string `json:"os"`                // GOOS
	Architecture string `json:"architecture"`      // GOARCH
	Variant      string `json:"variant,omitempty"` // as "v7"; empty if there is none to name
}

// OCI returns the platform of an image that holds a binary for t.
//
// The OCI image specification (image index, property "platform") takes GOOS and GOARCH for OS and architecture and names
// the variants v6 and v7 of arm and v8 of arm64. The others it leaves to implementations: v5 of arm, v2 to v4 of amd64,
// and v8.1, v9, v9.1 and so on of arm64 are as containerd reads them, those of ppc64 and riscv64 as the go command does.
// The variant is the least that the image needs, so that it is empty for a default other than that of arm and arm64.
// Options and a choice of floating point cannot be expressed and are left out.
func (t Target) OCI() OCIPlatform {
	p := OCIPlatform{OS: t.OS, Architecture: t.Arch}
	value, _, _ := strings.Cut(familyOf(t.Arch).written(t.Variant), "+")
	switch t.Arch {
	case "arm":
		p.Variant = "v" + value
	case "arm64":
		p.Variant = strings.TrimSuffix(value, ".0")
	case "amd64", "ppc64", "ppc64le", "riscv64":
		p.Variant, _, _ = strings.Cut(t.Variant, "+")
	}
	return p
}
