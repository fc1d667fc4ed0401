package timestamp

import (
	"bytes"
	"crypto"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// info is the part of a TSTInfo that is used (RFC 3161, section 2.4.2).
type info struct {
	hash    crypto.Hash
	imprint []byte
	serial  *big.Int
	time    time.Time
	nonce   *big.Int // nil if there is none
}

func (r *reader) info() (i info) {
	in := r.within(asn1.SEQUENCE, "content")
	r.end("content")
	in.version(1, "version of the content")
	in.oid("policy")
	imprint := in.within(asn1.SEQUENCE, "message imprint")
	i.hash = imprint.hash("hash of the message")
	i.imprint = imprint.content(asn1.OCTET_STRING, "message imprint")
	imprint.end("message imprint")
	i.serial = in.integer("serial number")
	i.time = in.time()
	in.skip(asn1.SEQUENCE, "accuracy")
	in.skip(asn1.BOOLEAN, "ordering")
	if in.next(asn1.INTEGER) {
		i.nonce = in.integer("nonce")
	}
	in.skip(optional(0), "name of the authority")
	if in.next(optional(1)) {
		in.within(optional(1), "extensions").extensions()
	}
	in.end("content")
	return i
}

// time takes a GeneralizedTime in the form of RFC 3161: in UTC, with seconds,
// and with a fraction only if it is not zero.
func (r *reader) time() time.Time {
	const layout, what = "20060102150405.999999999Z07:00", "time"
	text := string(r.content(asn1.GeneralizedTime, what))
	t, err := time.Parse(layout, text)
	if err != nil || t.UTC().Format(layout) != text {
		r.malformed(what)
		return time.Time{}
	}
	return t.UTC()
}

// extensions refuses the critical ones: none is known here.
func (r *reader) extensions() {
	for !r.empty() {
		in := r.within(asn1.SEQUENCE, "extension")
		id := in.oid("extension")
		if in.next(asn1.BOOLEAN) && !bytes.Equal(in.content(asn1.BOOLEAN, "extension"), []byte{0}) {
			r.fail(unsupported("it has the critical extension %v, which is not known here; ask for a timestamp without it", id))
		}
		in.content(asn1.OCTET_STRING, "extension")
		in.end("extension")
	}
}

// covers checks that the timestamp is of the message.
func (i info) covers(message []byte) error {
	if !bytes.Equal(i.imprint, digest(i.hash, message)) {
		return refuse(ErrOtherMessage, "it is of another message; take the timestamp that was made for this signature")
	}
	return nil
}
