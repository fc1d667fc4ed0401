package change

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func licenseText(t *testing.T, id string) string {
	t.Helper()
	text, err := licenses.ReadFile("licenses/" + id + ".txt")
	require.NoError(t, err)
	return string(text)
}

func TestLicenseTexts(t *testing.T) {
	t.Parallel()
	mit, bsd := licenseText(t, "MIT"), licenseText(t, "BSD-3-Clause")
	tests := map[string]struct{ text, want string }{
		"bare":               {mit, "MIT"},
		"with its title":     {"The MIT License (MIT)\n\nCopyright (c) 2015-2026 Somebody\n\n" + mit, "MIT"},
		"other line ends":    {strings.ReplaceAll("MIT License\n\n"+mit, "\n", "\r\n"), "MIT"},
		"indented":           {strings.ReplaceAll(mit, "\n", "\n    "), "MIT"},
		"two clauses":        {licenseText(t, "BSD-2-Clause"), "BSD-2-Clause"},
		"three clauses":      {"Copyright 2009 The Authors. All rights reserved.\n\n" + bsd, "BSD-3-Clause"},
		"numbered":           {strings.Replace(bsd, "* Neither", "3. Neither", 1), "BSD-3-Clause"},
		"another name":       {strings.Replace(bsd, "ANYBODY", "the copyright holder", 1), "BSD-3-Clause"},
		"isc":                {"ISC License\n\n" + licenseText(t, "ISC"), "ISC"},
		"a clause added":     {mit + "\nThe Software must not be sold.\n", ""},
		"a condition before": {"This does not hold on Sundays.\n" + mit, ""},
		"a word changed":     {strings.Replace(mit, "without restriction", "with restriction", 1), ""},
		"two licences":       {mit + bsd, ""},
		"a name without end": {strings.Replace(bsd, "ANYBODY", strings.Repeat("x ", 100), 1), ""},
		"a mention alone":    {"Licensed under the Apache License, Version 2.0", ""},
		"nothing":            {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, recognise(test.text))
		})
	}
}

func TestLicenseFiles(t *testing.T) {
	t.Parallel()
	mit := licenseText(t, "MIT")
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"one":              {map[string]string{"LICENSE": mit, "NOTICE": "x"}, "MIT"},
		"another spelling": {map[string]string{"licence.md": mit}, "MIT"},
		"two":              {map[string]string{"LICENSE": mit, "LICENSE-docs": "x"}, ""},
		"none":             {map[string]string{"README": mit}, ""},
		"too large":        {map[string]string{"LICENSE": mit + strings.Repeat("\n", maxLicense)}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range test.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
			}
			assert.Equal(t, test.want, licenseOf(dir))
		})
	}
	assert.Empty(t, licenseOf(filepath.Join(t.TempDir(), "nowhere")))
}

// The texts of this module's own dependencies, as their authors wrote them.
func TestLicenseOfModules(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"github.com/stretchr/testify": "MIT", "golang.org/x/mod": "BSD-3-Clause", "github.com/sigstore/sigstore": "Apache-2.0",
		"github.com/klauspost/compress": "", // several in one file
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", path).Output()
		require.NoError(t, err)
		assert.Equal(t, want, licenseOf(strings.TrimSpace(string(out))), path)
	}
}
