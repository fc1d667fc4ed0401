package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestSums(t *testing.T) {
	sums := goodRelease().Sums()
	data, err := sums.Encode()
	require.NoError(t, err)
	assert.Equal(t, digest("a.zip").Hex()+"  a.zip\n"+digest("b.zip").Hex()+"  b.zip\n"+digest("b_from-1.4.2.zip").Hex()+"  b_from-1.4.2.zip\n", string(data))
	again, err := manifest.ParseSums(data)
	require.NoError(t, err)
	assert.Equal(t, sums, again)

	d, ok := again.Digest("b.zip")
	assert.True(t, ok)
	assert.Equal(t, digest("b.zip"), d)
	_, ok = again.Digest("other")
	assert.False(t, ok)
}

func TestParseSumsRefuses(t *testing.T) {
	hex := manifest.DigestOf(nil).Hex()
	line := func(name string) string { return hex + "  " + name + "\n" }
	var many strings.Builder
	for i := range manifest.MaxSumsLines + 1 {
		many.WriteString(line(fmt.Sprintf("f%06d", i)))
	}
	tests := map[string]struct {
		data string
		line int
	}{
		"empty":             {"", 0},
		"blank line":        {line("a") + "\n", 2},
		"no newline":        {strings.TrimSuffix(line("a"), "\n"), 1},
		"binary mark":       {hex + " *a\n", 1},
		"one space":         {hex + " a\n", 1},
		"tab":               {hex + "\ta\n", 1},
		"Windows line end":  {hex + "  a\r\n", 1},
		"byte order mark":   {"\ufeff" + line("a"), 1},
		"comment":           {"# files\n" + line("a"), 1},
		"BSD form":          {"SHA256 (a) = " + hex + "\n", 1},
		"upper case":        {strings.ToUpper(hex) + "  a\n", 1},
		"short digest":      {hex[1:] + "  a\n", 1},
		"long digest":       {hex + "0  a\n", 1},
		"no hex":            {"z" + hex[1:] + "  a\n", 1},
		"no name":           {hex + "  \n", 1},
		"folder":            {line("a/b"), 1},
		"parent":            {line(".."), 1},
		"dot":               {line("."), 1},
		"absolute":          {line("/a"), 1},
		"backslash":         {line(`a\b`), 1},
		"drive":             {line("c:a"), 1},
		"device":            {line("NUL"), 1},
		"control character": {line("a\x1b[2J"), 1},
		"not ASCII":         {line("ä"), 1},
		"out of order":      {line("b") + line("a"), 2},
		"twice":             {line("a") + line("a"), 2},
		"differs in case":   {line("A") + line("a"), 2},
		"too many":          {many.String(), 0},
		"too large":         {strings.Repeat("x", manifest.MaxSums+1), 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sums, err := manifest.ParseSums([]byte(test.data))
			var refused *manifest.SumsError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, test.line, refused.Line)
			assert.Nil(t, sums)
			assert.NotContains(t, err.Error(), "\x1b")
			assert.Less(t, len(err.Error()), 300)
		})
	}
}

func TestSumsEncodeRefuses(t *testing.T) {
	for _, name := range []string{"a/b", "", "a\nb", "NUL"} {
		_, err := manifest.Sums{{Name: name}}.Encode()
		var refused *manifest.SumsError
		assert.True(t, errors.As(err, &refused), name)
	}
}

// What is accepted has exactly one spelling.
func FuzzParseSums(f *testing.F) {
	good, err := goodRelease().Sums().Encode()
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(manifest.DigestOf(nil).Hex() + " *a\n"))
	f.Add([]byte(manifest.DigestOf(nil).Hex() + "   a b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sums, err := manifest.ParseSums(data)
		if err != nil {
			assert.Nil(t, sums)
			return
		}
		again, err := sums.Encode()
		require.NoError(t, err)
		assert.Equal(t, data, again)
	})
}
