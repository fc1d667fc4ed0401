package verify

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The test vector of DSSE's protocol document.
func TestPreAuthEncoding(t *testing.T) {
	got := preAuthEncoding("http://example.com/HelloWorld", []byte("hello world"))
	assert.Equal(t, "DSSEv1 29 http://example.com/HelloWorld 11 hello world", string(got))
}

func TestSignedBytesBindThePayloadType(t *testing.T) {
	assert.Equal(t, "DSSEv1 28 application/vnd.in-toto+json 2 {}", string(SignedBytes([]byte("{}"))))
}
