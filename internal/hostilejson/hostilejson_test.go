package hostilejson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample has a value of each type, none of them that of a missing field.
type sample struct {
	Kind   string   `json:"kind"`
	URL    string   `json:"url"`
	Size   int64    `json:"size"`
	Zero   *int     `json:"zero"`
	Signed bool     `json:"signed"`
	Lists  []string `json:"lists"`
	Nested []inner  `json:"nested"`
}

type inner struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	In   struct {
		Task string `json:"task"`
	} `json:"in"`
}

const sampleText = `{"kind":"release","url":"https://example.com/é/𝄞","size":1024,"zero":0,"signed":true,"lists":["a","b"],` +
	`"nested":[{"name":"x\"y","n":7,"in":{"task":"t"}},{"name":"z","n":-1,"in":{"task":"u"}}]}`

func read(t *testing.T, text []byte) (sample, error) {
	t.Helper()
	var s sample
	err := json.Unmarshal(text, &s)
	return s, err
}

// kindOf returns the kind that a name begins with.
func kindOf(t *testing.T, name string) Kind {
	t.Helper()
	for _, k := range Kinds() {
		if strings.HasPrefix(name, k.Name+": ") {
			return k
		}
	}
	t.Fatal("no kind: ", name)
	return Kind{}
}

// Every spelling is another, and encoding/json makes of it what its kind says:
// those that it accepts are real attacks.
func TestSpellings(t *testing.T) {
	want, err := read(t, []byte(sampleText))
	require.NoError(t, err)
	all, err := Spellings([]byte(sampleText))
	require.NoError(t, err)
	counts, total, n := map[string]int{}, map[Reading]int{}, 0
	for name, text := range all {
		k := kindOf(t, name)
		counts[k.Name]++
		total[k.Reading]++
		n++
		require.NotEqual(t, sampleText, string(text), name)
		require.LessOrEqual(t, len(text), 2*len(sampleText)+MaxGrowth, name)
		require.Equal(t, k.Reading != Broken, json.Valid(text), "%s: %.300s", name, text)
		got, err := read(t, text)
		same := err == nil && assert.ObjectsAreEqual(want, got)
		require.Equal(t, k.Reading == Same, same, "%s: %.300s", name, text)
	}
	for _, k := range Kinds() {
		assert.Positive(t, counts[k.Name], k.Name)
	}
	t.Logf("%d bytes, %d spellings: %d mean the same to encoding/json, %d something else or a wrong type, %d are no JSON",
		len(sampleText), n, total[Same], total[Other], total[Broken])
	assert.Greater(t, n, 1000)
	assert.LessOrEqual(t, n, maxPerByte*len(sampleText))
	assert.Greater(t, total[Same], n/4, "a good part are real attacks")
}

// maxPerByte is what the package comment promises.
const maxPerByte = 30

func TestSpellingsAreDeterministic(t *testing.T) {
	list := func() (texts []string) {
		all, err := Spellings([]byte(sampleText))
		require.NoError(t, err)
		for name, text := range all {
			texts = append(texts, name+string(text))
			if len(texts) == 500 {
				break // a caller may stop anywhere
			}
		}
		return texts
	}
	assert.Equal(t, list(), list())
}

// A caller that stops is not called again, whatever the kind.
func TestCallersMayStopAnywhere(t *testing.T) {
	const small = `{"s":"𝄞/","k":[0,{}]}`
	all, err := Spellings([]byte(small))
	require.NoError(t, err)
	n := 0
	for range all {
		n++
	}
	for stop := range n {
		seen := 0
		for range all {
			if seen++; seen > stop {
				break
			}
		}
		require.Equal(t, stop+1, seen)
	}
}

func TestIndentedDocuments(t *testing.T) {
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, []byte("\n"+sampleText), " ", "\t"))
	all, err := Spellings(indented.Bytes())
	require.NoError(t, err)
	n := 0
	for name, text := range all {
		require.Equal(t, kindOf(t, name).Reading != Broken, json.Valid(text), name)
		n++
	}
	assert.Greater(t, n, 1000)
}

func TestOnlyObjects(t *testing.T) {
	for _, text := range []string{"", " ", "[]", "1", `"a"`, "null", "{", `{"a":1,}`, "{}{}"} {
		_, err := Spellings([]byte(text))
		assert.ErrorIs(t, err, ErrNoObject, text)
	}
}

// FuzzSpellings requires that any object can be taken apart.
func FuzzSpellings(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte(` { "a" : [ ] , "" : { } , "\u0000" : [ -1.5e+7 , null ] } `))
	f.Fuzz(func(t *testing.T, doc []byte) {
		all, err := Spellings(doc)
		if err != nil || len(doc) > 1000 {
			return
		}
		for name, text := range all {
			require.NotEqual(t, doc, text, name)
		}
	})
}
