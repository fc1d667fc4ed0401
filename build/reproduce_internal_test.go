package build

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/target"
)

// recorded is a build info as the go command writes it.
func recorded(change func(*debug.BuildInfo)) *debug.BuildInfo {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.3", Path: "example.com/m/v2/cmd/app", Main: debug.Module{Path: "example.com/m/v2", Version: "v2.1.0"},
		Deps: []*debug.Module{{Path: "example.com/dep", Version: "v1.0.0", Sum: "h1:x"}},
		Settings: []debug.BuildSetting{
			{Key: "-buildmode", Value: "exe"}, {Key: "-compiler", Value: "gc"}, {Key: "-tags", Value: "a,b"}, {Key: "-trimpath", Value: "true"},
			{Key: "CGO_ENABLED", Value: "0"}, {Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "linux"}, {Key: "GOARM64", Value: "v8.0"},
		},
	}
	if change != nil {
		change(info)
	}
	return info
}

func set(key, value string) func(*debug.BuildInfo) {
	return func(info *debug.BuildInfo) {
		info.Settings = append(info.Settings, debug.BuildSetting{Key: key, Value: value})
	}
}

func TestRecipe(t *testing.T) {
	r, err := newRecipe(recorded(nil))
	require.NoError(t, err)
	assert.Equal(t, "go1.26.3", r.toolchain)
	assert.Equal(t, target.MustParse("linux/arm64"), r.target)
	assert.Equal(t, []string{"-tags=a,b", "-trimpath"}, r.flags)
	assert.Nil(t, r.ldflags)
	assert.False(t, r.vendored)
	arg, err := r.packageArgument()
	require.NoError(t, err)
	assert.Equal(t, "./cmd/app", arg)
	assert.Contains(t, r.plan(nil).Environ(), "GOTOOLCHAIN=go1.26.3")
	assert.Contains(t, r.plan(nil).Environ(), "CGO_ENABLED=0")
}

func TestRecipeSettings(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*debug.BuildInfo)
		check  func(*testing.T, *recipe)
	}{
		"experiment": {func(i *debug.BuildInfo) { i.GoVersion = "go1.24.1 X:synctest" }, func(t *testing.T, r *recipe) {
			assert.Contains(t, r.plan(nil).Environ(), "GOEXPERIMENT=synctest")
		}},
		"fips": {func(i *debug.BuildInfo) {
			set("GOFIPS140", "v1.0.0-c2097c7c")(i)
			i.Settings[2].Value = "a,fips140v1.0"
		}, func(t *testing.T, r *recipe) {
			assert.Contains(t, r.plan(nil).Environ(), "GOFIPS140=v1.0.0-c2097c7c")
			assert.Contains(t, r.flags, "-tags=a")
		}},
		"ldflags": {set("-ldflags", " -s  -w"), func(t *testing.T, r *recipe) { assert.Equal(t, " -s  -w", *r.ldflags) }},
		"profile": {set("-pgo", "/home/a/default.pgo"), func(t *testing.T, r *recipe) { assert.Equal(t, "default.pgo", r.profile) }},
		"vendor":  {func(i *debug.BuildInfo) { i.Deps[0].Sum = "" }, func(t *testing.T, r *recipe) { assert.True(t, r.vendored) }},
		"cgo": {func(i *debug.BuildInfo) { i.Settings[4].Value = "1" }, func(t *testing.T, r *recipe) {
			assert.Contains(t, r.plan(nil).Environ(), "CGO_ENABLED=1")
		}},
		"files": {func(i *debug.BuildInfo) {
			i.Path, i.Main, i.Deps[0].Version, i.Deps[0].Sum = filesOnly, debug.Module{}, "(devel)", ""
		}, func(t *testing.T, r *recipe) { assert.Equal(t, "example.com/dep", r.module) }},
		"workspace": {func(i *debug.BuildInfo) { i.Deps[0].Version, i.Deps[0].Sum = "(devel)", "" }, func(t *testing.T, r *recipe) {
			assert.Equal(t, "example.com/dep", r.workspaceModule())
			assert.False(t, r.vendored)
		}},
		"command": {func(i *debug.BuildInfo) { i.Path, i.Main, i.Deps = "cmd/asm", debug.Module{}, nil }, func(t *testing.T, r *recipe) {
			assert.True(t, r.isStandard())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := newRecipe(recorded(test.change))
			require.NoError(t, err)
			test.check(t, r)
		})
	}
}

