package inline_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
)

func newSigner(t testing.TB) *sign.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signer, err := sign.New(key)
	require.NoError(t, err)
	return signer
}

func newVerifier(t testing.TB, threshold int, signers ...*sign.Signer) *verify.Verifier {
	t.Helper()
	var keys []verify.Key
	for _, s := range signers {
		keys = append(keys, s.Key())
	}
	v, err := verify.New(verify.WithKeys(keys...), verify.WithThreshold(threshold))
	require.NoError(t, err)
	return v
}

// archive is bytes like those of a package, which cannot be compressed.
func archive(seed uint64, size int) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	b := make([]byte, size)
	_, _ = mathrand.NewChaCha8(key).Read(b)
	return b
}

// targets of the release of the tests.
func targets() []string { return []string{"linux/amd64", "linux/arm64", "windows/amd64"} }

// deltaOf is the delta package for the n-th target.
func deltaOf(n int) []byte { return archive(uint64(n), 1500) }

func release() manifest.Release {
	r := manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments-api", Channel: "stable", ID: "payments-api-v1.4.2+hotfix.1", Version: "v1.4.2+hotfix.1",
		Sequence: 1773480413, Created: time.Unix(1773480413, 0).UTC(),
		Source:    manifest.Source{Package: "example.com/payments/cmd/payments", Commit: "8c2f61d09a4be8c5e1a7342a3a0c9f8b1d9e4c77"},
		Toolchain: "go1.26.8", Flags: []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w", "CGO_ENABLED=0"},
	}
	for n, on := range targets() {
		t := target.MustParse(on)
		name := "payments-api_v1.4.2+hotfix.1_" + t.FileName()
		base := &manifest.Binary{Version: "v1.4.2", Digest: manifest.DigestOf([]byte("base " + on)), Size: 17031330}
		result := &manifest.Result{Version: "v1.4.2+hotfix.1", Digest: manifest.DigestOf([]byte("result " + on)), Size: 17035426, Mode: "0755"}
		delta := deltaOf(n)
		r.Packages = append(r.Packages,
			manifest.Entry{Name: name + ".tar.zst", Digest: manifest.DigestOf([]byte(name)), Size: 6789139, Target: t, Base: base, Result: result},
			manifest.Entry{Name: name + "_from-v1.4.2.tar.zst", Digest: manifest.DigestOf(delta), Size: int64(len(delta)), Target: t, Base: base, Result: result, Delta: true})
	}
	return r
}

func bundle(t testing.TB, r manifest.Release, signer *sign.Signer) []byte {
	t.Helper()
	data, err := signer.Sign(t.Context(), manifest.NewStatement(r))
	require.NoError(t, err)
	return data
}

func encode(t testing.TB, bundles [][]byte, packages ...[]byte) []byte {
	t.Helper()
	text, err := inline.Encode(bundles, packages)
	require.NoError(t, err)
	return text
}

func TestRoundTrip(t *testing.T) {
	first, second := newSigner(t), newSigner(t)
	bundles := [][]byte{bundle(t, release(), first), bundle(t, release(), second)}
	text := encode(t, bundles, deltaOf(2), deltaOf(0))
	slices.Reverse(bundles)
	assert.Equal(t, text, encode(t, bundles, deltaOf(0), deltaOf(2)), "the order does not matter")
	assert.True(t, inline.Found(text))
	for line := range strings.Lines(string(text)) {
		assert.LessOrEqual(t, len(line), 65)
	}
	got, err := inline.Verify(t.Context(), text, newVerifier(t, 2, first, second))
	require.NoError(t, err)
	assert.Equal(t, release(), got.Release)
	assert.Len(t, got.Signers, 2)
	require.Len(t, got.Packages, 2)
	for i, n := range []int{0, 2} {
		assert.Equal(t, deltaOf(n), got.Packages[i].Content)
		assert.Equal(t, release().Packages[2*n+1], got.Packages[i].Entry)
	}
	_, err = inline.Verify(t.Context(), text, newVerifier(t, 1, newSigner(t)))
	assert.ErrorIs(t, err, verify.ErrThreshold)
	_, err = inline.Verify(t.Context(), text, nil)
	assert.ErrorIs(t, err, verify.ErrNoKeys)
}

