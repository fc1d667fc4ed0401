package target_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/target"
)

// someList is a small list of ports, not in order.
func someList() target.List {
	var l target.List
	for _, s := range []string{"windows/amd64", "linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/s390x", "darwin/arm64", "js/wasm"} {
		l = append(l, target.MustParse(s))
	}
	return l
}

func TestSetExpand(t *testing.T) {
	for in, want := range map[string]string{
		"linux/*":                            "linux/386 linux/amd64 linux/arm/7 linux/arm64 linux/s390x",
		"linux/*,!*/386":                     "linux/amd64 linux/arm/7 linux/arm64 linux/s390x",
		"!*/386, linux/*":                    "linux/amd64 linux/arm/7 linux/arm64 linux/s390x",
		"*/amd64":                            "linux/amd64 windows/amd64",
		"linux/amd64/v3,linux/amd64":         "linux/amd64 linux/amd64/v3",
		"linux/amd64/v1,linux/amd64":         "linux/amd64",
		"linux/*/v3":                         "linux/amd64/v3",
		"linux/amd64/*":                      "linux/amd64 linux/amd64/v2 linux/amd64/v3 linux/amd64/v4",
		"linux/amd64/*,!*/*/v1":              "linux/amd64/v2 linux/amd64/v3 linux/amd64/v4",
		"linux/arm/*":                        "linux/arm/5 linux/arm/6 linux/arm/7",
		"linux/arm/v6,linux/arm64/v8":        "linux/arm/6 linux/arm64",
		"linux/arm64/v9.?,!*/*/v9.[":         "",
		"linux/arm64/v9.?,!*/arm64/v9.1":     "linux/arm64/v9.0 linux/arm64/v9.2 linux/arm64/v9.3 linux/arm64/v9.4 linux/arm64/v9.5",
		"linux/arm/7+softfloat":              "linux/arm/7+softfloat",
		"*/arm/7,*/arm/7+softfloat,!*/*/*+*": "linux/arm/7",
		"linux/amd64/v3,linux/386,!*/amd64":  "linux/386",
		"linux/s390x/*,js/wasm/*":            "js/wasm linux/s390x",
		"linux/amd6?":                        "linux/amd64",
		"linux/**4":                          "linux/amd64 linux/arm64",
		"linux/amd64,!windows/arm":           "linux/amd64", // not in this list, but it exists elsewhere
	} {
		if want == "" {
			_, err := target.ParseSet(in)
			require.Error(t, err, in)
			continue
		}
		t.Run(in, func(t *testing.T) {
			s, err := target.ParseSet(in)
			require.NoError(t, err)
			got, err := s.Expand(someList())
			require.NoError(t, err)
			var texts []string
			for _, tt := range got {
				texts = append(texts, tt.String())
				assert.True(t, s.Match(tt), "%s", tt)
			}
			assert.Equal(t, want, strings.Join(texts, " "))
		})
	}
}

