package build_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
)

func TestOptionErrorsNameTheOption(t *testing.T) {
	dir := writeTree(t, hello)
	file := filepath.Join(dir, "main.go")
	missing := filepath.Join(dir, "missing")
	tests := []struct {
		option string
		opts   []build.Option
		says   string
	}{
		{"WithName", []build.Option{build.WithName("a/b")}, "not a file name"},
		{"WithName", []build.Option{build.WithName(`a\b`)}, "not a file name"},
		{"WithName", []build.Option{build.WithName("..")}, "not a file name"},
		{"WithName", []build.Option{build.WithName("")}, "not a file name"},
		{"WithName", []build.Option{build.WithName("C:x")}, "not a file name"},
		{"WithName", []build.Option{build.WithName("NUL")}, "not a file name"},
		{"WithName", []build.Option{build.WithName("a\x00")}, "not a file name"},
		{"WithName", []build.Option{build.WithName("app.")}, "not a file name"},
		{"WithOutput", []build.Option{build.WithOutput("")}, "empty"},
		{"WithOutput", []build.Option{build.WithOutput(file)}, "is a file"},
		{"WithToolchain", []build.Option{build.WithToolchain("1.26.8")}, "not a Go version"},
		{"WithToolchain", []build.Option{build.WithToolchain("go1.26.8 ")}, "not a Go version"},
		{"WithToolchain", []build.Option{build.WithToolchain("local")}, "not a Go version"},
		{"WithToolchainOf", []build.Option{build.WithToolchainOf(file)}, "no Go build info"},
		{"WithToolchainOf", []build.Option{build.WithToolchainOf(missing)}, "missing"},
		{"WithTags", []build.Option{build.WithTags("a,b")}, "not a build tag"},
		{"WithTags", []build.Option{build.WithTags("a", "")}, "not a build tag"},
		{"WithTags", []build.Option{build.WithTags("!a")}, "not a build tag"},
		{"WithVariable", []build.Option{build.WithVariable("version", "1")}, "not a package and a variable"},
		{"WithVariable", []build.Option{build.WithVariable("main.", "1")}, "not a package and a variable"},
		{"WithVariable", []build.Option{build.WithVariable(".x", "1")}, "not a package and a variable"},
		{"WithVariable", []build.Option{build.WithVariable("main.v=1", "1")}, "not a package and a variable"},
		{"WithVariable", []build.Option{build.WithVariable("main.v", `both ' and "`)}, "both kinds of quotes"},
		{"WithVariable", []build.Option{build.WithVariable("main.v", "a\nb")}, "line break"},
		{"WithLdflags", []build.Option{build.WithLdflags("")}, "empty"},
		{"WithLdflags", []build.Option{build.WithLdflags(`'"`)}, "both kinds of quotes"},
		{"WithGcflags", []build.Option{build.WithGcflags("")}, "empty"},
		{"WithPGO", []build.Option{build.WithPGO(missing)}, "cannot be read"},
		{"WithPGO", []build.Option{build.WithPGO(dir)}, "is a folder"},
		{"WithWorkspace", []build.Option{build.WithWorkspace(missing)}, "cannot be read"},
		{"WithBuildMode", []build.Option{build.WithBuildMode("c-shared")}, "neither"},
		{"WithParallel", []build.Option{build.WithParallel(0)}, "at least 1"},
		{"WithMemoryBudget", []build.Option{build.WithMemoryBudget(1 << 20)}, "too few"},
	}
	for _, test := range tests {
		t.Run(test.option+" "+test.says, func(t *testing.T) {
			_, err := build.New(dir, ".", test.opts...)
			var option *build.OptionError
			require.ErrorAs(t, err, &option)
			assert.Equal(t, test.option, option.Option)
			assert.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestNewRefusesWhatIsNoProgram(t *testing.T) {
	dir := writeTree(t, hello+"-- empty/go.mod --\n// nothing\n")
	tests := []struct{ dir, pkg, says string }{
		{filepath.Join(dir, "missing"), ".", "has no go.mod"},
		{filepath.Join(dir, "empty"), ".", "declares no module"},
		{dir, "./...", "not one main package"},
		{dir, "", "not one main package"},
		{dir, "-o=x", "not one main package"},
		{dir, "./../x", "outside the module"},
	}
	for _, test := range tests {
		_, err := build.New(test.dir, test.pkg)
		assert.ErrorContains(t, err, test.says)
	}
}

func TestNilLoggerDiscards(t *testing.T) {
	b := newBuilder(t, writeTree(t, hello), ".", build.WithLogger(nil))
	mustBuild(t, b)
}

func TestDefaultNames(t *testing.T) {
	for _, test := range []struct{ module, pkg, want string }{
		{"example.com/tool", ".", "tool"},
		{"example.com/tool/v2", ".", "tool"},
		{"example.com/tool/v2", "./cmd/app", "app"},
		{"example.com/tool", "example.com/tool/cmd/app", "app"},
		{"gopkg.in/tool.v3", ".", "tool.v3"},
		{"example.com/tool", "./v2", "tool"},
	} {
		dir := writeTree(t, "-- go.mod --\nmodule "+test.module+"\n")
		assert.Equal(t, test.want, newBuilder(t, dir, test.pkg).Name(), "%s %s", test.module, test.pkg)
	}
}

func TestOptionsDoNotKeepTheCallersSlices(t *testing.T) {
	flags, tags := []string{"-s"}, []string{"b", "a"}
	b := newBuilder(t, writeTree(t, hello), ".", build.WithLdflags(flags...), build.WithTags(tags...))
	flags[0], tags[0] = "-changed", "changed"
	plan, err := b.Plan(host())
	require.NoError(t, err)
	assert.Equal(t, []string{"-s"}, plan.Ldflags)
	assert.Equal(t, []string{"a", "b"}, plan.Tags)
	plan.Ldflags[0] = "-changed"
	again, err := b.Plan(host())
	require.NoError(t, err)
	assert.Equal(t, []string{"-s"}, again.Ldflags)
}

func TestOutputFolderUnderAFile(t *testing.T) {
	dir := writeTree(t, hello)
	b, err := build.New(dir, ".", build.WithOutput(filepath.Join(dir, "main.go", "out")))
	if err == nil {
		_, err = b.Build(t.Context(), host())
	}
	require.ErrorContains(t, err, "WithOutput")
	assert.NotContains(t, err.Error(), "\n")
}

func TestReadOnlyOutputFolder(t *testing.T) {
	if !onUnix() || os.Geteuid() == 0 {
		t.Skip("needs a user whom permissions bind")
	}
	output := t.TempDir()
	require.NoError(t, os.Chmod(output, 0o555))
	b, err := build.New(writeTree(t, hello), ".", build.WithOutput(output))
	require.NoError(t, err)
	_, err = b.Build(t.Context(), host())
	require.ErrorIs(t, err, os.ErrPermission)
	assert.ErrorContains(t, err, "WithOutput")
	var failed *build.TargetError
	assert.True(t, errors.As(err, &failed))
	assert.False(t, strings.Contains(err.Error(), "\n"))
}
