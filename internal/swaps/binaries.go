package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const servicePackage = "github.com/gohotfix/hotfix/internal/swaps/service"

// binary is a version of the service.
type binary struct {
	version string
	path    string
	digest  string // hex SHA-256
}

// builder makes versions of the service.
type builder struct {
	dir string
}

// build makes a version, with a fault if there is one. Versions differ in nothing but
// what the linker sets.
func (b builder) build(ctx context.Context, version, fault string) (binary, error) {
	path := filepath.Join(b.dir, version)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version+" -X main.fault="+fault, "-o", path, servicePackage)
	if out, err := cmd.CombinedOutput(); err != nil {
		return binary{}, fmt.Errorf("building version %s: %w: %s", version, err, out)
	}
	digest, err := digestOf(path)
	return binary{version, path, digest}, err
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// roots are a certificate for 127.0.0.1 and who trusts it.
type roots struct {
	cert, key string // files
	pool      *x509.CertPool
}

// newRoots makes a key and a certificate that signs itself, for a day.
func newRoots(dir string) (*roots, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	r := &roots{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	r.pool.AppendCertsFromPEM(cert)
	return r, errors.Join(
		os.WriteFile(r.cert, cert, 0o644),
		os.WriteFile(r.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
}
