package web

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzAnswer reads what a server might send. Whatever is taken for SERVING says so
// in its own bytes, and what is accepted is within the limits.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "\x00", "\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x02\x08\x01", "\x00\x00\x00\x00\x02\x08\x02", "\x01\x00\x00\x00\x02\x08\x01",
		"\x00\x00\x00\x00\x05\x12\x01x\x08\x01", "\x00\xff\xff\xff\xff\x08", "\x00\x00\x00\x00\x04\x08\x01\x08\x01",
		"\x00\x00\x00\x00\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x00\x00\x00\x00\x03\x08\x81\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := readMessage(bytes.NewReader(data))
		if err != nil {
			return
		}
		require.Equal(t, frameHeader+len(message), len(data))
		require.LessOrEqual(t, len(message), MaxMessage)
		status, err := parseResponse(message)
		if err == nil && status == serving {
			assert.True(t, bytes.Contains(message, []byte{0x08}) || bytes.Contains(message, []byte{0x88}), "%x", message)
			again, err := parseResponse(append(message, 0x10, 0)) // one more field that nobody knows
			assert.NoError(t, err)
			assert.Equal(t, serving, again)
			_, err = parseResponse(append(message, 0x08, 1))
			assert.Error(t, err, "two of them")
		}
	})
}

func TestMessages(t *testing.T) {
	for _, test := range []struct{ message, want string }{
		{"\x08", "breaks off"},
		{"\x08\x80", "breaks off"},
		{"\x08" + string(bytes.Repeat([]byte{0xff}, 10)), "too long"},
		{"\x08\x01\x08\x01", "not one number"},
		{"\x0a\x01x", "not one number"},
		{"\x00\x01", "field 0, which cannot be"},
		{string(binary.AppendUvarint(nil, 1<<32)) + "\x01", "field 536870912, which cannot be"},
		{"\x12\x05abc", "longer than the message"},
		{"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "longer than the message"},
		{"\x11\x01", "longer than the message"},
		{"\x15\x01", "longer than the message"},
		{"\x13\x14", "wire type 3"},
		{"\x17", "wire type 7"},
	} {
		_, err := parseResponse([]byte(test.message))
		assert.ErrorContains(t, err, test.want, "%x", test.message)
	}
	status, err := parseResponse([]byte("\x11abcdefgh\x15abcd\x18\xff\x01\x22\x02hi\x08\x01"))
	require.NoError(t, err)
	assert.Equal(t, serving, status)
}