func TestRecipeMissing(t *testing.T) {
	for name, change := range map[string]func(*debug.BuildInfo){
		"devel toolchain":   func(i *debug.BuildInfo) { i.GoVersion = "devel go1.27-abcdef Mon" },
		"vendor toolchain":  func(i *debug.BuildInfo) { i.GoVersion = "go1.24.4 (Red Hat 1.24.4-1.el9)" },
		"hostile toolchain": func(i *debug.BuildInfo) { i.GoVersion = "go1.24.4+path/../x" },
		"foreign setting":   set("microsoft_systemcrypto", "1"),
		"gccgo":             func(i *debug.BuildInfo) { i.Settings[1].Value = "gccgo" },
		"no target":         func(i *debug.BuildInfo) { i.Settings = nil },
		"bad time":          set("vcs.time", "yesterday"),
		"flag as path":      func(i *debug.BuildInfo) { i.Path = "-toolexec=/tmp/evil" },
		"flag as module":    func(i *debug.BuildInfo) { i.Main.Path = "-x" },
		"extld":             set("-ldflags", "-extld=/tmp/evil"),
		"GOPATH":            func(i *debug.BuildInfo) { i.Main, i.Deps = debug.Module{}, nil },
	} {
		_, err := newRecipe(recorded(change))
		var missing *MissingError
		assert.ErrorAs(t, err, &missing, name)
	}
}

// TestRecordedFlags holds what a hostile file could ask for.
func TestRecordedFlags(t *testing.T) {
	for _, test := range []struct {
		key, value string
		allowed    bool
	}{
		{"-ldflags", "", true},
		{"-ldflags", " -s -w  -X main.version=1 -X 'main.date=a b' -X=main.c=d", true},
		{"-ldflags", `-s -w -X "example.com/m.Version=v1" -buildid= -linkmode=external -extldflags '-static -Wl,-z,relro,-z,now'`, true},
		{"-ldflags", "-s -w -extldflags -static -X 'main.Version=v0.3.13'", true},
		{"-ldflags", "-extld=/tmp/evil", false},
		{"-ldflags", "-extld /tmp/evil", false},
		{"-ldflags", "-s -o /etc/passwd", false},
		{"-ldflags", "-cpuprofile=/tmp/x", false},
		{"-ldflags", "-extldflags=-fplugin=/tmp/evil.so", false},
		{"-ldflags", "-extldflags '-static -Wl,-plugin,/tmp/evil.so'", false},
		{"-ldflags", "-linkmode external,-extld=x", false},
		{"-ldflags", "-s 'open", false},
		{"-ldflags", "@file", false},
		{"-gcflags", "cmd/...=-dwarf=false", true},
		{"-gcflags", "all=-N -l", true},
		{"-gcflags", "-l=4", true},
		{"-gcflags", "all=-o=/etc/passwd", false},
		{"-gcflags", "-cpuprofile=/tmp/x", false},
		{"-asmflags", "-trimpath=/home/x", true},
		{"-asmflags", "-o x", false},
		{"CGO_CFLAGS", "-O2 -g -I/usr/include -DX=1 -fstack-protector-strong", true},
		{"CGO_CFLAGS", "-fplugin=/tmp/evil.so", false},
		{"CGO_LDFLAGS", "-L/usr/lib -lz -Wl,-z,now", true},
		{"CGO_LDFLAGS", "-fuse-ld=/tmp/evil", false},
		{"CGO_LDFLAGS", "-B/tmp/evil", false},
	} {
		err := checkRecorded(test.key, test.value)
		assert.Equal(t, test.allowed, err == nil, "%s=%s: %v", test.key, test.value, err)
	}
}

func TestTagsFor(t *testing.T) {
	for _, test := range []struct{ version, subdir, here, parent string }{
		{"v1.2.3", "", "v1.2.3", ""},
		{"v1.2.3+dirty", "sub/dir", "sub/dir/v1.2.3", ""},
		{"v2.0.0+incompatible", "", "v2.0.0", ""},
		{"v0.0.0-20260803212751-b95e37281282", "", "", ""},
		{"v1.7.2-0.20260914142845-4d64ad67ce66", "", "", "v1.7.1"},
		{"v1.8.0-rc.1.0.20260914142845-4d64ad67ce66", "", "", "v1.8.0-rc.1"},
		{"(devel)", "", "", ""},
	} {
		here, parent := tagsFor(test.version, test.subdir)
		assert.Equal(t, test.here, here, test.version)
		assert.Equal(t, test.parent, parent, test.version)
	}
}

func TestRoles(t *testing.T) {
	for name, want := range map[string]role{
		"version": roleVersion, "GitVersion": roleVersion, "commit": roleRevision, "gitSHA": roleRevision, "buildDate": roleDate,
		"BuiltBy": roleBuilder, "treeState": roleState, "GitBranch": roleBranch, "unrelated": noRole,
	} {
		assert.Equal(t, want, roleOf(name), name)
	}
}

func TestDates(t *testing.T) {
	got := dates([]byte("x2026-05-29T08:32:43Zabc2026-05-29\x002026-05-29T08:32:43Z 2024-13-99"))
	assert.Equal(t, []string{"2026-05-29T08:32:43Z", "2026-05-29"}, got)
}

