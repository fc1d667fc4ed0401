package target

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Environ returns the settings that make the go command build for t: GOOS, GOARCH and, if the architecture has one, its
// variant variable, in this order and always with a value of its own, also for the default. Variables of other
// architectures are not set; the go command refuses invalid values even there, so start from an environment without them.
func (t Target) Environ() []string {
	env := []string{"GOOS=" + t.OS, "GOARCH=" + t.Arch}
	if name, value := t.VariantVariable(); name != "" {
		env = append(env, name+"="+value)
	}
	return env
}

// VariantVariable returns the name and the value of the variable that selects the variant: "GOAMD64" and "v1" for
// linux/amd64, "GOARM" and "7,softfloat" for linux/arm/7+softfloat. Both are empty if the architecture has no variants;
// the value alone is empty for WebAssembly without options.
func (t Target) VariantVariable() (name, value string) {
	f := familyOf(t.Arch)
	return f.variable, strings.ReplaceAll(f.written(t.Variant), "+", ",")
}

// FromEnviron returns the target that the go command would build for with the variables that lookup returns: GOOS,
// GOARCH and the variant variable, for example with [os.Getenv]. GOOS and GOARCH have to be set; a variant variable that
// is empty has the default. The errors are those of [Parse].
func FromEnviron(lookup func(name string) string) (Target, error) {
	os, arch := lookup("GOOS"), lookup("GOARCH")
	if os == "" || arch == "" {
		return Target{}, &SyntaxError{Input: clip(os + "/" + arch), Reason: "needs both GOOS and GOARCH"}
	}
	if strings.Contains(os+arch, "/") {
		return Target{}, &SyntaxError{Input: clip(os + "/" + arch), Reason: "has a slash in GOOS or GOARCH"}
	}
	port, err := Parse(os + "/" + arch)
	if err != nil {
		return Target{}, err
	}
	f := familyOf(port.Arch)
	if f.variable == "" {
		return port, nil
	}
	value := lookup(f.variable)
	variant, ok := f.canonical(value, ",")
	if !ok {
		return Target{}, variantError(port, value)
	}
	port.Variant = variant
	return port, nil
}

// FromBuildSettings returns the target of an executable from the settings in its build information, as
// [debug/buildinfo] reads them. Settings that contradict each other are an error; the others are those of [FromEnviron].
func FromBuildSettings(settings []debug.BuildSetting) (Target, error) {
	values := make(map[string]string, len(settings))
	for _, s := range settings {
		if old, ok := values[s.Key]; ok && old != s.Value && strings.HasPrefix(s.Key, "GO") {
			return Target{}, &SyntaxError{Input: clip(s.Key + "=" + s.Value), Reason: "contradicts an earlier setting"}
		}
		values[s.Key] = s.Value
	}
	return FromEnviron(func(name string) string { return values[name] })
}

// Host returns the target that the running program was built for, with its variant if its build information has it. A
// binary for this target runs wherever the program itself does; the machine may well support more.
func Host() Target {
	host := Target{OS: runtime.GOOS, Arch: runtime.GOARCH}.Port()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return host
	}
	built, err := FromBuildSettings(info.Settings)
	if err != nil || built.Port() != host {
		return host
	}
	return built
}