func TestSetExpandErrors(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd46":              `target pattern "linux/amd46" matches no target; did you mean "linux/amd64"?`,
		"linux/amd64,lin?x/arm46":  `target pattern "lin?x/arm46" matches no target; did you mean "lin?x/arm64"?`,
		"linx/*":                   `target pattern "linx/*" matches no target; did you mean "linux/*"?`,
		"macos/*":                  `target pattern "macos/*" matches no target; did you mean "darwin/*"?`,
		"linux/*,!linux/x86":       `target pattern "!linux/x86" matches no target; did you mean "!linux/386"?`,
		"linux/*,!linux/amd64/v9":  `target pattern "!linux/amd64/v9" matches no target; did you mean "!linux/amd64/v4"?`,
		"linux/amd64/v9":           `target pattern "linux/amd64/v9" matches no target; did you mean "linux/amd64/v4"?`,
		"linux/amd46/v?":           `target pattern "linux/amd46/v?" matches no target; did you mean "linux/amd64/v?"?`,
		"linux/amd64/x*":           `target pattern "linux/amd64/x*" matches no target; did you mean "linux/amd64"?`,
		"windows/arm":              `target pattern "windows/arm" matches no target; did you mean "windows/amd64"?`,
		"zz*/amd64":                `target pattern "zz*/amd64" matches no target`,
		"linux/amd64,!*/amd64":     `target pattern "linux/amd64,!*/amd64" excludes every target that it includes`,
		"linux/*,linux/arm/8,!*/*": `target pattern "linux/arm/8" matches no target; did you mean "linux/arm/7"?`,
	} {
		s, err := target.ParseSet(in)
		require.NoError(t, err)
		_, err = s.Expand(someList())
		require.EqualError(t, err, want)
		var p *target.PatternError
		require.ErrorAs(t, err, &p)
	}
	all, err := target.ParseSet("*/*")
	require.NoError(t, err)
	_, err = all.Expand(nil)
	require.ErrorIs(t, err, target.ErrNoMatch)
	_, err = target.Set{}.Expand(someList())
	require.ErrorIs(t, err, target.ErrNoMatch)
	none, err := target.ParseSet("*/*", "!*/*")
	require.NoError(t, err)
	_, err = none.Expand(someList())
	require.ErrorIs(t, err, target.ErrExcluded)
}

func TestParseSetErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `target pattern "" is empty, want os/arch[/variant]`,
		"linux/amd64,":          `target pattern "" is empty, want os/arch[/variant]`,
		"!":                     `target pattern "!" is empty, want os/arch[/variant]`,
		"*":                     `target pattern "*" is not os/arch[/variant]`,
		"linux//v3":             `target pattern "linux//v3" is not os/arch[/variant]`,
		"linux/amd64/v3/x":      `target pattern "linux/amd64/v3/x" is not os/arch[/variant]`,
		"linux/[ab]":            `target pattern "linux/[ab]" has a character that patterns do not use; only * and ? stand for others`,
		"!!linux/386":           `target pattern "!!linux/386" has a character that patterns do not use; only * and ? stand for others`,
		"linux/am d64":          `target pattern "linux/am d64" has a character that no target has`,
		"linux/\x07":            `target pattern "linux/\a" has a character that no target has`,
		"!*/386,!windows/*":     `target pattern "!*/386,!windows/*" includes nothing; begin with */* to include every port`,
		strings.Repeat("*", 65): `target pattern "` + strings.Repeat("*", 61) + `..." is longer than 64 bytes`,
		strings.Repeat("*/*,", target.MaxPatterns) + "a/b": `target pattern "a/b" is one more than 256`,
	} {
		_, err := target.ParseSet(in)
		require.EqualError(t, err, want)
	}
	_, err := target.ParseSet()
	require.EqualError(t, err, `target pattern "" includes nothing; begin with */* to include every port`)
}

func TestSetMatch(t *testing.T) {
	s, err := target.ParseSet("linux/*", "linux/arm/*,!*/mips*", "!linux/arm/5")
	require.NoError(t, err)
	assert.Equal(t, "linux/*,linux/arm/*,!*/mips*,!linux/arm/5", s.String())
	for in, want := range map[string]bool{
		"linux/amd64": true, "linux/amd64/v3": false, "linux/arm/6": true, "linux/arm/5": false, "linux/arm/5+hardfloat": false,
		"linux/arm/7+softfloat": false, "linux/mips64le": false, "darwin/arm64": false,
	} {
		assert.Equal(t, want, s.Match(target.MustParse(in)), in)
	}
	assert.False(t, target.Set{}.Match(target.MustParse("linux/amd64")))
}

func TestExpandDoesNotModifyItsList(t *testing.T) {
	s, err := target.ParseSet("*/*", "!*/386")
	require.NoError(t, err)
	l := someList()
	_, err = s.Expand(l)
	require.NoError(t, err)
	assert.True(t, slices.Equal(someList(), l))
}