// A release for one target, with one signer and a delta package of 1,700 bytes,
// which holds a patch of a kilobyte.
func TestSize(t *testing.T) {
	delta := archive(9, 1700)
	r := release()
	r.Packages = r.Packages[:2]
	r.Packages[1].Digest, r.Packages[1].Size = manifest.DigestOf(delta), int64(len(delta))
	text := encode(t, [][]byte{bundle(t, r, newSigner(t))}, delta)
	t.Logf("%d bytes", len(text))
	assert.Less(t, len(text), 3200)
}

// What people and programs do to a text that they pass on.
func TestManglingDoesNoHarm(t *testing.T) {
	signer := newSigner(t)
	text := string(encode(t, [][]byte{bundle(t, release(), signer)}, deltaOf(0)))
	each := func(change func(string) string) string {
		var out strings.Builder
		for line := range strings.Lines(text) {
			out.WriteString(change(strings.TrimSuffix(line, "\n")) + "\n")
		}
		return out.String()
	}
	for name, mangled := range map[string]string{
		"nothing":                text,
		"quoted":                 each(func(s string) string { return "> " + s }),
		"quoted twice":           each(func(s string) string { return ">> " + s }),
		"quoted apart":           each(func(s string) string { return " > > " + s }),
		"indented":               each(func(s string) string { return "\t    " + s }),
		"spaces at the end":      each(func(s string) string { return s + "  " }),
		"carriage returns":       strings.ReplaceAll(text, "\n", "\r\n"),
		"old line ends":          strings.ReplaceAll(text, "\n", "\r"),
		"empty lines":            strings.ReplaceAll(text, "\n", "\n\n"),
		"no-break spaces":        each(func(s string) string { return "\u00a0" + s }),
		"one line":               strings.ReplaceAll(text, "\n", " "),
		"no line ends":           strings.ReplaceAll(text, "\n", ""),
		"wrapped again":          rewrapped(text),
		"a message around it":    "Please install this tonight -- it is urgent!\n```\n" + text + "```\n-- \nThe release team, 2 > 1\n",
		"the last line end gone": strings.TrimSuffix(text, "\n"),
		"byte order mark":        "\ufeff" + text,
	} {
		got, err := inline.Verify(t.Context(), []byte(mangled), newVerifier(t, 1, signer))
		if assert.NoError(t, err, name) {
			assert.Equal(t, deltaOf(0), got.Packages[0].Content, name)
		}
	}
}

// rewrapped has other lines between the first and the last one.
func rewrapped(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	inner := strings.Join(lines[1:len(lines)-1], "")
	out := lines[0] + "\n"
	for ; len(inner) > 41; inner = inner[41:] {
		out += "> " + inner[:41] + "\n"
	}
	return out + inner + "\n" + lines[len(lines)-1]
}

// Every character that is exchanged for another shows.
func TestEveryChangedCharacterIsRefused(t *testing.T) {
	signer := newSigner(t)
	r := release()
	delta := archive(3, 40)
	r.Packages = r.Packages[:2]
	r.Packages[1].Digest, r.Packages[1].Size = manifest.DigestOf(delta), int64(len(delta))
	text := encode(t, [][]byte{bundle(t, r, signer)}, delta)
	v := newVerifier(t, 1, signer)
	_, err := inline.Verify(t.Context(), text, v)
	require.NoError(t, err)
	refused := func(changed []byte, what string, at int) {
		got, err := inline.Verify(t.Context(), changed, v)
		require.Error(t, err, "%s at %d", what, at)
		require.Nil(t, got)
	}
	for i := range text {
		if text[i] == '\n' {
			continue
		}
		changed := bytes.Clone(text)
		if changed[i] = 'A'; text[i] == 'A' {
			changed[i] = '+'
		}
		refused(changed, "another character", i)
		if i%9 == 1 {
			refused(text[:i], "cut off", i)
			refused(slices.Delete(bytes.Clone(text), i, i+1), "a character less", i)
			refused(slices.Insert(bytes.Clone(text), i, 'A'), "a character more", i)
		}
	}
}

// body is what a block says, to be written otherwise.
type body struct {
	version   byte
	signed    [][2][]byte // key, signature
	statement []byte      // deflated
	packages  [][]byte
	more      []byte
}

func (b body) text() []byte {
	part := func(out, p []byte) []byte { return append(binary.AppendUvarint(out, uint64(len(p))), p...) }
	out := binary.AppendUvarint([]byte{b.version}, uint64(len(b.signed)))
	for _, s := range b.signed {
		out = part(append(out, s[0]...), s[1])
	}
	out = binary.AppendUvarint(part(out, b.statement), uint64(len(b.packages)))
	for _, p := range b.packages {
		out = part(out, p)
	}
	return armored(append(out, b.more...))
}

