package upstream

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const editable = `package p

const (
	first  = 10
	second = 10
)

type T struct{}

func (t *T) Count(n int) int {
	println("counting")
	if n < 10 && n < 20 {
		return n
	}
	return 0
}

func Count(n int) int { return n + 10 }

func external()
`

func TestEdit(t *testing.T) {
	for _, test := range []struct {
		name     string
		edit     Edit
		old, new string // what is replaced once in the file
	}{
		{"statement in a method", Edit{Receiver: "*T", Name: "Count", Insert: "if t == nil { return 0 }"},
			"func (t *T) Count(n int) int {", "func (t *T) Count(n int) int {\n\tif t == nil { return 0 }\n"},
		{"statement in a function", Edit{Name: "Count", Insert: "n++"}, "func Count(n int) int {", "func Count(n int) int {\n\tn++\n"},
		{"statement taken out", Edit{Receiver: "*T", Name: "Count", Remove: 1}, `println("counting")`, ""},
		{"literal", Edit{Name: "Count", Replace: &Replacement{"10", "11"}}, "n + 10", "n + 11"},
		{"first operator", Edit{Receiver: "*T", Name: "Count", Replace: &Replacement{"<", "<="}}, "n < 10", "n <= 10"},
		{"literal behind another", Edit{Receiver: "*T", Name: "Count", Replace: &Replacement{"20", "30"}}, "n < 20", "n < 30"},
		{"constant", Edit{Name: "second", Replace: &Replacement{"10", "20"}}, "second = 10", "second = 20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			edited, err := test.edit.Apply([]byte(editable))
			require.NoError(t, err)
			assert.Equal(t, strings.Replace(editable, test.old, test.new, 1), string(edited))
		})
	}
}

func TestEditThatFindsNothing(t *testing.T) {
	for name, edit := range map[string]Edit{
		"no such function":     {Name: "Other", Insert: "return"},
		"other receiver":       {Receiver: "T", Name: "Count", Insert: "return"},
		"without a body":       {Name: "external", Insert: "return"},
		"no such statement":    {Name: "Count", Remove: 2},
		"no such literal":      {Name: "Count", Replace: &Replacement{"99", "1"}},
		"statement of a value": {Name: "first", Insert: "return"},
		"nothing to do":        {Name: "Count"},
	} {
		_, err := edit.Apply([]byte(editable))
		assert.Error(t, err, name)
	}
}

func TestEditIn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.go")
	require.NoError(t, os.WriteFile(path, []byte(editable), 0o644))
	require.NoError(t, Edit{File: "p.go", Name: "Count", Remove: 1}.In(dir))
	edited, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(edited), "func Count(n int) int {  }")
}

func TestHotfixesAreNamedOnce(t *testing.T) {
	names := map[string]bool{}
	for _, h := range Hotfixes() {
		assert.False(t, names[h.Name], h.Name)
		names[h.Name] = true
		assert.NotEmpty(t, h.Targets, h.Name)
		assert.NotEmpty(t, h.Symbol, h.Name)
	}
}

func TestChoose(t *testing.T) {
	all := []string{"a1", "b1", "a2"}
	first := func(s string) string { return s[:1] }
	for names, want := range map[string][]string{"": all, "a": {"a1", "a2"}, "b,a": {"b1", "a1", "a2"}} {
		got, err := Choose(all, names, first)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := Choose(all, "a,c", first)
	assert.ErrorContains(t, err, `there is no "c"`)
}
