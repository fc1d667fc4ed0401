package tsa

import (
	"crypto/sha256"
	encoding "encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// encodeQuery writes a TimeStampReq (RFC 3161, section 2.4.1).
func encodeQuery(digest [sha256.Size]byte, nonce *big.Int, certificates bool) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1})
			})
			b.AddASN1OctetString(digest[:])
		})
		b.AddASN1BigInt(nonce)
		if certificates {
			b.AddASN1Boolean(true)
		}
	})
	return b.Bytes()
}
