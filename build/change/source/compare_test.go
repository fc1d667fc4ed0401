package source_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
)

// update rewrites what the archives in testdata expect.
var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// Each archive holds two trees, and in its last file the change between them.
func TestCompare(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			last := &archive.Files[len(archive.Files)-1]
			require.Equal(t, "change", last.Name)
			got := describe(compare(t, archive))
			if *update {
				last.Data = []byte(got)
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
			}
			assert.Equal(t, string(last.Data), got)
		})
	}
}

func compare(t testing.TB, archive *txtar.Archive) policy.Change {
	t.Helper()
	c, err := source.Compare(trees(t, archive))
	require.NoError(t, err)
	return c
}

func trees(t testing.TB, archive *txtar.Archive) (base, fix fs.FS) {
	t.Helper()
	files, err := txtar.FS(archive)
	require.NoError(t, err)
	base, err = fs.Sub(files, "base")
	require.NoError(t, err)
	fix, err = fs.Sub(files, "fix")
	require.NoError(t, err)
	return base, fix
}

// describe writes a change as lines, in the order in which it is.
func describe(c policy.Change) string {
	var b strings.Builder
	for _, f := range c.Files {
		fmt.Fprintf(&b, "file %s %s +%d -%d", f.Path, f.Status, f.Added, f.Removed)
		for _, flag := range []struct {
			set  bool
			name string
		}{{f.Binary, "binary"}, {f.Test, "test"}, {f.Gen, "generated"}} {
			if flag.set {
				b.WriteString(" " + flag.name)
			}
		}
		b.WriteString("\n")
	}
	for _, p := range c.Packages {
		fmt.Fprintf(&b, "package %s %s %v %v\n", p.Path, p.Status, p.Files, p.Functions)
	}
	for _, m := range c.Modules {
		fmt.Fprintf(&b, "module %s indirect=%v\n", m, m.Indirect)
	}
	for _, d := range c.Directives {
		fmt.Fprintf(&b, "directive %s %q %q\n", d.Name, d.Old, d.New)
	}
	for _, i := range c.Imports {
		fmt.Fprintf(&b, "import %s of %s at %s:%d\n", i.Path, i.Package, i.File, i.Line)
	}
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "note %s %s %s:%d [%s] %s\n", n.Kind, n.Status, n.File, n.Line, n.Name, n.Package)
	}
	for _, u := range c.Unknown {
		fmt.Fprintf(&b, "unknown %s %s: %s\n", u.Part, u.File, u.Why)
	}
	return b.String()
}

const goMod = "module example.com/m\n\ngo 1.26\n"

// tree makes a tree of pairs of a path and a text.
func tree(files ...string) fstest.MapFS {
	t := fstest.MapFS{"go.mod": {Data: []byte(goMod)}}
	for i := 0; i < len(files); i += 2 {
		t[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return t
}

func TestEqualTreesDoNotDiffer(t *testing.T) {
	c, err := source.Compare(tree("a.go", "package a\n"), tree("a.go", "package a\n"))
	require.NoError(t, err)
	c.Unknown = nil
	assert.Equal(t, policy.Change{Module: "example.com/m"}, c)
}

func TestCompareErrors(t *testing.T) {
	pipe := tree()
	pipe["pipe"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	for _, test := range []struct {
		name      string
		base, fix fs.FS
		want      string
	}{
		{"no module", fstest.MapFS{}, tree(), "reading the base: go.mod: file does not exist: give the folder of a module"},
		{"no module in the fix", tree(), fstest.MapFS{"a.go": {}}, "reading the fix: go.mod: file does not exist"},
		{"bad module", tree(), tree("go.mod", "modul x\n"), "reading the fix: go.mod: go.mod:1: unknown directive: modul"},
		{"module without a name", tree(), tree("go.mod", "go 1.26\n"), "reading the fix: go.mod: it does not name a module"},
		{"nested module without a name", tree(), tree("sub/go.mod", "", "sub/a.go", "package sub\n"), "reading the fix: sub/go.mod: it does not name a module"},
		{"pipe", tree(), pipe, "reading the fix: pipe: it is neither a file"},
		{"no folder", os.DirFS(filepath.Join(t.TempDir(), "none")), tree(), "reading the base: .: "},
		{"unreadable", unreadable{tree("a.go", "")}, tree("a.go", ""), "reading the base: a.go: not today"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := source.Compare(test.base, test.fix)
			var file *source.FileError
			require.ErrorAs(t, err, &file)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

var errNotToday = errors.New("not today")

// unreadable is a tree whose Go files cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".go") {
		return nil, errNotToday
	}
	return u.MapFS.Open(name)
}

// A link is compared by where it leads, and what it leads to is not read.
func TestLinksAreNotFollowed(t *testing.T) {
	base, fix := t.TempDir(), t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("package a\n\nfunc Secret() {}\n"), 0o644))
	for _, dir := range []string{base, fix} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(goMod), 0o644))
	}
	if err := os.Symlink(secret, filepath.Join(fix, "a.go")); err != nil {
		t.Skip(err)
	}
	c, err := source.Compare(os.DirFS(base), os.DirFS(fix))
	require.NoError(t, err)
	assert.Equal(t, []policy.File{{Path: "a.go", Status: policy.Added, Added: 1}}, c.Files)
	assert.Empty(t, c.Packages[0].Functions)
	require.Len(t, c.Unknown, 2)
	assert.Equal(t, policy.Unknown{Part: policy.PartSource, File: "a.go", Why: "in the fix, it is a symbolic link, which is not followed"}, c.Unknown[0])
}

