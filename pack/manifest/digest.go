package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// Digest is a SHA-256 digest (FIPS 180-4). Its text form is "sha256:" and 64
// lower-case hexadecimal digits. The zero Digest stands for "none" and has no
// text form.
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// DigestOf returns the digest of data.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// DigestReader reads r to its end and returns the digest and number of bytes.
func DigestReader(r io.Reader) (Digest, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return Digest{}, n, err
	}
	return Digest(h.Sum(nil)), n, nil
}

// DigestFile returns the digest and number of bytes of a file.
func DigestFile(path string) (Digest, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return Digest{}, 0, err
	}
	defer f.Close()
	return DigestReader(f)
}

// ParseDigest reads the text form of a digest and nothing else.
func ParseDigest(s string) (Digest, error) {
	text, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, &InvalidError{Field: "digest", Value: s, Reason: `does not start with "sha256:"`}
	}
	return ParseHexDigest(text)
}

// ParseHexDigest reads the 64 lower-case hexadecimal digits of a digest, as
// they stand in a SHA256SUMS file or an in-toto subject.
func ParseHexDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != hex.EncodedLen(len(d)) || strings.ToLower(s) != s {
		return Digest{}, &InvalidError{Field: "digest", Value: s, Reason: "is not 64 lower-case hexadecimal digits"}
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, &InvalidError{Field: "digest", Value: s, Reason: "is not 64 lower-case hexadecimal digits"}
	}
	return d, nil
}

// Hex returns the 64 hexadecimal digits alone.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String returns the text form.
func (d Digest) String() string { return digestPrefix + d.Hex() }

// Short returns the first 12 hexadecimal digits, for tables and messages.
func (d Digest) Short() string { return d.Hex()[:12] }

// IsZero reports whether d is the zero Digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText implements [encoding.TextMarshaler]. The zero Digest is an error.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, fmt.Errorf("manifest: a digest is missing")
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
