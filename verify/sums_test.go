package verify_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestSums(t *testing.T) {
	sums := verify.SumsOf(release())
	data, err := sums.Encode()
	require.NoError(t, err)
	again, err := verify.ParseSums(data)
	require.NoError(t, err)
	assert.Equal(t, sums, again)

	d, ok := again.Digest(amd64)
	assert.True(t, ok)
	assert.Equal(t, manifest.DigestOf(archives()[amd64]), d)
	_, ok = again.Digest("other")
	assert.False(t, ok)

	require.NoError(t, again.Verify(t.Context(), dist(t)))
	folder := dist(t)
	folder[amd64] = file([]byte("else"))
	var mismatch *verify.MismatchError
	require.ErrorAs(t, again.Verify(t.Context(), folder), &mismatch)
	assert.Equal(t, amd64, mismatch.Name)
	assert.Equal(t, manifest.DigestOf([]byte("else")), mismatch.Got)
	assert.Equal(t, d, mismatch.Want)
	delete(folder, amd64)
	assert.ErrorIs(t, again.Verify(t.Context(), folder), verify.ErrMissing)
	var refused *verify.SumsError
	assert.ErrorAs(t, verify.Sums(nil).Verify(t.Context(), folder), &refused, "an empty list proves nothing")
	assert.ErrorAs(t, verify.Sums{sums[1], sums[0]}.Verify(t.Context(), folder), &refused)
}

func TestParseSumsRefuses(t *testing.T) {
	hex := manifest.DigestOf(nil).Hex()
	line := func(name string) string { return hex + "  " + name + "\n" }
	var many strings.Builder
	for i := range verify.MaxSumsLines + 1 {
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
		"too large":         {strings.Repeat("x", verify.MaxSums+1), 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sums, err := verify.ParseSums([]byte(test.data))
			var refused *verify.SumsError
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
		_, err := verify.Sums{{Name: name}}.Encode()
		var refused *verify.SumsError
		assert.True(t, errors.As(err, &refused), name)
	}
}