// Files that are too large to be parsed are still compared to the last byte.
func TestLargeFiles(t *testing.T) {
	large := strings.Repeat("// padding\n", source.MaxFileSize/11+1)
	c, err := source.Compare(
		tree("same.go", large, "a.go", large+"a", "b.txt", large+"b", "c.txt", "small"),
		tree("same.go", large, "a.go", large+"A", "b.txt", large+"bb", "c.txt", large))
	require.NoError(t, err)
	var paths []string
	for _, f := range c.Files {
		assert.True(t, f.Binary)
		paths = append(paths, f.Path)
	}
	assert.Equal(t, []string{"a.go", "b.txt", "c.txt"}, paths)
	assert.Equal(t, policy.Unknown{Part: policy.PartSource, File: "a.go", Why: "in the base, it is too large"}, c.Unknown[0])
}

func TestTooManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("lists half a million files")
	}
	many := tree()
	for i := range source.MaxFiles {
		many[fmt.Sprintf("d/%d", i)] = &fstest.MapFile{}
	}
	_, err := source.Compare(tree(), many)
	assert.ErrorIs(t, err, source.ErrTooManyFiles)
}

func TestWithoutFiles(t *testing.T) {
	skip := source.WithoutFiles(func(path string) bool { return strings.HasPrefix(path, "dist/") })
	c, err := source.Compare(tree(), tree("dist/app", "bytes", "README.md", "text\n"), skip)
	require.NoError(t, err)
	assert.Equal(t, []policy.File{{Path: "README.md", Status: policy.Added, Added: 1}}, c.Files)
	_, err = source.Compare(tree(), tree(), source.WithoutFiles(nil))
	var option *source.OptionError
	require.ErrorAs(t, err, &option)
	assert.ErrorContains(t, err, "source: WithoutFiles: no function")
}

// More patterns than anybody writes are matched as one that takes all.
func TestManyEmbedPatterns(t *testing.T) {
	code := "package a\n\n//go:embed" + strings.Repeat(" x", 2000) + "\nvar s string\n"
	c, err := source.Compare(tree("a.go", code, "page.html", "old"), tree("a.go", code, "page.html", "new"))
	require.NoError(t, err)
	require.Len(t, c.Notes, 1)
	assert.Equal(t, policy.Embed, c.Notes[0].Kind)
}

// What a module is replaced by is compared if it is in the tree, and said to be
// unknown if it is not.
func TestReplacementsOutsideTheTree(t *testing.T) {
	for folder, outside := range map[string]bool{"./log": false, "../log": true, "./x/../../log": true, "/src/log": true} {
		module := goMod + "\nreplace example.com/log => " + folder + "\n"
		c, err := source.Compare(tree("go.mod", module), tree("go.mod", module))
		require.NoError(t, err)
		assert.Empty(t, c.Modules)
		assert.Equal(t, outside, strings.Contains(describe(c), "is outside what is compared"), folder)
	}
}

