package manifest_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/hostilejson"
	"github.com/gohotfix/hotfix/pack/manifest"
)

var update = flag.Bool("update", false, "write the golden files")

// codec is one kind of document: an example and its decoder.
type codec struct {
	golden string
	encode func() ([]byte, error)
	again  func([]byte) ([]byte, error) // decodes and encodes
}

func codecs() []codec {
	return []codec{
		{"manifest.json", goodPackage().Encode, again(manifest.DecodePackage)},
		{"delta.json", goodDelta().Encode, again(manifest.DecodePackage)},
		{"rollback.json", goodRollback().Encode, again(manifest.DecodeRollback)},
		{"hotfix.json", goodRelease().Encode, again(manifest.DecodeRelease)},
		{"statement.json", goodStatement().Encode, again(manifest.DecodeStatement[manifest.Release])},
		{"provenance.json", goodProvenance().Encode, again(manifest.DecodeProvenance)},
		{"trust.json", goodTrust().Encode, again(manifest.DecodeTrust)},
		{"trust-statement.json", manifest.NewStatement(goodTrust()).Encode, again(manifest.DecodeStatement[manifest.Trust])},
		{"permit-statement.json", manifest.NewStatement(goodPermit()).Encode, again(manifest.DecodeStatement[manifest.Permit])},
		{"notice-statement.json", manifest.NewStatement(goodNotice()).Encode, again(manifest.DecodeStatement[manifest.Notice])},
		{"floor.json", goodFloor().Encode, again(manifest.DecodeFloor)},
		{"provenance-statement.json", goodProvenanceStatement().Encode, again(manifest.DecodeStatement[manifest.Provenance])},
	}
}

func again[T interface{ Encode() ([]byte, error) }](decode func([]byte) (T, error)) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		doc, err := decode(data)
		if err != nil {
			return nil, err
		}
		return doc.Encode()
	}
}

// The encodings are the formats: a changed golden file is a changed format.
func TestGolden(t *testing.T) {
	for _, c := range codecs() {
		data, err := c.encode()
		require.NoError(t, err)
		path := filepath.Join("testdata", c.golden)
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(path, data, 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(data), c.golden)
		got, err := c.again(data)
		require.NoError(t, err)
		assert.Equal(t, data, got)
	}
}

// Other spellings of the same document.
func TestOtherSpellingsAreRefused(t *testing.T) {
	spellings := map[string]func(string) string{
		"space at the end": func(s string) string { return s + " " },
		"newline":          func(s string) string { return s + "\n" },
		"space before":     func(s string) string { return " " + s },
		"byte order mark":  func(s string) string { return "\ufeff" + s },
		"carriage returns": func(s string) string { return strings.ReplaceAll(s+"\n", "\n", "\r\n") },
		"tabs":             func(s string) string { return strings.Replace(s+"\t", "  ", "\t", 1) },
		"case of a key":    func(s string) string { return strings.Replace(s, `ype"`, `YPE"`, 1) + upperKey(s) },
		"escape":           func(s string) string { return strings.Replace(s, "1.4.", `\u0031.4.`, 1) },
		"unknown key":      func(s string) string { return strings.Replace(s, "{", `{"x":1,`, 1) },
		"duplicate key":    func(s string) string { return duplicateFirst(s) },
		"exponent":         func(s string) string { return strings.Replace(s, `100`, `1e2`, 1) },
		"fraction":         func(s string) string { return strings.Replace(s, `100`, `100.0`, 1) },
		"null":             func(s string) string { return "null" },
		"empty":            func(s string) string { return "" },
		"array":            func(s string) string { return "[" + s + "]" },
		"two documents":    func(s string) string { return s + s },
		"cut off":          func(s string) string { return s[:len(s)-2] },
		"too large":        func(s string) string { return s + strings.Repeat(" ", manifest.MaxDocument) },
	}
	isNumber := map[string]bool{"exponent": true, "fraction": true}
	for _, c := range codecs() {
		data, err := c.encode()
		require.NoError(t, err)
		for name, spell := range spellings {
			if isNumber[name] && !strings.Contains(string(data), "100") {
				continue // it has no number
			}
			other := spell(string(data))
			require.NotEqual(t, string(data), other, "%s: %s changes nothing", c.golden, name)
			_, err := c.again([]byte(other))
			assert.ErrorContains(t, err, "reading ", "%s: %s", c.golden, name)
		}
	}
}

