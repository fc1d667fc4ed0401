package goexe

import (
	"cmp"
	"maps"
	"runtime/debug"
	"slices"
)

// InfoKind says what a line of build information records.
type InfoKind string

// Kinds of lines, in the order in which [CompareInfo] lists them.
const (
	InfoToolchain  InfoKind = "toolchain"
	InfoPackage    InfoKind = "main package"
	InfoModule     InfoKind = "main module"
	InfoDependency InfoKind = "dependency"
	InfoSetting    InfoKind = "setting"
)

// InfoDifference is a line of the build information that two executables do
// not have in common.
type InfoDifference struct {
	Kind InfoKind
	Key  string // path of the dependency or key of the setting; "" for the other kinds
	Old  string // "" if it is not there
	New  string // the same of the other side

	// SumOnly says that of a module nothing but the recorded checksum differs.
	SumOnly bool
}

// Name is the line's name, as "setting -tags".
func (d InfoDifference) Name() string {
	if d.Key == "" {
		return string(d.Kind)
	}
	return string(d.Kind) + " " + d.Key
}

// CompareInfo lists what two build infos record differently, by kind and key.
// Of a module the version is shown, and the checksum only where nothing else
// tells the two apart.
func CompareInfo(a, b *debug.BuildInfo) []InfoDifference {
	c := &infoComparison{}
	c.add(InfoToolchain, "", a.GoVersion, b.GoVersion)
	c.add(InfoPackage, "", a.Path, b.Path)
	c.addModules(InfoModule, "", &a.Main, &b.Main)
	c.compareDependencies(a.Deps, b.Deps)
	before, after := SettingsOf(a), SettingsOf(b)
	for _, key := range keysOf(before, after) {
		c.add(InfoSetting, key, before[key], after[key])
	}
	return c.found
}

// SettingsOf returns the settings that a build info records, by key.
func SettingsOf(info *debug.BuildInfo) map[string]string {
	m := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		m[s.Key] = s.Value
	}
	return m
}

type infoComparison struct{ found []InfoDifference }

func (c *infoComparison) add(kind InfoKind, key, old, now string) {
	if old != now {
		c.found = append(c.found, InfoDifference{Kind: kind, Key: key, Old: old, New: now})
	}
}

func (c *infoComparison) compareDependencies(a, b []*debug.Module) {
	before, after := modulesByPath(a), modulesByPath(b)
	for _, path := range keysOf(before, after) {
		c.addModules(InfoDependency, path, before[path], after[path])
	}
}

func (c *infoComparison) addModules(kind InfoKind, key string, a, b *debug.Module) {
	old, now := moduleText(a, key, false), moduleText(b, key, false)
	if old != now {
		c.add(kind, key, old, now)
		return
	}
	old, now = moduleText(a, key, true), moduleText(b, key, true)
	if old != now {
		c.found = append(c.found, InfoDifference{Kind: kind, Key: key, Old: old, New: now, SumOnly: true})
	}
}

// moduleText is the module that was built, "" if there is none. Its path is
// left out where the line's key is the path.
func moduleText(m *debug.Module, key string, sums bool) string {
	if m == nil || m.Path == "" {
		return ""
	}
	text := cmp.Or(m.Version, "(no version)")
	if m.Path != key {
		text = m.Path + " " + text
	}
	if sums {
		text += " " + cmp.Or(m.Sum, "(no checksum)")
	}
	if m.Replace != nil {
		text += " => " + moduleText(m.Replace, "", sums)
	}
	return text
}

func modulesByPath(deps []*debug.Module) map[string]*debug.Module {
	m := make(map[string]*debug.Module, len(deps))
	for _, dep := range deps {
		m[dep.Path] = dep
	}
	return m
}

func keysOf[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
