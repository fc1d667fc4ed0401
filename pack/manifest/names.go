package manifest

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Limits of names and numbers in documents.
const (
	MaxName     = 64        // bytes in a product, channel or file base name
	MaxVersion  = 128       // bytes in a version, hotfix id or revision
	MaxPath     = 240       // bytes in a path inside a package
	MaxElement  = 100       // bytes in one element of such a path
	MaxInteger  = 1<<53 - 1 // the largest integer that every JSON reader keeps
	MaxText     = 1024      // bytes in free text, as a reason or a command word
	MaxFile     = 4 << 30   // bytes in one file of a package: 4 GiB
	MaxFiles    = 4096      // files in a package
	MaxPackages = 512       // packages in a release
	MaxList     = 256       // entries in any other list
)

// CheckProduct reports whether s can name a product or a channel: lower-case
// letters, digits, '.', '_' and '-', beginning with a letter or digit, at most
// [MaxName] bytes, and not a name that Windows reserves. It becomes a folder
// on the host.
func CheckProduct(s string) error {
	if len(s) > MaxName || !startsAlphanumeric(s) || !only(s, isLowerName) || !portableElement(s) {
		return &InvalidError{Field: "product", Value: s, Reason: fmt.Sprintf(
			"must be lower-case letters, digits, '.', '_' or '-', begin with a letter or digit, have at most %d bytes and be no name that Windows reserves", MaxName)}
	}
	return nil
}

// CheckVersion reports whether s can be a version, a hotfix id or a revision
// that stands in a document or in a file name: letters, digits and ".+_-",
// beginning with a letter or digit, at most [MaxVersion] bytes.
func CheckVersion(s string) error {
	if len(s) > MaxVersion || !startsAlphanumeric(s) || !only(s, isVersion) || !portableElement(s) {
		return &InvalidError{Field: "version", Value: s, Reason: fmt.Sprintf(
			"must be letters, digits or one of \".+_-\", begin with a letter or digit and have at most %d bytes", MaxVersion)}
	}
	return nil
}

// CheckPath reports whether s can be the path of a file in a package: relative,
// slash-separated, printable ASCII without the characters that Windows forbids,
// no element that is "." or "..", reserved on Windows ("NUL", "com1.txt"), or
// ends in a dot or space; at most [MaxPath] bytes and [MaxElement] an element.
func CheckPath(s string) error {
	invalid := func(reason string) error { return &InvalidError{Field: "path", Value: s, Reason: reason} }
	switch {
	case s == "" || s == "." || !fs.ValidPath(s):
		return invalid(`is not a relative path without "." and ".." elements`)
	case len(s) > MaxPath:
		return invalid(fmt.Sprintf("is longer than %d bytes", MaxPath))
	case !only(s, isPath):
		return invalid("has a character that is not portable between systems")
	}
	for element := range strings.SplitSeq(s, "/") {
		if len(element) > MaxElement {
			return invalid(fmt.Sprintf("has an element longer than %d bytes", MaxElement))
		}
		if !portableElement(element) {
			return invalid("has an element that Windows reserves or that ends in a dot or space")
		}
	}
	return nil
}

// FormatSequence writes the number by which hosts order releases for people:
// "sequence 1773480413", with "of epoch 2" after the first epoch.
func FormatSequence(epoch, sequence int64) string {
	text := fmt.Sprintf("sequence %d", sequence)
	if epoch != 0 {
		text += fmt.Sprintf(" of epoch %d", epoch)
	}
	return text
}

// FoldPath returns the form in which two paths are equal on file systems that
// ignore case.
func FoldPath(s string) string { return strings.ToLower(s) }

func only(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func startsAlphanumeric(s string) bool { return s != "" && isAlphanumeric(s[0]) }

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isLowerName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

func isVersion(c byte) bool { return isAlphanumeric(c) || strings.IndexByte(".+_-", c) >= 0 }

func isPath(c byte) bool { return c >= 0x20 && c < 0x7f && strings.IndexByte(`<>:"|?*\`, c) < 0 }

func isPrintable(c byte) bool { return c >= 0x20 && c < 0x7f }

// portableElement refuses what Windows cannot store or opens as a device,
// whatever the extension.
func portableElement(s string) bool {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, " ") {
		return false
	}
	stem, _, _ := strings.Cut(s, ".")
	switch stem = strings.ToUpper(strings.TrimRight(stem, " ")); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	if len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) {
		return stem[3] < '0' || stem[3] > '9'
	}
	return true
}

// checkText reports whether s is free text of printable ASCII.
func checkText(field, s string) error {
	if s == "" || len(s) > MaxText || !only(s, isPrintable) {
		return &InvalidError{Field: field, Value: s, Reason: fmt.Sprintf("must be 1 to %d printable ASCII characters", MaxText)}
	}
	return nil
}

// checkTexts applies checkText to every entry of a list of bounded length.
func checkTexts(field string, list []string) error {
	if len(list) > MaxList {
		return &InvalidError{Field: field, Reason: fmt.Sprintf("has %d entries, at most %d are allowed", len(list), MaxList)}
	}
	for i, s := range list {
		if err := checkText(fmt.Sprintf("%s[%d]", field, i), s); err != nil {
			return err
		}
	}
	return nil
}

// checkIDs requires a sorted list of distinct hotfix ids.
func checkIDs(field string, ids []string) error { return checkManyIDs(field, ids, MaxList) }

// checkManyIDs is checkIDs for a list of at most so many.
func checkManyIDs(field string, ids []string, most int) error {
	if len(ids) > most {
		return &InvalidError{Field: field, Reason: fmt.Sprintf("has %d entries, at most %d are allowed", len(ids), most)}
	}
	for i, id := range ids {
		if err := CheckVersion(id); err != nil {
			return within(fmt.Sprintf("%s[%d]", field, i), err)
		}
		if i > 0 && ids[i-1] >= id {
			return &InvalidError{Field: fmt.Sprintf("%s[%d]", field, i), Value: id, Reason: "is out of order or stands twice"}
		}
	}
	return nil
}

// checkTime requires UTC and whole seconds, in years that RFC 3339 can write.
func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return &InvalidError{Field: field, Reason: "is missing"}
	}
	if t.Location() != time.UTC || t.Nanosecond() != 0 || t.Year() < 1970 || t.Year() > 9999 {
		return &InvalidError{Field: field, Value: t.Format(time.RFC3339Nano), Reason: "must be a time in UTC with whole seconds from 1970 on"}
	}
	return nil
}

func checkInteger(field string, n, least int64) error {
	if n < least || n > MaxInteger {
		return &InvalidError{Field: field, Value: fmt.Sprint(n), Reason: fmt.Sprintf("must be from %d to 2^53-1", least)}
	}
	return nil
}
