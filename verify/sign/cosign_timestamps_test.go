package sign_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// writeTrustedRoot writes the file in which cosign looks for authorities.
func writeTrustedRoot(t *testing.T, dir, name string, a *timestamptest.TSA) {
	t.Helper()
	var certificates []map[string][]byte
	for _, c := range a.Certificates() {
		certificates = append(certificates, map[string][]byte{"rawBytes": c.Raw})
	}
	data, err := json.Marshal(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"timestampAuthorities": []any{map[string]any{
			"subject":   map[string]string{"organization": "tests", "commonName": "test root"},
			"certChain": map[string]any{"certificates": certificates},
			"validFor":  map[string]string{"start": "2020-01-01T00:00:00Z"},
		}},
	})
	require.NoError(t, err)
	writeFile(t, dir, name, data)
}

// Auditors see with cosign alone when a package was signed.
func TestCosignVerifiesOurTimestamps(t *testing.T) {
	dir := t.TempDir()
	a := newTSA(t)
	signer, err := sign.LoadKey(keyPair()[0], password("secret"), sign.WithTimestamps(a))
	require.NoError(t, err)
	bundle, err := signer.Sign(t.Context(), manifest.NewStatement(release()))
	require.NoError(t, err)
	writeFile(t, dir, "bundle.json", bundle)
	writeFile(t, dir, "key.pub", keyPair()[1])
	writeFile(t, dir, "payments.tar.gz", []byte("the archive"))
	writeTrustedRoot(t, dir, "root.json", a)
	writeTrustedRoot(t, dir, "other.json", newTSA(t))
	check := func(root string) ([]byte, error) {
		return cosign(t, dir, "verify-blob-attestation", "--key", "key.pub", "--type", manifest.ReleasePredicate,
			"--bundle", "bundle.json", "--insecure-ignore-tlog", "--use-signed-timestamps", "--trusted-root", root, "payments.tar.gz")
	}
	out, err := check("root.json")
	assert.NoError(t, err, "%s", out)
	out, err = check("other.json")
	assert.Error(t, err, "%s", out)
}

// What cosign signs and has stamped, attestations and files, verifies here. It
// asks for timestamps without certificates, so the authority has to name its signer.
func TestTimestampsOfCosign(t *testing.T) {
	dir := t.TempDir()
	a, err := timestamptest.New()
	require.NoError(t, err)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	writeFile(t, dir, "key.pem", keyPair()[0])
	writeFile(t, dir, "file", []byte("the archive"))
	writeFile(t, dir, "predicate", []byte("{}"))
	key, err := verify.ParsePublicKey(keyPair()[1])
	require.NoError(t, err)

	for name, test := range map[string]struct {
		args   []string
		verify func(f verify.Foreign) error
	}{
		"attest-blob": {[]string{"--type", manifest.ReleasePredicate, "--predicate", "predicate"},
			func(f verify.Foreign) error { return f.Bundle.Verify(key) }},
		"sign-blob": {nil, func(f verify.Foreign) error { return f.VerifyFile(key, []byte("the archive")) }},
	} {
		for _, stamps := range []int{0, 1} {
			args := append([]string{name, "--key", "key.pem", "--tlog-upload=false", "--use-signing-config=false", "--bundle", "bundle.json", "--yes"}, test.args...)
			if stamps > 0 {
				args = append(args, "--timestamp-server-url", server.URL)
			}
			out, err := cosign(t, dir, append(args, "file")...)
			require.NoError(t, err, "%s", out)
			data, err := os.ReadFile(filepath.Join(dir, "bundle.json"))
			require.NoError(t, err)
			f, err := verify.ParseForeignBundle(data)
			require.NoError(t, err, "%s", data)
			require.NoError(t, test.verify(f))
			require.Len(t, f.Bundle.Timestamps, stamps, "%s", out)
			for _, response := range f.Bundle.Timestamps {
				got, err := timestamp.Verify(response, f.Bundle.Signature, []timestamp.Authority{authority(t, a)})
				require.NoError(t, err)
				assert.WithinRange(t, got.Time, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			}
		}
	}
}
