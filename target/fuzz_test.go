package target_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/target"
)

// checkError fails unless err can be printed as it is: bounded, and printable ASCII.
func checkError(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	require.LessOrEqual(t, len(text), 6*target.MaxLength+200)
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }), "%q", text)
}

// checkTarget fails unless tt is canonical, survives every form it has, and has a portable file name.
func checkTarget(t *testing.T, l target.List, tt target.Target) {
	t.Helper()
	require.NoError(t, tt.Validate())
	require.True(t, l.Contains(tt))
	again, err := l.Parse(tt.String())
	require.NoError(t, err)
	require.Equal(t, tt, again)
	require.Zero(t, target.Compare(tt, again))
	require.LessOrEqual(t, len(tt.String()), target.MaxLength)
	text, err := tt.MarshalText()
	require.NoError(t, err)
	require.Equal(t, tt.String(), string(text))
	checkFileName(t, tt.FileName())
	require.Equal(t, tt.String(), unFileName(tt.FileName()), "the file name tells the target")
}

// unFileName is the inverse of FileName, so that there can be no two targets with one name.
func unFileName(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "_", "/"), "-", "+")
}

func checkFileName(t *testing.T, name string) {
	t.Helper()
	require.Empty(t, strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-"))
	require.False(t, strings.HasSuffix(name, "."))
	stem, _, _ := strings.Cut(name, ".")
	require.Contains(t, stem, "_", "no reserved name of Windows has an underscore")
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"linux/amd64", "linux/amd64/v1", "linux/amd64/v3", "linux/arm", "linux/arm/v7", "linux/arm/7+softfloat", "linux/arm64/v9.2+lse+crypto",
		"js/wasm/satconv", "linx/amd46", "macos/aarch64/v8", "linux_x86_64", "linux/amd64/v9", "/", "a//b", "linux/arm/7,softfloat",
		"\x00/\xff", "linux/amd64/*", "windows/arm64/ ", strings.Repeat("é/", 40),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		known := target.Known()
		tt, err := target.Parse(s)
		if err != nil {
			checkError(t, err)
			require.Zero(t, tt)
			return
		}
		checkTarget(t, known, tt)
		back, err := target.FromEnviron(lookup(tt.Environ()))
		require.NoError(t, err)
		require.Equal(t, tt, back)
		image := tt.OCI()
		require.Equal(t, tt.OS+"/"+tt.Arch, image.OS+"/"+image.Architecture)
	})
}

func FuzzFileName(f *testing.F) {
	f.Add("linux", "arm", "7+softfloat")
	f.Add("con.", "..", "x.")
	f.Add("\x00", "\xff", "")
	f.Fuzz(func(t *testing.T, os, arch, variant string) {
		tt := target.Target{OS: os, Arch: arch, Variant: variant}
		checkFileName(t, tt.FileName())
		if err := tt.Validate(); err != nil {
			checkError(t, err)
		}
	})
}

func FuzzParseSet(f *testing.F) {
	for _, s := range []string{
		"linux/*", "linux/*,!*/386", "linux/amd64/v3", "!*/386", "*/*/*", "*/arm/7+softfloat,!*/arm/*+*", "linux/arm64/v9.?", "linx/*", " linux/amd64 , darwin/* ",
		"*/*,!*/*", "linux/[a]", "****?/*a*b*c", ",", "!", "windows/x86_64", "linux/amd64/v9", "l*/arm/v8", "*/wasm/*,!*/wasm/sat*",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := target.ParseSet(text)
		if err != nil {
			checkError(t, err)
			return
		}
		again, err := target.ParseSet(s.String())
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
		known := target.Known()
		targets, err := s.Expand(known)
		if err != nil {
			checkError(t, err)
			checkSuggestion(t, err, known)
			return
		}
		require.True(t, slices.IsSortedFunc(targets, target.Compare))
		require.Len(t, slices.Compact(slices.Clone(targets)), len(targets))
		for _, tt := range targets {
			checkTarget(t, known, tt)
			require.True(t, s.Match(tt))
		}
	})
}

// checkSuggestion fails if what an error suggests would not match.
func checkSuggestion(t *testing.T, err error, l target.List) {
	t.Helper()
	var p *target.PatternError
	require.ErrorAs(t, err, &p)
	if p.Suggestion == "" {
		return
	}
	s, err := target.ParseSet("*/*", p.Suggestion)
	require.NoError(t, err)
	_, err = s.Expand(l)
	if err != nil {
		require.ErrorIs(t, err, target.ErrExcluded)
	}
}

func FuzzParseDistList(f *testing.F) {
	for _, s := range []string{
		`[{"GOOS":"aix","GOARCH":"ppc64","CgoSupported":true,"FirstClass":false},{"GOOS":"js","GOARCH":"wasm"}]`,
		`[]`, `null`, `[{"GOOS":"linux","GOARCH":"arm"}]`, `[{"GOOS":"linux","GOARCH":"arm","Broken":true}]`, `[{"GOOS":"x","GOARCH":"../"}]`,
		`[{"GOOS":"a","GOARCH":"b"},{"GOOS":"a","GOARCH":"b"}]`, `[{}]`, `{}`, `[[[[`, `[{"goos":"a","GOARCH":"b"}] x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := target.ParseDistList(bytes.NewReader(data))
		if err != nil {
			checkError(t, err)
			require.Nil(t, l)
			return
		}
		assert.NotEmpty(t, l)
		assert.True(t, slices.IsSortedFunc(l, target.Compare))
		for _, port := range l {
			checkTarget(t, l, port)
			require.Equal(t, port, port.Port())
		}
		all, err := target.ParseSet("*/*")
		require.NoError(t, err)
		targets, err := all.Expand(l)
		require.NoError(t, err)
		require.Equal(t, []target.Target(l), targets)
	})
}
