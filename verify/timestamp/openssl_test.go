package timestamp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// openssl runs the real command in a folder.
func openssl(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("the openssl command is not installed")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+filepath.Join(dir, "openssl.cnf"))
	return cmd.CombinedOutput()
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

// What the test authority signs is what OpenSSL takes for a timestamp. It reads
// PKCS #7, which knows no signers by key identifier.
func TestOpenSSLVerifiesOurTimestamps(t *testing.T) {
	for name, options := range map[string][]timestamptest.Option{
		"P-256":     nil,
		"RSA":       {timestamptest.WithRSA(2048)},
		"ESSCertID": {change(func(a *answer) { a.CertificateIDs = []int{1} })},
	} {
		t.Run(name, func(t *testing.T) {
			// OpenSSL asks for the validity of the certificates today.
			a := newTSA(t, options...)
			dir := t.TempDir()
			write(t, dir, "openssl.cnf", nil)
			write(t, dir, "response", stamp(t, a))
			write(t, dir, "chain.pem", a.Issuers())
			write(t, dir, "message", message())
			write(t, dir, "other", []byte("another signature"))
			out, err := openssl(t, dir, "ts", "-verify", "-in", "response", "-data", "message", "-CAfile", "chain.pem")
			require.NoError(t, err, "%s", out)
			assert.Contains(t, string(out), "Verification: OK")
			_, err = openssl(t, dir, "ts", "-verify", "-in", "response", "-data", "other", "-CAfile", "chain.pem")
			assert.Error(t, err)
		})
	}
}

// The configuration of OpenSSL's own authority.
const opensslConfiguration = `[tsa]
default_tsa = tsa_config
[tsa_config]
serial = serial
crypto_device = builtin
signer_cert = signer.pem
certs = chain.pem
signer_key = signer.key
signer_digest = %s
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 6
ordering = yes
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = %s
`

// Timestamps of other software, in all its variants.
func TestOurVerifierTakesOpenSSLsTimestamps(t *testing.T) {
	dir := t.TempDir()
	chain := writeAuthority(t, dir)
	pinned := authority(t, append(read(t, dir, "signer.pem"), chain...))
	anyBelow := authority(t, chain)
	digests := []string{"sha256", "sha384", "sha512"}
	if testing.Short() {
		digests = digests[:1]
	}
	for _, digest := range digests {
		for _, ess := range []string{"sha1", "sha256", "sha512"} {
			for _, query := range [][]string{{"-cert"}, {"-cert", "-no_nonce"}, {}} {
				write(t, dir, "openssl.cnf", fmt.Appendf(nil, opensslConfiguration, digest, ess))
				out, err := openssl(t, dir, append([]string{"ts", "-query", "-data", "message", "-" + digest, "-out", "query"}, query...)...)
				require.NoError(t, err, "%s", out)
				out, err = openssl(t, dir, "ts", "-reply", "-queryfile", "query", "-out", "response")
				require.NoError(t, err, "%s", out)
				response := read(t, dir, "response")

				got, err := timestamp.Verify(response, message(), []timestamp.Authority{pinned})
				require.NoError(t, err, "%s, %s, %v", digest, ess, query)
				assert.WithinRange(t, got.Time, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
				_, err = timestamp.Verify(response, message(), []timestamp.Authority{anyBelow})
				if len(query) == 0 {
					assert.ErrorIs(t, err, timestamp.ErrUntrusted, "it holds no certificate")
				} else {
					assert.NoError(t, err)
				}
				_, err = timestamp.Verify(response, []byte("another signature"), []timestamp.Authority{pinned})
				assert.ErrorIs(t, err, timestamp.ErrOtherMessage)
			}
		}
	}
	out, err := openssl(t, dir, "ts", "-query", "-data", "message", "-sha1", "-out", "query")
	require.NoError(t, err, "%s", out)
	out, err = openssl(t, dir, "ts", "-reply", "-queryfile", "query", "-out", "response")
	require.NoError(t, err, "%s", out)
	_, err = timestamp.Inspect(read(t, dir, "response"), message())
	var refused *timestamp.StatusError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, []string{"badAlg"}, refused.Failures)
	assert.Contains(t, refused.Text, "not supported")
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return data
}

// writeAuthority writes what OpenSSL needs to sign, and returns the chain above
// the signer.
func writeAuthority(t *testing.T, dir string) (chain []byte) {
	t.Helper()
	issue := func(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
		require.NoError(t, err)
		c, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return c
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root for OpenSSL"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1},
	}
	root := issue(template, template, rootKey, rootKey)
	leaf := issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "OpenSSL"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{timestamptest.Usage(true, x509.ExtKeyUsageTimeStamping)},
	}, root, key, rootKey)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})
	write(t, dir, "chain.pem", chain)
	write(t, dir, "signer.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}))
	write(t, dir, "signer.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	write(t, dir, "serial", []byte("01"))
	write(t, dir, "message", message())
	return chain
}
