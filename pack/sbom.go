package pack

import (
	"cmp"
	"debug/buildinfo"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/purl"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// propertyPrefix begins the names of properties in a bill of materials.
const propertyPrefix = "hotfix:"

// bom returns sbom.cdx.json, a CycloneDX 1.6 document of what the executable
// says of itself: main module, modules with their sums, standard library, build
// settings. It has no serial number, and its time is that of the fix. If there
// is no executable, or it carries no build information, the document names the
// product alone, and says that the rest is unknown.
func bom(in Input, executable *manifest.File, info *debug.BuildInfo, fix time.Time) ([]byte, error) {
	product := productComponent(in, executable, info)
	doc := newDocument(cdxMetadata{Timestamp: fix.UTC().Format(time.RFC3339), Component: product})
	if info != nil {
		doc.Components = moduleComponents(info)
		doc.Dependencies = dependencies(product, doc.Components)
	}
	doc.Compositions = []cdxComposition{{Aggregate: completeness(executable, info), Assemblies: []string{product.Ref}}}
	return doc.encode()
}

// readBuildInfo returns what the go command recorded in the executable, or nil
// if there is nothing to be read.
func readBuildInfo(in Input) *debug.BuildInfo {
	if in.Executable == "" {
		return nil
	}
	f, err := os.Open(in.Executable)
	if err != nil {
		return nil // packing it will fail and say so
	}
	defer f.Close()
	info, err := buildinfo.Read(f)
	if err != nil {
		return nil
	}
	return info
}

// completeness says whether the document lists all that is in the executable.
// What cgo links in is not recorded.
func completeness(executable *manifest.File, info *debug.BuildInfo) cdxAggregate {
	switch {
	case executable != nil && info == nil:
		return cdxUnknown
	case info != nil && setting(info, "CGO_ENABLED") != "0":
		return cdxIncomplete
	}
	return cdxComplete
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// productComponent describes the executable, or the product if there is none.
func productComponent(in Input, executable *manifest.File, info *debug.BuildInfo) cdxComponent {
	c := cdxComponent{
		Ref:     in.Product + "@" + in.Version,
		Type:    cdxApplication,
		Name:    in.Product,
		Version: in.Version,
	}
	properties := []cdxProperty{property("target", in.Target.String())}
	if executable != nil {
		c.Hashes = []cdxHash{{Algorithm: cdxSHA256, Content: executable.Digest.Hex()}}
	}
	if info != nil {
		c.PackageURL = packageURL(info.Main.Path, info.Main.Version)
		properties = append(properties, property("go:package", info.Path), property("go:version", info.GoVersion))
		properties = append(properties, moduleProperties(&info.Main)...)
		for _, s := range info.Settings {
			properties = append(properties, property("go:build:"+s.Key, s.Value))
		}
	}
	slices.SortFunc(properties, compareProperties)
	c.Properties = properties
	return c
}

func property(name, value string) cdxProperty {
	return cdxProperty{Name: propertyPrefix + name, Value: value}
}

func compareProperties(a, b cdxProperty) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
}

// moduleComponents describes the standard library and all modules, sorted.
func moduleComponents(info *debug.BuildInfo) []cdxComponent {
	release, _, _ := strings.Cut(info.GoVersion, " ") // "go1.26.8 X:experiment"
	components := []cdxComponent{moduleComponent(&debug.Module{Path: "std", Version: strings.TrimPrefix(release, "go")})}
	for _, m := range info.Deps {
		components = append(components, moduleComponent(m))
	}
	slices.SortFunc(components, func(a, b cdxComponent) int { return strings.Compare(a.Ref, b.Ref) })
	return components
}

// moduleComponent describes the module that was linked, which is the
// replacement if there is one. A replacement by a folder has no address, and is
// listed under the name of what it replaces.
func moduleComponent(m *debug.Module) cdxComponent {
	linked := m
	if m.Replace != nil {
		linked = released(m.Replace)
	}
	c := cdxComponent{
		Type:       cdxLibrary,
		Name:       linked.Path,
		Version:    linked.Version,
		Scope:      cdxRequired,
		PackageURL: packageURL(linked.Path, linked.Version),
	}
	if linked.Version == "" {
		c.Name = m.Path
	}
	c.Ref = m.Path + "@" + m.Version
	c.Properties = moduleProperties(m)
	return c
}

// released is a module without the version that the go command gives to a folder.
func released(m *debug.Module) *debug.Module {
	if m.Version != "(devel)" {
		return m
	}
	return &debug.Module{Path: m.Path, Sum: m.Sum}
}

// moduleProperties returns the module's sum, as go.sum has it, and what it
// replaces. The sum is no digest of a file, and thus no hash in CycloneDX.
func moduleProperties(m *debug.Module) []cdxProperty {
	var properties []cdxProperty
	linked := m
	if m.Replace != nil {
		linked = released(m.Replace)
		properties = append(properties, property("go:replaced-by", strings.TrimSuffix(linked.Path+"@"+linked.Version, "@")),
			property("go:replaces", m.Path+"@"+m.Version))
	}
	if linked.Sum != "" {
		properties = append(properties, property("go:sum", linked.Sum))
	}
	return properties
}

// packageURL returns the address of a module version, or nothing for what has none.
func packageURL(path, version string) string {
	if path == "" || version == "" || version == "(devel)" {
		return ""
	}
	return purl.Go(path, version)
}

// dependencies says that the product needs all components. The executable does
// not record which of them needs which.
func dependencies(product cdxComponent, components []cdxComponent) []cdxDependency {
	refs := make([]string, len(components))
	all := make([]cdxDependency, 1, len(components)+1)
	for i, c := range components {
		refs[i] = c.Ref
		all = append(all, cdxDependency{Ref: c.Ref})
	}
	all[0] = cdxDependency{Ref: product.Ref, DependsOn: refs}
	return all
}
