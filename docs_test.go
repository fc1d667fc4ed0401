package hotfix_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docs are the pages whose programs and commands must work.
func docs(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md") {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[path] = string(data)
	}
	return texts
}

// TestProgramsInDocsCompile compiles each complete program in the docs as a package
// of this module, without writing into it.
func TestProgramsInDocsCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles programs")
	}
	block := regexp.MustCompile("(?s)```go\n(package main\n.*?)```")
	programs := 0
	for path, text := range docs(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			programs++
			dir := t.TempDir()
			file := filepath.Join(dir, "main.go")
			require.NoError(t, os.WriteFile(file, []byte(m[1]), 0o644))
			inModule, err := filepath.Abs("internal/indocs/main.go")
			require.NoError(t, err)
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{inModule: file}})
			require.NoError(t, err)
			overlayFile := filepath.Join(dir, "overlay.json")
			require.NoError(t, os.WriteFile(overlayFile, overlay, 0o644))
			// Not "go vet": it would change into the folder, which is not there.
			out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-overlay", overlayFile, "./internal/indocs").CombinedOutput()
			assert.NoError(t, err, "%s: %s", path, out)
		}
	}
	assert.Positive(t, programs)
}

// TestCommandsInDocsExist requires that what the docs tell people to run is
// there: packages, scripts and fuzz tests. The commands themselves are run by
// the tests of the examples and by .ci/run.
func TestCommandsInDocsExist(t *testing.T) {
	run := regexp.MustCompile("go (?:run|test|vet|build)[^`\n]*? (\\./[a-z0-9/]+)")
	script := regexp.MustCompile(`\.ci/[a-z-]+`)
	fuzz := regexp.MustCompile("-fuzz=(Fuzz[A-Za-z]+)[^`\n]* (\\./[a-z/]+)")
	for path, text := range docs(t) {
		for _, m := range run.FindAllStringSubmatch(text, -1) {
			assert.DirExists(t, m[1], "%s: %s", path, m[0])
		}
		for _, name := range script.FindAllString(text, -1) {
			assert.FileExists(t, name, path)
		}
		for _, m := range fuzz.FindAllStringSubmatch(text, -1) {
			assert.True(t, declares(t, m[2], "func "+m[1]+"("), "%s: %s", path, m[0])
		}
	}
}

// declares reports whether a test file of a package holds the text.
func declares(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(data), text) {
			return true
		}
	}
	return false
}
