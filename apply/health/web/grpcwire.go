package web

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// frameHeader is before each message: a byte that is 1 if it is compressed, and
// the length, big-endian.
const frameHeader = 5

// encodeRequest is a framed HealthCheckRequest: string service = 1. The default, the
// empty name, is left out.
func encodeRequest(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|wireBytes)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(frame, message...)
}

// readMessage reads exactly one frame and the end of the stream. If there is
// nothing at all, the error is io.EOF, wrapped.
func readMessage(r io.Reader) ([]byte, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, fmt.Errorf("no message: %w", err)
	}
	length := binary.BigEndian.Uint32(header[1:])
	switch {
	case header[0] != 0:
		return nil, errors.New("a compressed message, which was not asked for")
	case length > MaxMessage:
		return nil, fmt.Errorf("a message of %d bytes, more than %d", length, MaxMessage)
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("a message that breaks off: %w", noEOF(err))
	}
	switch n, err := io.ReadFull(r, header[:1]); {
	case n > 0:
		return nil, errors.New("more than one message")
	case err != io.EOF:
		return nil, err
	}
	return message, nil
}

// noEOF tells an end in the middle from an end before anything came.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// servingStatus is HealthCheckResponse.ServingStatus.
type servingStatus uint64

const (
	unknown        servingStatus = 0
	serving        servingStatus = 1
	notServing     servingStatus = 2
	serviceUnknown servingStatus = 3
)

func (s servingStatus) String() string {
	switch s {
	case unknown:
		return "UNKNOWN"
	case serving:
		return "SERVING"
	case notServing:
		return "NOT_SERVING"
	case serviceUnknown:
		return "SERVICE_UNKNOWN"
	default:
		return fmt.Sprintf("in the unknown state %d", uint64(s))
	}
}

// Wire types of protobuf (https://protobuf.dev/programming-guides/encoding/).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// parseResponse reads a HealthCheckResponse: ServingStatus status = 1. Fields that
// it does not know are skipped, as protobuf demands, but must be whole; groups, which
// are no more, are refused. A status that stands twice is refused, though protobuf
// would take the last: nobody writes that.
func parseResponse(message []byte) (servingStatus, error) {
	status, seen := unknown, false
	for len(message) > 0 {
		key, rest, err := varint(message)
		if err != nil {
			return unknown, err
		}
		field, kind := key>>3, key&7
		if field == 0 || field >= 1<<29 {
			return unknown, fmt.Errorf("protobuf field %d, which cannot be", field)
		}
		if field != 1 {
			if message, err = skip(rest, kind); err != nil {
				return unknown, err
			}
			continue
		}
		if kind != wireVarint || seen {
			return unknown, errors.New("a status that is not one number")
		}
		value, rest, err := varint(rest)
		if err != nil {
			return unknown, err
		}
		status, seen, message = servingStatus(value), true, rest
	}
	return status, nil
}

// skip returns what follows the value of a field.
func skip(b []byte, kind uint64) ([]byte, error) {
	var length uint64
	var err error
	switch kind {
	case wireVarint:
		_, b, err = varint(b)
	case wireFixed64:
		length = 8
	case wireBytes:
		length, b, err = varint(b)
	case wireFixed32:
		length = 4
	default:
		err = fmt.Errorf("a protobuf field of wire type %d", kind)
	}
	if err == nil && length > uint64(len(b)) {
		err = errors.New("a protobuf field that is longer than the message")
	}
	if err != nil {
		return nil, err
	}
	return b[length:], nil
}

func varint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errors.New("a protobuf number that breaks off or is too long")
	}
	return v, b[n:], nil
}
