package sign_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify/sign"
)

// cosign runs the real command in dir, without a network.
func cosign(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath("cosign")
	if err != nil {
		t.Skip("the cosign command is not installed: go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=secret", "HOME="+dir, "HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9")
	return cmd.CombinedOutput()
}

func writeFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

// Auditors verify each package with the cosign command alone. It does not take
// P-384 keys, not even for what it signed itself.
func TestCosignVerifiesOurBundles(t *testing.T) {
	generated := keyPair()[0]
	p256, err := sign.LoadKey(generated, password("secret"))
	require.NoError(t, err)
	private := map[string]func() (crypto.Signer, error){
		"RSA 2048": func() (crypto.Signer, error) { return rsa2048(), nil },
		"RSA 3072": func() (crypto.Signer, error) { return rsa3072(), nil },
		"Ed25519": func() (crypto.Signer, error) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			return key, err
		},
	}
	signers := map[string]*sign.Signer{"P-256": p256}
	publics := map[string]crypto.PublicKey{}
	for name, generate := range private {
		key, err := generate()
		require.NoError(t, err)
		signers[name], err = sign.New(key)
		require.NoError(t, err)
		publics[name] = key.Public()
	}
	for name, signer := range signers {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bundle, err := signer.Sign(t.Context(), manifest.NewStatement(release()))
			require.NoError(t, err)
			writeFile(t, dir, "bundle.json", bundle)
			writeFile(t, dir, "payments-1.4.3-linux-amd64.tar.gz", []byte("the archive"))
			writeFile(t, dir, "other.tar.gz", []byte("another archive"))
			if public, ok := publics[name]; ok {
				der, err := x509.MarshalPKIXPublicKey(public)
				writeFile(t, dir, "key.pub", plainPEM(t, "PUBLIC KEY", der, err))
			} else {
				writeFile(t, dir, "key.pem", generated)
				out, err := cosign(t, dir, "public-key", "--key", "key.pem", "--outfile", "key.pub")
				require.NoError(t, err, "%s", out)
			}
			check := func(file string) ([]byte, error) {
				return cosign(t, dir, "verify-blob-attestation", "--key", "key.pub", "--type", manifest.ReleasePredicate,
					"--bundle", "bundle.json", "--insecure-ignore-tlog", file)
			}
			out, err := check("payments-1.4.3-linux-amd64.tar.gz")
			t.Logf("cosign: %s", out)
			assert.NoError(t, err)
			_, err = check("other.tar.gz")
			assert.Error(t, err)
		})
	}
}

// Keys that the cosign command makes sign here.
func TestCosignKeys(t *testing.T) {
	dir := t.TempDir()
	out, err := cosign(t, dir, "generate-key-pair")
	require.NoError(t, err, "%s", out)
	private, err := os.ReadFile(filepath.Join(dir, "cosign.key"))
	require.NoError(t, err)
	signer, err := sign.LoadKey(private, password("secret"))
	require.NoError(t, err)
	signAndVerify(t, signer)
}
