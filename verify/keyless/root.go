package keyless

import (
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// MaxTrustedRoot is how many bytes a trusted root may have.
const MaxTrustedRoot = 1 << 20

// parseRoot reads a trusted root and requires that what c asks for can be met.
func parseRoot(data []byte, c config) (*root.TrustedRoot, error) {
	if len(data) > MaxTrustedRoot {
		return nil, &RootError{Reason: fmt.Sprintf("has %d bytes, at most %d are allowed", len(data), MaxTrustedRoot)}
	}
	trusted, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, &RootError{Reason: "cannot be read; pass the content of a file trusted_root.json", Err: err}
	}
	for _, need := range []struct {
		what         string
		have, wanted int
	}{
		{"certificate authorities", len(trusted.FulcioCertificateAuthorities()), 1},
		{"transparency logs", len(trusted.RekorLogs()), c.logs},
		{"timestamp authorities", countAuthorities(trusted), c.timestamps},
		{"certificate transparency logs", len(trusted.CTLogs()), c.certificateLogs},
	} {
		if need.have < need.wanted {
			return nil, &RootError{Reason: fmt.Sprintf("has %d %s, at least %d are needed; pass the root of the Sigstore instance that is used", need.have, need.what, need.wanted)}
		}
	}
	return trusted, nil
}

// countAuthorities counts those whose timestamps add up: several entries with one
// address are generations of one authority.
func countAuthorities(trusted *root.TrustedRoot) int {
	addresses := map[string]bool{}
	for _, tsa := range trusted.TimestampingAuthorities() {
		if tsa, ok := tsa.(*root.SigstoreTimestampingAuthority); ok {
			addresses[tsa.URI] = true
		}
	}
	return len(addresses)
}