func TestFileNamesThatConstrain(t *testing.T) {
	for name, want := range map[string]string{
		"a_linux.go": "_linux.go", "a_linux_arm64.go": "_linux_arm64.go", "a_arm64.go": "_arm64.go",
		"linux.go": "", "a_linux_b.go": "", "linux_b.go": "", "a_b.go": "", "linux_arm64.go": "_arm64.go",
	} {
		c, err := source.Compare(tree(), tree(name, "package a\n"))
		require.NoError(t, err)
		if want == "" {
			assert.Empty(t, c.Notes, name)
		} else if assert.Len(t, c.Notes, 1, name) {
			assert.Equal(t, want, c.Notes[0].Name)
		}
	}
}

// Each pair of trees differs in one thing, which is said in one line.
func TestOneDifference(t *testing.T) {
	const initialiser = "func init() { println() }\n"
	embedding, plain := "package a\n\n//go:embed x\nvar s string\n", "package a\n\nvar s string\n"
	const generated = "// Code generated by tool. DO NOT EDIT.\n\n"
	for _, test := range []struct {
		name, want string
		base, fix  fs.FS
	}{
		{"once more the same", "note init function added a.go:4 [] example.com/m", tree("a.go", "package a\n\n"+initialiser), tree("a.go", "package a\n\n"+initialiser+initialiser)},
		{"embedded before", "note embedded file changed x:0 [x] example.com/m", tree("a.go", embedding, "x", "1"), tree("a.go", plain, "x", "2")},
		{"embedded now", "note embedded file changed x:0 [x] example.com/m", tree("a.go", plain, "x", "1"), tree("a.go", embedding, "x", "2")},
		{"an old base", "unknown module versions go.mod: before go 1.17", tree("go.mod", "module example.com/m\n\ngo 1.16\n"), tree()},
		{"no go line", "unknown module versions go.mod: before go 1.17", tree(), tree("go.mod", "module example.com/m\n")},
		{"generated and broken", "file a.go changed +1 -1 generated", tree("a.go", generated+"pakage a\n"), tree("a.go", generated+"pakage b\n")},
		{"generated before", "note generated code changed a.go:0 [a.go] example.com/m", tree("a.go", generated+"package a\n"), tree("a.go", "package a\n")},
		{"a mark in a text", "file a.go changed +3 -0\n", tree("a.go", "package a\n"), tree("a.go", "package a\n\nconst s = `\n// Code generated by tool. DO NOT EDIT.`\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := source.Compare(test.base, test.fix)
			require.NoError(t, err)
			assert.Contains(t, describe(c), test.want)
		})
	}
}

// The same two trees give the same change each time, whatever maps do.
func TestOrderIsFixed(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/notes.txtar")
	require.NoError(t, err)
	want := describe(compare(t, archive))
	for range 20 {
		assert.Equal(t, want, describe(compare(t, archive)))
	}
}

// Whatever a tree holds, a Go file that differs is listed, and is either
// understood or said not to be.
func FuzzCompare(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(f, err)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".go") {
				f.Add(string(file.Data), "package a\n", goMod)
			}
		}
	}
	f.Add("package a\nfunc F() {", "//go:embed \"\npackage a", "module m\n\nreplace m => ../m\n")
	f.Fuzz(func(t *testing.T, old, now, mod string) {
		base, fix := tree("a.go", old), tree("a.go", now, "go.mod", mod)
		c, err := source.Compare(base, fix)
		if err != nil {
			var file *source.FileError
			require.ErrorAs(t, err, &file)
			return
		}
		listed := strings.Contains(describe(c), "file a.go changed")
		assert.Equal(t, old != now, listed)
		if back, err := source.Compare(fix, base); assert.NoError(t, err) {
			assert.Len(t, back.Files, len(c.Files))
			assert.Len(t, back.Notes, len(c.Notes))
		}
	})
}