// upperKey makes the case of a key a change in documents without "type".
func upperKey(s string) string {
	if strings.Contains(s, `ype"`) {
		return ""
	}
	return " "
}

// Whatever else can be said in JSON for the same document, or nearly so.
func TestEverySpellingIsRefused(t *testing.T) {
	for _, c := range codecs() {
		data, err := c.encode()
		require.NoError(t, err)
		all, err := hostilejson.Spellings(data)
		require.NoError(t, err)
		tried := 0
		for name, other := range all {
			if tried++; testing.Short() && tried%10 != 0 {
				continue
			}
			_, err := c.again(other)
			require.Error(t, err, "%s: %s", c.golden, name)
		}
		t.Logf("%s: %d spellings, 0 accepted", c.golden, tried)
		assert.Greater(t, tried, 1000)
	}
}

func duplicateFirst(s string) string {
	open := strings.IndexByte(s, '{')
	end := strings.IndexByte(s, ',')
	return s[:open+1] + s[open+1:end] + "," + s[open+1:]
}

func TestTimesHaveOneSpelling(t *testing.T) {
	data, err := goodRelease().Encode()
	require.NoError(t, err)
	const created = "2026-03-04T05:06:07Z"
	for _, other := range []string{"2026-03-04T05:06:07.0Z", "2026-03-04T05:06:07+00:00", "2026-03-04T06:06:07+01:00", "2026-03-04T05:06:07.5Z", "2026-03-04t05:06:07z"} {
		_, err := manifest.DecodeRelease(bytes.Replace(data, []byte(created), []byte(other), 1))
		assert.Error(t, err, other)
	}
}

// Every flip of a single bit is refused, or is another document that is
// itself in the one encoding.
func TestFlippedBits(t *testing.T) {
	for _, c := range codecs() {
		data, err := c.encode()
		require.NoError(t, err)
		for i := range len(data) * 8 {
			flipped := bytes.Clone(data)
			flipped[i/8] ^= 1 << (i % 8)
			if got, err := c.again(flipped); err == nil {
				require.Equal(t, flipped, got)
			}
		}
	}
}

// fuzz requires that what is decoded is encoded to the same bytes.
func fuzz(f *testing.F, goldens ...string) {
	var c codec
	for _, one := range codecs() {
		if !slices.Contains(goldens, one.golden) {
			continue
		}
		c = one
		data, err := c.encode()
		require.NoError(f, err)
		for _, seed := range [][]byte{data, data[:len(data)/2], []byte("{}"), []byte("null"), bytes.ToUpper(data), bytes.ReplaceAll(data, []byte("1"), []byte("-1"))} {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := c.again(data); err == nil {
			require.Equal(t, data, got)
		}
	})
}

func FuzzDecodePackage(f *testing.F)   { fuzz(f, "manifest.json", "delta.json") }
func FuzzDecodeRollback(f *testing.F)  { fuzz(f, "rollback.json") }
func FuzzDecodeRelease(f *testing.F)   { fuzz(f, "hotfix.json") }
func FuzzDecodeStatement(f *testing.F) { fuzz(f, "statement.json") }
func FuzzDecodeTrust(f *testing.F)     { fuzz(f, "trust.json") }
func FuzzDecodePermit(f *testing.F)    { fuzz(f, "permit-statement.json") }
func FuzzDecodeNotice(f *testing.F)    { fuzz(f, "notice-statement.json") }
func FuzzDecodeFloor(f *testing.F)     { fuzz(f, "floor.json") }

// FuzzCheckPath requires that an accepted path stays inside, on every system.
func FuzzCheckPath(f *testing.F) {
	for _, seed := range []string{"a/b", "../a", "/a", `a\b`, "nul", "a:b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if manifest.CheckPath(path) == nil {
			require.True(t, filepath.IsLocal(filepath.FromSlash(path)))
		}
	})
}
