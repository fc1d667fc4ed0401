package target_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/target"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]target.Target{
		"linux/amd64":                 {OS: "linux", Arch: "amd64"},
		"linux/amd64/v1":              {OS: "linux", Arch: "amd64"},
		"linux/amd64/v3":              {OS: "linux", Arch: "amd64", Variant: "v3"},
		"linux/arm":                   {OS: "linux", Arch: "arm", Variant: "7"},
		"linux/arm/7":                 {OS: "linux", Arch: "arm", Variant: "7"},
		"linux/arm/v6":                {OS: "linux", Arch: "arm", Variant: "6"},
		"linux/arm/5+hardfloat":       {OS: "linux", Arch: "arm", Variant: "5+hardfloat"},
		"linux/arm64/v8":              {OS: "linux", Arch: "arm64"},
		"linux/arm64/v9":              {OS: "linux", Arch: "arm64", Variant: "v9.0"},
		"linux/arm64/v8.0+lse":        {OS: "linux", Arch: "arm64", Variant: "v8.0+lse"},
		"linux/arm64/v8.2+crypto+lse": {OS: "linux", Arch: "arm64", Variant: "v8.2+crypto+lse"},
		"linux/386/sse2":              {OS: "linux", Arch: "386"},
		"linux/386/softfloat":         {OS: "linux", Arch: "386", Variant: "softfloat"},
		"linux/mipsle/hardfloat":      {OS: "linux", Arch: "mipsle"},
		"linux/mips64/softfloat":      {OS: "linux", Arch: "mips64", Variant: "softfloat"},
		"linux/ppc64le/power10":       {OS: "linux", Arch: "ppc64le", Variant: "power10"},
		"linux/riscv64/rva20u64":      {OS: "linux", Arch: "riscv64"},
		"js/wasm/satconv+signext":     {OS: "js", Arch: "wasm", Variant: "satconv+signext"},
		"windows/arm":                 {OS: "windows", Arch: "arm", Variant: "7"},
		"linux/s390x":                 {OS: "linux", Arch: "s390x"},
	} {
		t.Run(in, func(t *testing.T) {
			got, err := target.Parse(in)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.NoError(t, got.Validate())
			again, err := target.Parse(got.String())
			require.NoError(t, err)
			assert.Equal(t, got, again)
		})
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd46":               `target "linux/amd46" does not exist; did you mean "linux/amd64"?`,
		"linx/amd64":                `target "linx/amd64" does not exist; did you mean "linux/amd64"?`,
		"lnuix/adm64/v3":            `target "lnuix/adm64/v3" does not exist; did you mean "linux/amd64/v3"?`,
		"windows/x86_64":            `target "windows/x86_64" does not exist; did you mean "windows/amd64"?`,
		"darwin/aarch64":            `target "darwin/aarch64" does not exist; did you mean "darwin/arm64"?`,
		"macos/arm64":               `target "macos/arm64" does not exist; did you mean "darwin/arm64"?`,
		"Linux/AMD64":               `target "Linux/AMD64" does not exist; did you mean "linux/amd64"?`,
		"linux/armv6":               `target "linux/armv6" does not exist; did you mean "linux/arm/6"?`,
		"linux/armhf":               `target "linux/armhf" does not exist; did you mean "linux/arm/7"?`,
		"linux/i686":                `target "linux/i686" does not exist; did you mean "linux/386"?`,
		"linux/loongarch64":         `target "linux/loongarch64" does not exist; did you mean "linux/loong64"?`,
		"darwin/386":                `target "darwin/386" does not exist; did you mean "darwin/amd64"?`,
		"wasip2/wasm32":             `target "wasip2/wasm32" does not exist; did you mean "wasip1/wasm"?`,
		"beos/s390x":                `target "beos/s390x" does not exist; did you mean "linux/s390x"?`,
		"amd64/linux":               `target "amd64/linux" does not exist; did you mean "linux/amd64"?`,
		"foo/bar":                   `target "foo/bar" does not exist; "go tool dist list" prints those that are supported`,
		"linux/amd64/v9":            `target "linux/amd64/v9" has no valid variant (GOAMD64); did you mean "linux/amd64/v4"?`,
		"linux/amd64/v1+lse":        `target "linux/amd64/v1+lse" has no valid variant (GOAMD64); did you mean "linux/amd64"?`,
		"linux/arm/v8":              `target "linux/arm/v8" has no valid variant (GOARM); did you mean "linux/arm/7"?`,
		"linux/arm/7,softfloat":     `target "linux/arm/7,softfloat" has no valid variant (GOARM); did you mean "linux/arm/7+softfloat"?`,
		"linux/arm64/v8.0+lse+lse":  `target "linux/arm64/v8.0+lse+lse" has no valid variant (GOARM64); did you mean "linux/arm64/v8.0+lse"?`,
		"linux/s390x/z15":           `target "linux/s390x/z15" has a variant, but its architecture has none; did you mean "linux/s390x"?`,
		"":                          `target "" is empty, want os/arch[/variant]`,
		"linux":                     `target "linux" is not os/arch[/variant]; did you mean "linux/amd64"?`,
		"arm64":                     `target "arm64" is not os/arch[/variant]; did you mean "linux/arm64"?`,
		"linux_amd64_v3":            `target "linux_amd64_v3" is not os/arch[/variant]; did you mean "linux/amd64/v3"?`,
		"LINUX-X86_64":              `target "LINUX-X86_64" is not os/arch[/variant]; did you mean "linux/amd64"?`,
		"linux/amd64/":              `target "linux/amd64/" is not os/arch[/variant]; did you mean "linux/amd64"?`,
		"linux/amd64/v3/x":          `target "linux/amd64/v3/x" is not os/arch[/variant]; did you mean "linux/amd64/v3"?`,
		"linux/*":                   `target "linux/*" is a pattern, want one target`,
		"linux/\x1b[31m":            `target "linux/\x1b[31m" has a character that no target has; did you mean "linux/amd64"?`,
		"../\u202e":                 `target "../\u202e" has a character that no target has`,
		strings.Repeat("a", 1<<20):  `target "` + strings.Repeat("a", 61) + `..." is longer than 64 bytes`,
		strings.Repeat("é", 40):     `target "` + strings.Repeat(`\u00e9`, 30) + `..." is longer than 64 bytes`,
		strings.Repeat("\x80", 100): `target "` + strings.Repeat(`\x80`, 57) + `..." is longer than 64 bytes`,
	} {
		_, err := target.Parse(in)
		assert.EqualError(t, err, want)
	}
}

