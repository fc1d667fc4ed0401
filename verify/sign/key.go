package sign

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/gohotfix/hotfix/verify"
)

// MaxKeyFile is the size in bytes over which no private key file is read.
const MaxKeyFile = 64 << 10

// Outcomes to compare with [errors.Is].
var (
	// ErrPassword is wrapped by the [*verify.KeyError] of [LoadKey] for an
	// encrypted key that the password does not open.
	ErrPassword = errors.New("password is wrong")
	// ErrNoPassword is wrapped by the error of [LoadKey] for an encrypted key
	// without a password, and returned by [GenerateKeyPair] for an empty one.
	ErrNoPassword = errors.New("password is missing")
)

// PEM types of private keys.
const (
	pemSigstore = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemCosign   = "ENCRYPTED COSIGN PRIVATE KEY"
	pemPKCS8    = "PRIVATE KEY"
	pemSEC1     = "EC PRIVATE KEY"
	pemPKCS1    = "RSA PRIVATE KEY"
)

// LoadKey reads a private key file: one PEM block and nothing else. It calls
// password only if the key is encrypted; nil stands for "there is none". A key
// that cannot be used is a [*verify.KeyError], which wraps [ErrPassword] or
// [ErrNoPassword] where the password is at fault. An error of password itself
// is returned wrapped.
func LoadKey(data []byte, password func() ([]byte, error), options ...Option) (*Signer, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	var private crypto.PrivateKey
	switch block.Type {
	case pemSigstore, pemCosign:
		private, err = decrypt(block, password)
	case pemPKCS8, pemSEC1, pemPKCS1:
		private, err = parsePlain(block)
	default:
		err = refuseType(block.Type)
	}
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, keyError(errors.ErrUnsupported, fmt.Sprintf("of type %T cannot sign", private), remedyKind)
	}
	return New(signer, options...)
}

const remedyKind = "use an ECDSA P-256 key, as GenerateKeyPair and cosign generate-key-pair make them"

// onlyBlock returns the one PEM block of a file.
func onlyBlock(data []byte) (*pem.Block, error) {
	if len(data) > MaxKeyFile {
		return nil, keyError(nil, fmt.Sprintf("file has %d bytes, at most %d are allowed", len(data), MaxKeyFile), "pass the file with the key alone")
	}
	begin := []byte("-----BEGIN ")
	block, rest := pem.Decode(data)
	if block == nil || !bytes.HasPrefix(bytes.TrimSpace(data), begin) {
		return nil, keyError(nil, "file does not begin with a PEM block", "pass a private key file such as cosign.key")
	}
	if len(bytes.TrimSpace(rest)) > 0 || bytes.Count(data, begin) != 1 {
		return nil, keyError(nil, "file holds more than one PEM block", "put the key into a file of its own")
	}
	if len(block.Headers) > 0 {
		return nil, keyError(errors.ErrUnsupported, "has PEM headers, as OpenSSL's old and weak encryption writes them", remedyImport)
	}
	return block, nil
}

const remedyImport = "convert it with cosign import-key-pair"

// refuseType explains the usual mistakes in the choice of a file.
func refuseType(kind string) error {
	switch kind {
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return keyError(nil, "file holds a public key, which cannot sign", "pass the private one, such as cosign.key")
	case "ENCRYPTED PRIVATE KEY":
		return keyError(errors.ErrUnsupported, "is encrypted in OpenSSL's form", remedyImport)
	case "OPENSSH PRIVATE KEY":
		return keyError(errors.ErrUnsupported, "is an OpenSSH key", remedyKind)
	}
	if len(kind) > 40 {
		kind = kind[:40] + "…"
	}
	return keyError(errors.ErrUnsupported, fmt.Sprintf("file holds a PEM block of type %q", kind), remedyKind)
}

func parsePlain(block *pem.Block) (crypto.PrivateKey, error) {
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(pem.EncodeToMemory(block), cryptoutils.SkipPassword)
	if err != nil {
		return nil, keyError(nil, "is damaged or of an unknown kind", "restore it from a copy, or make a new one")
	}
	return private, nil
}

// sealed is the part of an encrypted key that is checked before a password is
// asked for.
type sealed struct {
	KDF struct {
		Name string `json:"name"`
		Salt []byte `json:"salt"`
	} `json:"kdf"`
	Cipher struct {
		Name  string `json:"name"`
		Nonce []byte `json:"nonce"`
	} `json:"cipher"`
	Ciphertext []byte `json:"ciphertext"`
}

func (s sealed) complete() bool {
	const nonceSize, overhead = 24, 16
	return s.KDF.Name == "scrypt" && len(s.KDF.Salt) > 0 &&
		s.Cipher.Name == "nacl/secretbox" && len(s.Cipher.Nonce) == nonceSize && len(s.Ciphertext) > overhead
}

func decrypt(block *pem.Block, password func() ([]byte, error)) (crypto.PrivateKey, error) {
	var s sealed
	if err := json.Unmarshal(block.Bytes, &s); err != nil || !s.complete() {
		return nil, keyError(nil, "is encrypted, but the file is damaged", "restore it from a copy, or make a new one")
	}
	if password == nil {
		return nil, keyError(ErrNoPassword, "is encrypted and no password is given", "set COSIGN_PASSWORD or pass a password")
	}
	entered, err := password()
	if err != nil {
		return nil, fmt.Errorf("sign: reading the password of the private key: %w", err)
	}
	if entered == nil {
		entered = []byte{} // nil would mean "not encrypted" to the library
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(pem.EncodeToMemory(block), cryptoutils.StaticPasswordFunc(entered))
	if err != nil {
		return nil, keyError(ErrPassword, "does not open: the password is wrong, or the file is damaged", "check the password (COSIGN_PASSWORD) and that it belongs to this key")
	}
	return private, nil
}

func keyError(err error, reason, remedy string) error {
	return &verify.KeyError{Subject: "private key", Reason: reason, Remedy: remedy, Err: err}
}

// GenerateKeyPair makes an ECDSA P-256 key and returns two PEM files: the
// private key, encrypted with password in the form that cosign reads, and the
// public key. An empty password is [ErrNoPassword]: a key that lies in clear
// on a disk signs for whoever finds it.
func GenerateKeyPair(password []byte) (private, public []byte, err error) {
	if len(password) == 0 {
		return nil, nil, fmt.Errorf("sign: generating a key pair: %w; set COSIGN_PASSWORD or pass one", ErrNoPassword)
	}
	private, public, err = cryptoutils.GeneratePEMEncodedECDSAKeyPair(elliptic.P256(), cryptoutils.StaticPasswordFunc(password))
	if err != nil {
		return nil, nil, fmt.Errorf("sign: generating a key pair: %w", err)
	}
	return private, public, nil
}
