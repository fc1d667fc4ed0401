package build

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each test changes what runs, compared with a rebuild as it is recorded.
func TestRecordedCauses(t *testing.T) {
	dependency := func(change func(*debug.Module)) func(*debug.BuildInfo) {
		return func(i *debug.BuildInfo) { change(i.Deps[0]) }
	}
	const commit = "110fa00fee8a35d9e204b03d9940354a877c7b8c"
	stamp := func(i *debug.BuildInfo) { set("vcs", "git")(i); set("vcs.revision", commit)(i) }
	for name, test := range map[string]struct {
		ran, made func(*debug.BuildInfo)
		want      []string
	}{
		"nothing": {nil, nil, nil},
		"a system": {func(i *debug.BuildInfo) { i.GoVersion, i.Settings[6].Value = "go1.26.5", "darwin" }, nil,
			[]string{"target: it was built for darwin/arm64, the rebuild for linux/arm64: rebuild for the target that it was built for, and make the fix for that one"}},
		"a variant":   {func(i *debug.BuildInfo) { i.Settings[7].Value = "v9.0" }, nil, []string{"target: it was built for linux/arm64/v9.0, the rebuild for linux/arm64:"}},
		"no target":   {func(i *debug.BuildInfo) { i.Settings = nil }, nil, []string{"target: it was built for a target that cannot be read,"}},
		"two systems": {set("GOOS", "darwin"), nil, []string{"target: it was built for a target that cannot be read,"}},
		"a command":   {func(i *debug.BuildInfo) { i.Path += "d" }, nil, []string{"package: it is the main package example.com/m/v2/cmd/appd, the rebuild is example.com/m/v2/cmd/app: rebuild the main package example.com/m/v2/cmd/appd"}},

		"a toolchain":    {func(i *debug.BuildInfo) { i.GoVersion = "go1.26.5" }, nil, []string{"toolchain: it was built by go1.26.5, the rebuild by go1.26.3: pin the toolchain to go1.26.5"}},
		"an experiment":  {func(i *debug.BuildInfo) { i.GoVersion += " X:synctest" }, nil, []string{"toolchain: it was built by go1.26.3 X:synctest, the rebuild by go1.26.3: pin the toolchain to go1.26.3, and build with GOEXPERIMENT=synctest"}},
		"a distribution": {func(i *debug.BuildInfo) { i.GoVersion += " (Red Hat)" }, nil, []string{"deploy a base that is built by a released toolchain"}},
		"a tree":         {func(i *debug.BuildInfo) { i.GoVersion = "devel go1.27-abcdef" }, nil, []string{"deploy a base that is built by a released toolchain"}},
		"godebug of another toolchain": {func(i *debug.BuildInfo) {
			i.GoVersion = "go1.25.1"
			set("DefaultGODEBUG", "a=1")(i)
			set("GOEXPERIMENT", "x")(i)
		}, nil, []string{"toolchain: "}},

		"a stamp":          {stamp, nil, []string{"flags: it records the commit " + commit + " that it was built from, and the rebuild records none: rebuild in a checkout of that commit with -buildvcs=true"}},
		"no stamp":         {nil, stamp, []string{"flags: it records no commit, and the rebuild does: rebuild with -buildvcs=false"}},
		"the same stamp":   {stamp, stamp, nil},
		"changes":          {func(i *debug.BuildInfo) { stamp(i); set("vcs.modified", "true")(i) }, stamp, []string{`dirty tree: it was built from a tree with changes that are in no commit (vcs.modified is "true", its version v2.1.0): find`}},
		"changes, hidden":  {func(i *debug.BuildInfo) { i.Main.Version += "+dirty" }, nil, []string{"dirty tree: it was built from a tree with changes that are in no commit (vcs.modified is not set, its version v2.1.0+dirty)"}},
		"changes here":     {stamp, func(i *debug.BuildInfo) { stamp(i); set("vcs.modified", "true")(i) }, []string{"dirty tree: the rebuild was made from a tree with changes that are in no commit: rebuild from a clean checkout"}},
		"another commit":   {stamp, func(i *debug.BuildInfo) { stamp(i); i.Settings[9].Value = strings.Repeat("0", 40) }, []string{"revision: it was built from the commit " + commit + ", the rebuild from 000000"}},
		"a pseudo-version": {func(i *debug.BuildInfo) { i.Main.Version = "v2.1.1-0.20260102030405-110fa00fee8a" }, stamp, []string{"flags: it records no commit"}},
		"of another commit": {func(i *debug.BuildInfo) { i.Main.Version = "v2.1.1-0.20260102030405-210fa00fee8a" }, stamp,
			[]string{"revision: it was built from the commit 210fa00fee8a, the rebuild from " + commit + ": take the commit 210fa00fee8a as the base"}},
		"a version of another toolchain": {func(i *debug.BuildInfo) { stamp(i); i.GoVersion, i.Main.Version = "go1.23.1", "(devel)" }, stamp, []string{"toolchain: "}},
		"a toolchain and a version":      {func(i *debug.BuildInfo) { i.GoVersion, i.Main.Version = "go1.23.1", "v2.0.0" }, nil, []string{"toolchain: ", "revision: its main module is example.com/m/v2 v2.0.0"}},
		"a version":                      {func(i *debug.BuildInfo) { i.Main.Version = "v2.0.0" }, nil, []string{"revision: its main module is example.com/m/v2 v2.0.0, the rebuild's is example.com/m/v2 v2.1.0: rebuild that version of the module"}},
		"no tags":                        {stamp, func(i *debug.BuildInfo) { stamp(i); i.Main.Version = "v2.0.1-0.20260102030405-110fa00fee8a" }, []string{"from where it was built: a checkout with its tags"}},

		"a dependency":       {dependency(func(m *debug.Module) { m.Version, m.Sum = "v1.0.1", "h1:y" }), nil, []string{"modules: 1 module differs: example.com/dep is v1.0.1, v1.0.0 in the rebuild: rebuild with the go.mod"}},
		"a checksum":         {dependency(func(m *debug.Module) { m.Sum = "h1:y" }), nil, []string{"modules: 1 module differs: example.com/dep is v1.0.0 h1:y, v1.0.0 h1:x in the rebuild"}},
		"a replacement":      {dependency(func(m *debug.Module) { m.Sum, m.Replace = "", &debug.Module{Path: "../dep"} }), nil, []string{"modules: 1 module differs: example.com/dep is v1.0.0 => ../dep (no version), v1.0.0 in the rebuild"}},
		"one less":           {func(i *debug.BuildInfo) { i.Deps = nil }, nil, []string{"modules: 1 module differs: example.com/dep is absent, v1.0.0 in the rebuild"}},
		"a vendor folder":    {dependency(func(m *debug.Module) { m.Sum = "" }), nil, []string{"flags: its modules came from the vendor folder, those of the rebuild did not: rebuild with -mod=vendor"}},
		"no vendor folder":   {nil, dependency(func(m *debug.Module) { m.Sum = "" }), []string{"rebuild with -mod=readonly"}},
		"both, and versions": {dependency(func(m *debug.Module) { m.Version, m.Sum = "v1.0.1", "" }), nil, []string{"flags: its modules came from the vendor", "modules: 1 module differs: example.com/dep is v1.0.1"}},
		"many": {func(i *debug.BuildInfo) {
			for n := range 9 {
				i.Deps = append(i.Deps, &debug.Module{Path: fmt.Sprint("m", n), Version: "v1.0.0", Sum: "h1:x"})
			}
		}, nil, []string{"modules: 9 modules differ: m0 is v1.0.0, absent in the rebuild; m1 is v1.0.0, absent in the rebuild; m2 is v1.0.0, absent in the rebuild; m3 is v1.0.0, absent in the rebuild; m4 is v1.0.0, absent in the rebuild; m5 is v1.0.0, absent in the rebuild; and 3 more: "}},

		"no tags of the build": {func(i *debug.BuildInfo) { i.Settings[2].Value = "" }, nil, []string{`flags: -tags is not set in it, "a,b" in the rebuild: rebuild without -tags`}},
		"race":                 {set("-race", "true"), nil, []string{`flags: -race is "true" in it, not set in the rebuild: rebuild with -race=true`}},
		"fips":                 {set("GOFIPS140", "v1.0.0"), nil, []string{"rebuild with GOFIPS140=v1.0.0"}},
		"a profile":            {set("-pgo", "/ci/default.pgo"), nil, []string{`flags: -pgo is "/ci/default.pgo" in it`}},
		"its folder":           {set("-pgo", "/ci/default.pgo"), set("-pgo", "default.pgo"), nil},
		"cgo":                  {func(i *debug.BuildInfo) { i.Settings[4].Value = "1" }, nil, []string{`cgo: CGO_ENABLED is "1" in it, "0" in the rebuild: rebuild with CGO_ENABLED=1`}},
		"godebug":              {set("DefaultGODEBUG", "a=1"), nil, []string{`flags: DefaultGODEBUG is "a=1" in it, not set in the rebuild: rebuild with the go and godebug lines`}},
		"folders": {func(i *debug.BuildInfo) { i.Settings[3].Value = ""; set("CGO_CFLAGS", "-O2")(i) }, nil,
			[]string{"path: it holds the folders of its build host, since it was built without -trimpath: deploy a base that is built with -trimpath"}},
		"folders here":  {nil, func(i *debug.BuildInfo) { i.Settings[3].Value = "" }, []string{"path: the rebuild holds the folders of this host, since it was built without -trimpath, and it does not: rebuild with -trimpath=true"}},
		"hostile texts": {func(i *debug.BuildInfo) { set("x\x1b[2J\n", strings.Repeat("y", 5000))(i) }, nil, []string{`flags: "x\x1b[2J\n" is "` + strings.Repeat("y", maxShownValue) + `…" in it`}},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			for _, r := range newRecords(recorded(test.ran), recorded(test.made)).reasons() {
				said = append(said, r.String())
				assert.NotContains(t, r.String(), "\n")
				assert.Equal(t, r.Kind == CauseTarget || r.Kind == CausePackage, r.final)
			}
			if assert.Len(t, said, len(test.want), "%q", said) {
				for i, want := range test.want {
					assert.Contains(t, said[i], want)
				}
			}
		})
	}
}