func TestParseErrorTypes(t *testing.T) {
	_, err := target.Parse("linux/amd46")
	var unknown *target.UnknownError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, target.MustParse("linux/amd64"), unknown.Suggestion)
	assert.False(t, unknown.Elsewhere)

	_, err = target.Parse("linux/amd64/v5")
	var variant *target.VariantError
	require.ErrorAs(t, err, &variant)
	assert.Equal(t, "GOAMD64", variant.Variable)

	_, err = target.Parse("linux")
	var syntax *target.SyntaxError
	require.ErrorAs(t, err, &syntax)

	assert.Panics(t, func() { target.MustParse("linux") })
}

func TestEveryPortSuggestsItself(t *testing.T) {
	for _, port := range target.Known() {
		_, err := target.Parse(strings.ToUpper(port.String()))
		var unknown *target.UnknownError
		require.ErrorAs(t, err, &unknown)
		assert.Equal(t, port, unknown.Suggestion)
	}
}

func TestEnviron(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":                 "GOOS=linux GOARCH=amd64 GOAMD64=v1",
		"linux/amd64/v3":              "GOOS=linux GOARCH=amd64 GOAMD64=v3",
		"linux/arm":                   "GOOS=linux GOARCH=arm GOARM=7",
		"linux/arm/6+softfloat":       "GOOS=linux GOARCH=arm GOARM=6,softfloat",
		"linux/arm64":                 "GOOS=linux GOARCH=arm64 GOARM64=v8.0",
		"linux/arm64/v8.1+crypto+lse": "GOOS=linux GOARCH=arm64 GOARM64=v8.1,crypto,lse",
		"windows/386":                 "GOOS=windows GOARCH=386 GO386=sse2",
		"linux/mips":                  "GOOS=linux GOARCH=mips GOMIPS=hardfloat",
		"linux/mips64le/softfloat":    "GOOS=linux GOARCH=mips64le GOMIPS64=softfloat",
		"linux/ppc64le":               "GOOS=linux GOARCH=ppc64le GOPPC64=power8",
		"linux/riscv64":               "GOOS=linux GOARCH=riscv64 GORISCV64=rva20u64",
		"js/wasm":                     "GOOS=js GOARCH=wasm GOWASM=",
		"linux/s390x":                 "GOOS=linux GOARCH=s390x",
	} {
		tt := target.MustParse(in)
		env := tt.Environ()
		assert.Equal(t, want, strings.Join(env, " "))
		back, err := target.FromEnviron(lookup(env))
		require.NoError(t, err)
		assert.Equal(t, tt, back)
	}
}

