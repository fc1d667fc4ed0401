package verify

import (
	"encoding/pem"
	"fmt"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify/timestamp"
)

// checkTimestamps notes when a signature was made, if a timestamp proves it. All
// timestamps of a bundle must hold, by authorities that are trusted: one that was
// altered is not taken for one that is missing. Where no authority is trusted, none
// is looked at.
func (v *Verifier) checkTimestamps(b namedBundle, found *Signature) error {
	if v.trust == nil || len(v.trust.authorities) == 0 {
		return nil
	}
	for _, response := range b.Timestamps {
		stamp, err := timestamp.Verify(response, b.Signature, v.trust.authorities)
		if err != nil {
			return &RefusalError{
				Rule: RuleTimestamp, Err: err, Reason: fmt.Sprintf("bundle %s of signer %s: %v", quote(b.name), found, err),
				Remedy: "have the release signed and stamped again, by an authority of the trust file",
			}
		}
		if found.Time.IsZero() || stamp.Time.Before(found.Time) {
			found.Time, found.Authority = stamp.Time.UTC(), stamp.Authority
		}
	}
	return nil
}

// readAuthority reads the certificates of a time-stamping authority.
func readAuthority(a manifest.TrustAuthority) (timestamp.Authority, error) {
	var chain []byte
	for _, der := range a.Certificates {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return timestamp.NewAuthority(a.Name, chain, timestamp.WithValidity(a.NotBefore, a.NotAfter))
}
