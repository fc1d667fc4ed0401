package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func TestFileIsWhatTheGeneratorMakes(t *testing.T) {
	made, err := generate(root)
	require.NoError(t, err)
	file, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(fileName)))
	require.NoError(t, err)
	assert.Equal(t, string(made), string(file), "run go run ./internal/reportschema at the root of the module")
}

func parsed(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := generate(root)
	require.NoError(t, err)
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(data, &s))
	return &s
}

// What reflection does not tell is there: comments, and the values of types
// that enumerate.
func TestCommentsAndConstants(t *testing.T) {
	s := parsed(t)
	assert.Contains(t, s.Description, "Result is what a run did")
	assert.Equal(t, "the gravest first", s.Properties["findings"].Description)
	finding := s.Properties["findings"].Items
	assert.Equal(t, []any{"block", "warn", "info"}, finding.Properties["severity"].Enum)
	assert.Contains(t, s.Properties["change"].Properties["ancestry"].Enum, "")
	one := s.Properties["targets"].Items
	assert.Contains(t, one.Properties["proof"].Properties["verdict"].Enum, "identical")
	assert.Equal(t, "^sha256:[0-9a-f]{64}$", one.Properties["digest"].Pattern)
}

// Nothing is left without a word, and no object is open.
func TestEverythingIsDescribed(t *testing.T) {
	described := 0
	walk(t, "report", parsed(t), &described)
	assert.Greater(t, described, 150)
}

func walk(t *testing.T, path string, s *jsonschema.Schema, described *int) {
	t.Helper()
	if s.Items != nil {
		walk(t, path+"[]", s.Items, described)
	}
	if s.Properties == nil {
		return
	}
	assert.NotNil(t, s.AdditionalProperties, "%s takes any property", path)
	for name, property := range s.Properties {
		*described++
		if !saysItAll(name) && property.Items == nil {
			assert.NotEmpty(t, property.Description, "%s.%s", path, name)
		}
		walk(t, path+"."+name, property, described)
	}
}

// saysItAll are properties whose name and pattern say what they are.
func saysItAll(name string) bool {
	switch name {
	case "target", "digest", "created":
		return true
	}
	return false
}

func TestSourcesThatAreMissing(t *testing.T) {
	_, err := generate(t.TempDir())
	assert.ErrorContains(t, err, "there are no sources of the package")
	assert.ErrorContains(t, write(t.TempDir()), "at the root of the module")
	_, err = (&describer{}).of("net/http")
	assert.ErrorContains(t, err, "is not of this module")
}

func TestWrite(t *testing.T) {
	// The generator reads the sources of the module and writes into it; a copy of
	// the folders that it reads is enough.
	dir := t.TempDir()
	for _, folder := range []string{"", "build", "build/policy", "build/compare", "pack/manifest"} {
		sources, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
		for _, source := range sources {
			data, err := os.ReadFile(source)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, folder, filepath.Base(source)), data, 0o644))
		}
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	require.NoError(t, write(dir))
	written, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(fileName)))
	require.NoError(t, err)
	made, err := generate(root)
	require.NoError(t, err)
	assert.Equal(t, string(made), string(written))
}