func lookup(env []string) func(string) string {
	return func(name string) string {
		for _, kv := range env {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestFromEnvironErrors(t *testing.T) {
	for env, want := range map[string]string{
		"GOOS=linux":                            `target "linux/" needs both GOOS and GOARCH`,
		"GOOS=linux/x GOARCH=amd64":             `target "linux/x/amd64" has a slash in GOOS or GOARCH`,
		"GOOS=linux GOARCH=amd46":               `target "linux/amd46" does not exist; did you mean "linux/amd64"?`,
		"GOOS=linux GOARCH=arm GOARM=v7":        `target "linux/arm/v7" has no valid variant (GOARM); did you mean "linux/arm/7"?`,
		"GOOS=linux GOARCH=arm GOARM=7+x":       `target "linux/arm/7+x" has no valid variant (GOARM); did you mean "linux/arm/7"?`,
		"GOOS=linux GOARCH=arm64 GOARM64=v8":    `target "linux/arm64/v8" has no valid variant (GOARM64); did you mean "linux/arm64"?`,
		"GOOS=linux GOARCH=amd64 GOAMD64=v1,v2": `target "linux/amd64/v1,v2" has no valid variant (GOAMD64); did you mean "linux/amd64"?`,
	} {
		_, err := target.FromEnviron(lookup(strings.Fields(env)))
		assert.EqualError(t, err, want)
	}
}

func TestFromBuildSettings(t *testing.T) {
	settings := []debug.BuildSetting{
		{Key: "-trimpath", Value: "true"}, {Key: "GOARCH", Value: "arm"}, {Key: "GOOS", Value: "linux"}, {Key: "GOARM", Value: "6,hardfloat"},
	}
	got, err := target.FromBuildSettings(settings)
	require.NoError(t, err)
	assert.Equal(t, "linux/arm/6+hardfloat", got.String())

	_, err = target.FromBuildSettings(append(slices.Clone(settings), debug.BuildSetting{Key: "GOOS", Value: "darwin"}))
	require.EqualError(t, err, `target "GOOS=darwin" contradicts an earlier setting`)
	_, err = target.FromBuildSettings(nil)
	require.Error(t, err)
}

func TestHost(t *testing.T) {
	host := target.Host()
	assert.Equal(t, runtime.GOOS, host.OS)
	assert.Equal(t, runtime.GOARCH, host.Arch)
	assert.NoError(t, host.Validate())
	assert.True(t, target.Known().Contains(host))
}

func TestExecutable(t *testing.T) {
	windows, linux, js := target.MustParse("windows/amd64"), target.MustParse("linux/amd64"), target.MustParse("js/wasm")
	assert.Equal(t, "app.exe", windows.Executable("app"))
	assert.Equal(t, "app.EXE", windows.Executable("app.EXE"))
	assert.Equal(t, "app.v2.exe", windows.Executable("app.v2"))
	assert.Equal(t, "app", linux.Executable("app"))
	assert.Equal(t, "app", js.Executable("app"))
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":           "linux_amd64",
		"linux/amd64/v3":        "linux_amd64_v3",
		"linux/arm/7":           "linux_arm_7",
		"linux/arm/7+softfloat": "linux_arm_7-softfloat",
		"linux/arm64/v8.2":      "linux_arm64_v8.2",
	} {
		assert.Equal(t, want, target.MustParse(in).FileName())
	}
	hostile := target.Target{OS: "../con.", Arch: `a\b:`, Variant: "x/."}
	assert.Equal(t, "---con-_a-b-_x--", hostile.FileName())
}

func TestOCI(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":             "",
		"linux/amd64/v3":          "v3",
		"linux/arm/5":             "v5",
		"linux/arm/7+softfloat":   "v7",
		"linux/arm64":             "v8",
		"linux/arm64/v8.0+lse":    "v8",
		"linux/arm64/v8.4+crypto": "v8.4",
		"linux/arm64/v9":          "v9",
		"linux/arm64/v9.2":        "v9.2",
		"linux/riscv64/rva22u64":  "rva22u64",
		"linux/ppc64le":           "",
		"linux/386/softfloat":     "",
		"linux/s390x":             "",
	} {
		tt := target.MustParse(in)
		assert.Equal(t, target.OCIPlatform{OS: "linux", Architecture: tt.Arch, Variant: want}, tt.OCI(), in)
	}
}

func TestText(t *testing.T) {
	type doc struct {
		Target target.Target            `json:"target,omitzero"`
		Sizes  map[target.Target]uint64 `json:"sizes,omitempty"`
	}
	in := doc{Target: target.MustParse("linux/arm/6"), Sizes: map[target.Target]uint64{target.MustParse("linux/amd64/v3"): 5}}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	assert.JSONEq(t, `{"target":"linux/arm/6","sizes":{"linux/amd64/v3":5}}`, string(data))
	var out doc
	require.NoError(t, json.Unmarshal(data, &out))
	assert.Equal(t, in, out)

	data, err = json.Marshal(doc{})
	require.NoError(t, err)
	assert.Equal(t, `{}`, string(data))
	require.Error(t, json.Unmarshal([]byte(`{"target":""}`), &out))
	assert.Equal(t, in, out, "an error leaves the value as it was")
	require.ErrorContains(t, new(target.Target).UnmarshalText(make([]byte, 1<<20)), "longer than 64 bytes")
}

func TestValidate(t *testing.T) {
	for want, tt := range map[string]target.Target{
		`target "" needs an OS and an architecture of lower-case letters and digits`:                                   {},
		`target "linux/AMD64" needs an OS and an architecture of lower-case letters and digits`:                        {OS: "linux", Arch: "AMD64"},
		`target "linux/amd64/v1" is not in canonical form; did you mean "linux/amd64"?`:                                {OS: "linux", Arch: "amd64", Variant: "v1"},
		`target "linux/arm" is not in canonical form; did you mean "linux/arm/7"?`:                                     {OS: "linux", Arch: "arm"},
		`target "linux/arm/v7" has no valid variant (GOARM); did you mean "linux/arm/7"?`:                              {OS: "linux", Arch: "arm", Variant: "v7"},
		`target "new/cpu/x" has a variant, but its architecture has none; did you mean "new/cpu"?`:                     {OS: "new", Arch: "cpu", Variant: "x"},
		`target "` + strings.Repeat("x", 61) + `..." needs an OS and an architecture of lower-case letters and digits`: {OS: strings.Repeat("x", 100), Arch: "amd64"},
	} {
		require.EqualError(t, tt.Validate(), want)
		_, err := tt.MarshalText()
		require.EqualError(t, err, "marshal target: "+want)
	}
}

func TestCompare(t *testing.T) {
	want := []string{
		"darwin/arm64", "linux/386/softfloat", "linux/386", "linux/amd64", "linux/amd64/v2", "linux/arm/5", "linux/arm/6", "linux/arm/6+softfloat",
		"linux/arm/7", "linux/ppc64", "linux/ppc64/power9", "linux/ppc64/power10", "windows/amd64",
	}
	var targets []target.Target
	for _, s := range slices.Backward(want) {
		targets = append(targets, target.MustParse(s))
	}
	slices.SortFunc(targets, target.Compare)
	var got []string
	for _, tt := range targets {
		got = append(got, tt.String())
	}
	assert.Equal(t, want, got)
}

func TestPort(t *testing.T) {
	assert.Equal(t, "linux/amd64", target.MustParse("linux/amd64/v4").Port().String())
	assert.Equal(t, "linux/arm/7", target.MustParse("linux/arm/5").Port().String())
}

// TestGoCommandAgrees asks the go command of this toolchain for the build tags that it derives from Environ, and so that
// what Environ sets is valid and complete.
func TestGoCommandAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	for in, tag := range map[string]string{
		"linux/386/softfloat":         "386.softfloat",
		"linux/amd64":                 "amd64.v1",
		"linux/amd64/v4":              "amd64.v4",
		"linux/arm/5+hardfloat":       "arm.5",
		"linux/arm64/v9.5+lse+crypto": "arm64.v9.5",
		"linux/mips/softfloat":        "mips.softfloat",
		"linux/mips64le/softfloat":    "mips64le.softfloat",
		"linux/ppc64le/power10":       "ppc64le.power10",
		"linux/riscv64/rva23u64":      "riscv64.rva23u64",
		"js/wasm/satconv+signext":     "wasm.signext",
	} {
		tt := target.MustParse(in)
		cmd := exec.CommandContext(t.Context(), goCommand, "list", "-f", "{{context.GOOS}}/{{context.GOARCH}} {{context.ToolTags}}", "unsafe")
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), append(tt.Environ(), "GOFLAGS=", "GOWORK=off")...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", in, out)
		words := strings.FieldsFunc(string(out), func(r rune) bool { return strings.ContainsRune(" []\n", r) })
		assert.Equal(t, tt.OS+"/"+tt.Arch, words[0])
		assert.Contains(t, words, tag)
	}
}

func TestKnownHasWhatThisToolchainSupports(t *testing.T) {
	out, err := os.Open(filepath.Join("testdata", "go1.26.8.json"))
	require.NoError(t, err)
	defer out.Close()
	supported, err := target.ParseDistList(out)
	require.NoError(t, err)
	assert.Len(t, supported, 47)
	assert.Subset(t, target.Known(), supported)
	assert.True(t, slices.IsSortedFunc(target.Known(), target.Compare))
}
