package inline

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode"
)

// The lines around a block, and how long those within are written.
const (
	beginLine  = "-----BEGIN HOTFIX RELEASE-----"
	endLine    = "-----END HOTFIX RELEASE-----"
	lineLength = 64
)

// Found reports whether a text holds a block, or the beginning of one.
func Found(text []byte) bool { return bytes.Contains(text, []byte(beginLine)) }

// armor writes the bytes of a block as text.
func armor(data []byte) []byte {
	encoded := base64.StdEncoding.EncodeToString(data)
	var out strings.Builder
	out.WriteString(beginLine + "\n")
	for len(encoded) > 0 {
		n := min(lineLength, len(encoded))
		out.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	out.WriteString(endLine + "\n")
	return []byte(out.String())
}

// dearmor finds the block in a text.
func dearmor(text []byte) ([]byte, error) {
	if len(text) > MaxText {
		return nil, refuse(nil, "stands in a text of %d bytes, at most %d are allowed", len(text), MaxText)
	}
	_, rest, found := bytes.Cut(text, []byte(beginLine))
	if !found {
		return nil, refuse(ErrNoBlock, "is missing: there is no line %s", beginLine)
	}
	inner, after, found := bytes.Cut(rest, []byte(endLine))
	if !found {
		return nil, refuse(nil, "has no last line %s", endLine)
	}
	if Found(inner) || Found(after) || bytes.Contains(after, []byte(endLine)) {
		return nil, refuse(nil, "is not the only one: the text holds several")
	}
	encoded := bytes.Map(withoutQuoting, inner)
	data, err := base64.StdEncoding.Strict().DecodeString(string(encoded))
	if err != nil {
		return nil, refuse(err, "is not base64")
	}
	return data, nil
}

// withoutQuoting drops what mail, chat and ticket programs put into a text that
// they pass on.
func withoutQuoting(r rune) rune {
	if r == '>' || unicode.IsSpace(r) {
		return -1
	}
	return r
}
