package timestamp

import (
	"bytes"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// reader takes DER apart. The first element that is not what it must be ends
// the whole: readers of parts share the failure, and what they return after it
// is empty.
type reader struct {
	rest    cryptobyte.String
	failure *error
}

func newReader(der []byte) *reader { return &reader{rest: der, failure: new(error)} }

func (r *reader) err() error { return *r.failure }

// fail keeps the first failure.
func (r *reader) fail(err error) {
	if *r.failure == nil {
		*r.failure = err
	}
	r.rest = nil
}

func (r *reader) malformed(what string) {
	r.fail(refuse(ErrFormat, "its %s is not as RFC 3161 and DER have it; fetch the timestamp again", what))
}

// next reports whether an element with the tag follows.
func (r *reader) next(tag asn1.Tag) bool { return r.rest.PeekASN1Tag(tag) }

func (r *reader) empty() bool { return r.rest.Empty() }

// end refuses what follows.
func (r *reader) end(what string) {
	if !r.empty() {
		r.malformed(what)
	}
}

// element takes a whole element, with tag and length.
func (r *reader) element(tag asn1.Tag, what string) []byte {
	var out cryptobyte.String
	if !r.rest.ReadASN1Element(&out, tag) {
		r.malformed(what)
		return nil
	}
	return out
}

// content takes an element and returns what is in it.
func (r *reader) content(tag asn1.Tag, what string) []byte {
	var out cryptobyte.String
	if !r.rest.ReadASN1(&out, tag) {
		r.malformed(what)
		return nil
	}
	return out
}

// within takes an element and returns a reader of what is in it.
func (r *reader) within(tag asn1.Tag, what string) *reader {
	return &reader{rest: r.content(tag, what), failure: r.failure}
}

// skip takes an optional element whatever is in it.
func (r *reader) skip(tag asn1.Tag, what string) {
	if r.next(tag) {
		r.element(tag, what)
	}
}

// exactly takes an element that has these bytes.
func (r *reader) exactly(want []byte, what string) {
	if !bytes.HasPrefix(r.rest, want) {
		r.malformed(what)
		return
	}
	r.rest.Skip(len(want))
}

// version takes a small INTEGER that has this value.
func (r *reader) version(n byte, what string) {
	r.exactly([]byte{byte(asn1.INTEGER), 1, n}, what)
}

func (r *reader) oid(what string) encoding.ObjectIdentifier {
	var out encoding.ObjectIdentifier
	if !r.rest.ReadASN1ObjectIdentifier(&out) {
		r.malformed(what)
		return nil
	}
	return out
}

// algorithm takes an AlgorithmIdentifier and returns what is written for its
// parameters.
func (r *reader) algorithm(what string) (id encoding.ObjectIdentifier, parameters []byte) {
	in := r.within(asn1.SEQUENCE, what)
	return in.oid(what), in.rest
}
