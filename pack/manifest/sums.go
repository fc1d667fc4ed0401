package manifest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Limits of a SHA256SUMS file.
const (
	MaxSums      = 1 << 20  // bytes
	MaxSumsLines = MaxFiles // files
)

// SumsName is the name of the file that lists the digests of the packages of a
// folder.
const SumsName = "SHA256SUMS"

// Sum is one line of a SHA256SUMS file.
type Sum struct {
	Name   string // file name without a folder; see [CheckPath]
	Digest Digest
}

// Sums is the content of a SHA256SUMS file: sorted by name, each name once.
// It says what belongs together, not who made it.
type Sums []Sum

// Sums returns the digests of the packages of a release.
func (r Release) Sums() Sums {
	sums := make(Sums, len(r.Packages))
	for i, e := range r.Packages {
		sums[i] = Sum{Name: e.Name, Digest: e.Digest}
	}
	return sums
}

// ParseSums reads a SHA256SUMS file in its one form. Everything else is a
// [*SumsError].
func ParseSums(data []byte) (Sums, error) {
	if len(data) > MaxSums {
		return nil, &SumsError{Reason: fmt.Sprintf("has %d bytes, at most %d are allowed", len(data), MaxSums)}
	}
	if n := bytes.Count(data, []byte("\n")); n > MaxSumsLines {
		return nil, &SumsError{Reason: fmt.Sprintf("has %d lines, at most %d are allowed", n, MaxSumsLines)}
	}
	var sums Sums
	for line := range strings.Lines(string(data)) {
		sum, err := parseSum(line)
		if err != nil {
			return nil, &SumsError{Line: len(sums) + 1, Reason: err.Error()}
		}
		sums = append(sums, sum)
	}
	if err := sums.check(); err != nil {
		return nil, err
	}
	return sums, nil
}

const sumSeparator = "  "

func parseSum(line string) (Sum, error) {
	text, complete := strings.CutSuffix(line, "\n")
	digits, name, found := strings.Cut(text, sumSeparator)
	if !complete || !found {
		return Sum{}, fmt.Errorf("is %s, not a digest, two spaces, a name and a newline", quote(line))
	}
	d, err := ParseHexDigest(digits)
	if err != nil {
		return Sum{}, fmt.Errorf("begins with %s, which is not 64 lower-case hexadecimal digits", quote(digits))
	}
	return Sum{Name: name, Digest: d}, nil
}

// check requires the order and the names of a well-formed file.
func (s Sums) check() error {
	if len(s) == 0 || len(s) > MaxSumsLines {
		return &SumsError{Reason: fmt.Sprintf("lists %d files, must list 1 to %d", len(s), MaxSumsLines)}
	}
	folded := make(map[string]bool, len(s))
	for i, sum := range s {
		refuse := func(reason string) error {
			return &SumsError{Line: i + 1, Reason: "names " + quote(sum.Name) + ", which " + reason}
		}
		if strings.Contains(sum.Name, "/") {
			return refuse("is not a file name alone")
		}
		if err := CheckPath(sum.Name); err != nil {
			return refuse("is not a portable file name")
		}
		if i > 0 && s[i-1].Name >= sum.Name {
			return refuse("is out of order or stands twice")
		}
		if folded[FoldPath(sum.Name)] {
			return refuse("differs from another name only in case")
		}
		folded[FoldPath(sum.Name)] = true
	}
	return nil
}

// Encode returns the SHA256SUMS file. It fails with a [*SumsError] if s is not
// sorted or holds a name that is not allowed.
func (s Sums) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	for _, sum := range s {
		buf.WriteString(sum.Digest.Hex() + sumSeparator + sum.Name + "\n")
	}
	return buf.Bytes(), nil
}

// Digest returns the digest that is listed for a name.
func (s Sums) Digest(name string) (Digest, bool) {
	i := slices.IndexFunc(s, func(sum Sum) bool { return sum.Name == name })
	if i < 0 {
		return Digest{}, false
	}
	return s[i].Digest, true
}
