package change

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxLicense is the size of the largest file that is taken for a licence.
const maxLicense = 128 << 10

// licenseOf returns the SPDX identifier of the licence in a module's folder, or
// "". It does not guess: a text that differs by a word from a known one, as one
// with a clause added does, is not known, and neither are two licences.
//
// The GNU licences say by their identifiers without "-only" or "-or-later" that
// their text does not tell.
func licenseOf(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	found := ""
	for _, e := range entries {
		if !isLicense(e.Name()) {
			continue
		}
		if found != "" || !e.Type().IsRegular() {
			return ""
		}
		found = e.Name()
	}
	if found == "" {
		return ""
	}
	return recognise(readLicense(filepath.Join(dir, found)))
}

func isLicense(name string) bool {
	return regexp.MustCompile(`(?i)^(un)?licen[cs]es?\b|^copying`).MatchString(name)
}

func readLicense(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLicense+1))
	if err != nil || len(data) > maxLicense {
		return ""
	}
	return string(data)
}

//go:embed licenses
var licenses embed.FS

// recognise compares a text with the known ones, word by word.
func recognise(text string) string {
	words := normalise(text)
	for _, id := range []string{"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause"} {
		known, err := licenses.ReadFile("licenses/" + id + ".txt")
		if err == nil && pattern(normalise(string(known))).MatchString(words) {
			return id
		}
	}
	return recogniseLong(words)
}

// normalise leaves the words that say what is allowed: without the title and
// copyright lines that come first, case, punctuation and the marks of lists.
func normalise(text string) string {
	mark, word := regexp.MustCompile(`^\s*([*-]|\(?([0-9]+|[a-c]|[ivx]+)[.)])\s`), regexp.MustCompile(`[a-z0-9]+`)
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(strings.ToLower(text), "https://", "http://")) {
		words := strings.Join(word.FindAllString(mark.ReplaceAllString(line, ""), -1), " ")
		if len(kept) == 0 && isHeading(words) {
			continue
		}
		kept = append(kept, words)
	}
	return strings.Join(strings.Fields(strings.Join(kept, " ")), " ")
}

func isHeading(line string) bool {
	return regexp.MustCompile(`^$|^(the )?(mit|isc|(new |modified |simplified )?bsd( [23] clause)?|[23] clause bsd)( license)?( mit| isc| expat)?$|^copyright |^c [0-9]{4}|^all rights reserved$`).MatchString(line)
}

// pattern allows for the names and the forms of words that vary between copies.
func pattern(words string) *regexp.Regexp {
	for _, r := range []struct{ old, now string }{
		{"name of anybody nor the names of its", "names? of .{1,80} nor the names of (its|the|any|their)( other)?"},
		{"copyright holders and contributors", "(copyright (holders?|owners?)|authors?)( and contributors)?"},
		{"copyright holder or contributors", "(copyright (holders?|owners?)|authors?)( or contributors)?"},
		{"authors or copyright holders", "(authors|copyright holders|authors or copyright holders)"},
		{"and or distribute", "(and or|and) distribute"},
	} {
		words = strings.ReplaceAll(words, r.old, r.now)
	}
	return regexp.MustCompile("^" + words + "$")
}

// recogniseLong knows the texts that are copied whole by their digests, up to
// where they tell how to apply them.
func recogniseLong(words string) string {
	terms, appendix, _ := strings.Cut(words, " end of terms and conditions")
	appendix = strings.TrimSpace(appendix)
	if appendix != "" && !regexp.MustCompile(`^(appendix )?how to apply (these terms|the apache license)|^(copyright )?.{0,100}licensed under the apache license`).MatchString(appendix) {
		return ""
	}
	const longest = 600 // words after the terms
	if len(strings.Fields(appendix)) > longest {
		return ""
	}
	sum := sha256.Sum256([]byte(terms))
	return longLicenses()[hex.EncodeToString(sum[:])]
}

// longLicenses are the identifiers by the SHA-256 of the normalised terms.
func longLicenses() map[string]string {
	return map[string]string{
		"b87cd3d7d8e8e1ea85eb1d30bec4f9e889058557884ec11e22fe083c8420c5d2": "Apache-2.0",
		"d2954ecddd82787482d526252c2595f628a7e2ccd8c32b969382705b61c7ed8d": "MPL-2.0",
		// The copy in plain text, whose lists are numbered otherwise.
		"8dce888cb942d93cebeb8e0fea8afac43e084f54254ac4d9b99cfde68a62468b": "MPL-2.0",
		"57155ef42dfad147239534569cf10681c7c7d5c3e6a10bbc964b1e348b87cb21": "GPL-2.0",
		"25450e5fc3db9d12b7bdf09de094eff36d1a8c826ccf990e37b7b51749923350": "GPL-3.0",
		"e3f94f51fe7d6ff748dec6ef7387edb78838add7c82366b314bd9fc1cb644b99": "AGPL-3.0",
		"69618da28e40d9914cb5626e7f4834cb2a713c1d06ca046c1ab179ddf10fbd8f": "LGPL-2.1",
		"646eb0973cc2712e992626475a17bd770249578f430888219523d9b59192d559": "LGPL-3.0",
	}
}