func TestVariables(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write(".goreleaser.yml", "ldflags:\n - -s -w -X main.version={{.Version}} -X 'example.com/m/v2/internal/about.Commit={{.Commit}}' -X other.org/x.version=1\n")
	write("cmd/app/main.go", "package main\n\nvar version, other = \"dev\", \"\"\nvar builtBy string\nvar dateOf = f()\nconst commit = \"\"\n")
	write("cmd/tool/main.go", "package main\n\nvar commit string\n")
	write("internal/about/about.go", "package about\n\nvar Commit string\n")
	write("internal/about/about_test.go", "package about\n\nvar version string\n")
	write("broken.go", "package m\n\nvar version = \n")
	r := &recipe{pkg: "example.com/m/v2/cmd/app", module: "example.com/m/v2"}

	names := func(list []variable) (names []string) {
		for _, v := range list {
			names = append(names, v.name)
		}
		return names
	}
	assert.Equal(t, []string{"main.version", "example.com/m/v2/internal/about.Commit"}, names(hintedVariables(dir, r)))
	declared := declaredVariables(dir, r)
	assert.Equal(t, []string{"main.version", "main.builtBy", "example.com/m/v2/internal/about.Commit"}, names(declared))
	flags := assign(declared, map[role][]string{roleVersion: {"1.0"}, roleBuilder: {"the builder"}})
	assert.Equal(t, []string{"-X main.version=1.0", "-X 'main.builtBy=the builder'"}, flags)
}

func TestSpellings(t *testing.T) {
	all := spellings([]string{"-s -w", "-s"}, []string{"-X b=1", "-X a=2"})
	assert.Equal(t, "-s -w -X b=1 -X a=2", all[0])
	assert.Contains(t, all, "-s -X a=2 -X b=1")
	assert.Contains(t, all, "-X b=1 -X a=2 -s -w")
}

func TestLinkSet(t *testing.T) {
	root, to := t.TempDir(), t.TempDir()
	links := &linkSet{}
	at := filepath.Join(root, "a", "b", "c")
	if err := links.add(at, to, ""); err != nil {
		t.Skip("this host has no symbolic links: ", err)
	}
	assert.NoError(t, links.add(at, to, ""), "it leads there already")
	var missing *MissingError
	assert.ErrorAs(t, links.add(filepath.Join(root, "a"), to, ""), &missing, "an existing folder is left alone")
	assert.ErrorAs(t, links.add("relative", to, ""), &missing)
	assert.ErrorAs(t, links.add(root+"/a/../../x", to, ""), &missing)
	require.NoError(t, links.remove())
	left, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// machO is a Mach-O file of two segments, with a signature of the given size.
func machO(signature int) []byte {
	const text = 0x100
	data := make([]byte, 0x200)
	le := binary.LittleEndian
	le.PutUint32(data, 0xfeedfacf)
	at, commands := 32, uint32(1)
	le.PutUint32(data[at:], loadSegment64)
	le.PutUint32(data[at+4:], 72)
	copy(data[at+8:], "__LINKEDIT")
	le.PutUint64(data[at+48:], uint64(signature))
	at += 72
	if signature > 0 {
		le.PutUint32(data[at:], loadSignature)
		le.PutUint32(data[at+4:], 16)
		le.PutUint32(data[at+8:], uint32(len(data)))
		le.PutUint32(data[at+12:], uint32(signature))
		at, commands = at+16, 2
	}
	le.PutUint32(data[16:], commands)
	le.PutUint32(data[20:], uint32(at-32))
	copy(data[text:], "the code")
	for i := range signature {
		data = append(data, byte(i)|1)
	}
	return data
}

func TestUnsignedMachO(t *testing.T) {
	plain, short, long := machO(0), machO(100), machO(5000)
	assert.Equal(t, unsignedMachO(plain), unsignedMachO(short))
	assert.Equal(t, unsignedMachO(short), unsignedMachO(long))
	changed := machO(100)
	changed[0x100] ^= 1
	assert.NotEqual(t, unsignedMachO(short), unsignedMachO(changed))
}

// portable is a PE file with a certificate table of the given size.
func portable(certificates int) []byte {
	data := make([]byte, 0x400)
	le := binary.LittleEndian
	copy(data, "MZ")
	le.PutUint32(data[60:], 0x80)
	header := 0x80 + 24
	le.PutUint16(data[header:], 0x20b)
	copy(data[0x200:], "the code")
	if certificates > 0 {
		le.PutUint32(data[header+64:], 12345)
		le.PutUint32(data[header+112+32:], uint32(len(data)))
		le.PutUint32(data[header+112+36:], uint32(certificates))
		data = append(data, make([]byte, certificates)...)
		data[len(data)-1] = 1
	}
	return data
}

func TestUnsignedPE(t *testing.T) {
	assert.Equal(t, unsignedPE(portable(0)), unsignedPE(portable(400)))
	changed := portable(400)
	changed[0x200] ^= 1
	assert.NotEqual(t, unsignedPE(portable(0)), unsignedPE(changed))
}

func FuzzUnsigned(f *testing.F) {
	f.Add(machO(0))
	f.Add(machO(64))
	f.Add(portable(0))
	f.Add(portable(64))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		assert.LessOrEqual(t, len(unsignedMachO(data)), len(data))
		assert.LessOrEqual(t, len(unsignedPE(data)), len(data))
	})
}
