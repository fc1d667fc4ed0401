package page

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a text as it is shown: in one line, without characters that control
// a terminal or turn the direction of writing, and not longer than [MaxText].
func Clean(s string) string {
	if utf8.RuneCountInString(s) > MaxText {
		runes := []rune(s)
		s = string(runes[:MaxText/2]) + "…" + string(runes[len(runes)-MaxText/2:])
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsGraphic(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// CleanOutput is the end of an output as it is shown, with its lines.
func CleanOutput(s string) string {
	if len(s) > MaxOutput {
		s = s[len(s)-MaxOutput:]
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		}
		s = "…\n" + s
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// pieces are the parts of a text between which a line may break: a path breaks
// behind its slashes, and not in the middle of a name.
func pieces(s string) []string {
	const short = 24 // fits into a column as it is
	if s = Clean(s); utf8.RuneCountInString(s) <= short {
		return []string{s}
	}
	return strings.SplitAfter(s, "/")
}