// What the linker was told is compared where it is known of both: as recorded,
// or from the plan.
func TestRecordedLinkerFlags(t *testing.T) {
	untrimmed := func(flags string) func(*debug.BuildInfo) {
		return func(i *debug.BuildInfo) {
			i.Settings[3].Value = ""
			if flags != "" {
				set("-ldflags", flags)(i)
			}
		}
	}
	text := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		ran, made func(*debug.BuildInfo)
		planned   *string
		want      bool
		code      bool
	}{
		"neither is known":   {nil, nil, text("-s"), false, false},
		"the same":           {untrimmed("-s -w"), untrimmed("-s  -w"), nil, false, false},
		"as planned":         {untrimmed("-s -w"), nil, text("-s -w"), false, false},
		"the plan is empty":  {untrimmed(""), nil, text(""), false, false},
		"no plan is known":   {untrimmed("-s -w"), nil, nil, false, false},
		"other than planned": {untrimmed("-s"), nil, text("-s -w"), true, false},
		"a variable":         {untrimmed("-s -X main.a=1"), untrimmed("-s -X=main.a=2"), nil, true, false},
		"a kind of linking":  {untrimmed("-linkmode=external"), untrimmed(""), nil, true, true},
		"not to be read":     {untrimmed("'-s"), untrimmed("-s"), nil, true, true},
	} {
		r := newRecords(recorded(test.ran), recorded(test.made))
		r.ldflags = test.planned
		found := r.linkerFlags()
		if assert.Equal(t, test.want, len(found) == 1, name) && test.want {
			assert.Equal(t, test.code, found[0].code, name)
			assert.Contains(t, found[0].What, "-ldflags is")
		}
	}
}

func TestCausesAreBounded(t *testing.T) {
	ran := recorded(nil)
	for i := range 1000 {
		set(fmt.Sprint("x", i), "1")(ran)
	}
	causes := bounded(newRecords(ran, recorded(nil)).reasons())
	assert.Len(t, causes, maxCauses+1)
	assert.Contains(t, causes[maxCauses].What, fmt.Sprint(1000-maxCauses, " more"))
}