// armored is written by other software.
func armored(data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "HOTFIX RELEASE", Bytes: data})
}

func split(t *testing.T, text []byte) body {
	t.Helper()
	block, _ := pem.Decode(text)
	require.NotNil(t, block, "it is PEM")
	rest := block.Bytes[1:]
	number := func() int {
		n, size := binary.Uvarint(rest)
		rest = rest[size:]
		return int(n)
	}
	take := func(n int) []byte {
		p := rest[:n]
		rest = rest[n:]
		return p
	}
	b := body{version: block.Bytes[0]}
	for range number() {
		key := take(32)
		b.signed = append(b.signed, [2][]byte{key, take(number())})
	}
	b.statement = take(number())
	for range number() {
		b.packages = append(b.packages, take(number()))
	}
	require.Empty(t, rest)
	require.Equal(t, text, b.text())
	return b
}

// Blocks that Encode would not have written, though each of their parts is good.
func TestOtherSpellingsAreRefused(t *testing.T) {
	first, second := newSigner(t), newSigner(t)
	text := encode(t, [][]byte{bundle(t, release(), first), bundle(t, release(), second)}, deltaOf(0), deltaOf(1))
	foreign := newSigner(t).Key().ID()
	for name, c := range map[string]struct {
		change func(*body)
		says   string
	}{
		"another version":       {func(b *body) { b.version = 3 }, "format that this version does not know"},
		"signatures swapped":    {func(b *body) { slices.Reverse(b.signed) }, "out of order or twice"},
		"signature twice":       {func(b *body) { b.signed[1] = b.signed[0] }, "out of order or twice"},
		"no signature":          {func(b *body) { b.signed = nil }, "has 0 signatures"},
		"many signatures":       {func(b *body) { b.signed = make([][2][]byte, verify.MaxBundles+1) }, ""},
		"empty signature":       {func(b *body) { b.signed[0][1] = nil }, "signature of 0 bytes"},
		"signature of another":  {func(b *body) { b.signed[0][1] = b.signed[1][1] }, "signature does not match"},
		"no package":            {func(b *body) { b.packages = nil }, "has 0 packages"},
		"many packages":         {func(b *body) { b.packages = make([][]byte, inline.MaxPackages+1) }, "has 65 packages"},
		"packages swapped":      {func(b *body) { slices.Reverse(b.packages) }, "package 2 that is not part of the release"},
		"package twice":         {func(b *body) { b.packages[1] = b.packages[0] }, "package 2 that is not part of the release"},
		"package of nobody":     {func(b *body) { b.packages[0] = archive(99, 10) }, "package 1 that is not part of the release"},
		"empty package":         {func(b *body) { b.packages[0] = nil }, "package 1 that is not part of the release"},
		"more after it":         {func(b *body) { b.more = []byte{0} }, "written in another way"},
		"less compressed":       {func(b *body) { b.statement = deflatedAgain(t, b.statement, 1) }, "written in another way"},
		"more in the statement": {func(b *body) { b.statement = append(bytes.Clone(b.statement), 0) }, "written in another way"},
		"no statement":          {func(b *body) { b.statement = nil }, "cannot be inflated"},
		"bomb":                  {func(b *body) { b.statement = bomb(t) }, "statement of more than"},
		"a stranger alone":      {func(b *body) { b.signed = [][2][]byte{{foreign[:], b.signed[0][1]}} }, "not enough trusted signatures"},
	} {
		t.Run(name, func(t *testing.T) {
			b := split(t, text)
			c.change(&b)
			got, err := inline.Verify(t.Context(), b.text(), newVerifier(t, 1, first, second))
			require.ErrorContains(t, err, c.says)
			assert.Nil(t, got)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func deflatedAgain(t *testing.T, data []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	require.NoError(t, err)
	payload, err := manifest.NewStatement(release()).Encode()
	require.NoError(t, err)
	_, err = w.Write(payload)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NotEqual(t, data, out.Bytes())
	return out.Bytes()
}

// bomb is small, and inflates to more than a statement may have.
func bomb(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 9)
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 64<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestTextsThatAreRefused(t *testing.T) {
	signer := newSigner(t)
	text := string(encode(t, [][]byte{bundle(t, release(), signer)}, deltaOf(0)))
	begin, end := text[:strings.Index(text, "\n")], text[strings.LastIndex(text, "-----END"):]
	for name, c := range map[string]struct {
		text string
		says string
	}{
		"empty":            {"", "is missing"},
		"a letter":         {"Dear colleague,\nthe block follows.\n", "is missing"},
		"no end":           {strings.TrimSuffix(text, end), "has no last line"},
		"end before begin": {end + begin, "has no last line"},
		"two blocks":       {text + text, "not the only one"},
		"two beginnings":   {begin + "\n" + text, "not the only one"},
		"two ends":         {text + end, "not the only one"},
		"nothing within":   {begin + "\n" + end, "does not know"},
		"another alphabet": {strings.Replace(text, "\n", "\n_", 1), "not base64"},
		"a header":         {strings.Replace(text, "\n", "\nVersion: 1\n\n", 1), "not base64"},
		"not UTF-8":        {strings.Replace(text, "\n", "\n\xff", 1), "not base64"},
		"too long":         {text + strings.Repeat(" ", inline.MaxText), "at most"},
	} {
		_, err := inline.Verify(t.Context(), []byte(c.text), newVerifier(t, 1, signer))
		var refused *inline.Error
		require.ErrorAs(t, err, &refused, name)
		assert.ErrorContains(t, err, c.says, name)
	}
	_, err := inline.Verify(t.Context(), nil, newVerifier(t, 1, signer))
	assert.ErrorIs(t, err, inline.ErrNoBlock)
}

func TestEncodeRefuses(t *testing.T) {
	good := bundle(t, release(), newSigner(t))
	other := release()
	other.Sequence++
	for name, c := range map[string]struct {
		bundles, packages [][]byte
		says              string
	}{
		"nobody signed":       {nil, [][]byte{deltaOf(0)}, "sign the release first"},
		"no package":          {[][]byte{good}, nil, "name a package"},
		"no bundle":           {[][]byte{[]byte("{}")}, [][]byte{deltaOf(0)}, "verify: bundle"},
		"bundle twice":        {[][]byte{good, good}, [][]byte{deltaOf(0)}, "out of order or twice"},
		"another release":     {[][]byte{good, bundle(t, other, newSigner(t))}, [][]byte{deltaOf(0)}, "another statement"},
		"package of no entry": {[][]byte{good}, [][]byte{deltaOf(0), archive(99, 1)}, "lists no package of digest"},
		"package twice":       {[][]byte{good}, [][]byte{deltaOf(0), deltaOf(0)}, "lists no package"},
	} {
		_, err := inline.Encode(c.bundles, c.packages)
		if name == "package twice" {
			assert.NoError(t, err, "it is carried once")
			continue
		}
		assert.ErrorContains(t, err, c.says, name)
	}
	large := archive(7, inline.MaxText)
	r := release()
	r.Packages = r.Packages[:1]
	r.Packages[0].Digest, r.Packages[0].Size = manifest.DigestOf(large), int64(len(large))
	_, err := inline.Encode([][]byte{bundle(t, r, newSigner(t))}, [][]byte{large})
	assert.ErrorContains(t, err, "name fewer packages")
}

// The compressor's output is a part of the format: see the golden tests of
// package pack.
func TestGolden(t *testing.T) {
	payload, err := manifest.NewStatement(release()).Encode()
	require.NoError(t, err)
	b, err := verify.Bundle{Key: verify.KeyID(manifest.DigestOf(nil)), Payload: payload, Signature: []byte("signature")}.Encode()
	require.NoError(t, err)
	text := encode(t, [][]byte{b}, deltaOf(0), deltaOf(1), deltaOf(2))
	assert.Equal(t, "6161b51a72221dfa6e2f97e141d22cd0b6bb1abc6f0d7212448c9c0b33af2efb", manifest.DigestOf(text).Hex(), "%d bytes", len(text))
}

// FuzzVerify requires that nothing but the whole is ever accepted.
func FuzzVerify(f *testing.F) {
	signer := newSigner(f)
	text := encode(f, [][]byte{bundle(f, release(), signer)}, deltaOf(0))
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add(armored([]byte{1, 1}))
	f.Add(fmt.Appendf(nil, "-----BEGIN HOTFIX RELEASE-----%s-----END HOTFIX RELEASE-----", base64.StdEncoding.EncodeToString([]byte{1, 0, 0, 0})))
	v := newVerifier(f, 1, newSigner(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := inline.Verify(t.Context(), data, v)
		require.Error(t, err, "nobody but the fuzzer signed this")
	})
}
