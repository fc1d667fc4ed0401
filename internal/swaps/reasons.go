package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/coder/websocket"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failure is a request that failed for a reason that only the client knows.
type failure string

func (f failure) Error() string { return string(f) }

const (
	wrongAnswer   failure = "answered with something else"
	wrongProtocol failure = "answered in another protocol"
	retried       failure = "sent twice, as the connection ended under it"
	cutSocket     failure = "WebSocket cut without a close frame"
	lostMessage   failure = "message lost: close frame instead of the answer"
)

func statusFailure(code int) failure { return failure(fmt.Sprintf("status %d", code)) }

// errUnsent is wrapped by the error of a request of which nothing left the client.
var errUnsent = errors.New("the client gave up before it sent anything")

// reason sorts errors into a few groups. What a request was sent with (addresses,
// numbers of streams) is left out, so that equal causes count together.
func reason(err error) string {
	if own := failure(""); errors.As(err, &own) {
		return string(own)
	}
	if text := reasonOfSystem(err); text != "" {
		return text
	}
	if s, ok := status.FromError(err); ok && s.Code() != codes.OK {
		return "gRPC " + s.Code().String() + ": " + withoutNumbers(s.Message())
	}
	if websocket.CloseStatus(err) != -1 {
		return string(lostMessage)
	}
	return withoutNumbers(err.Error())
}

func reasonOfSystem(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), containsAny(err.Error(), closedWords):
		return "connection closed before the answer"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case strings.Contains(err.Error(), "define Request.GetBody"):
		return "connection went away (GOAWAY) during the body, and the client cannot send it again"
	}
	return ""
}

// closedWords are how net/http says it where its errors have no names.
var closedWords = []string{"server closed idle connection", "client connection force closed", "client connection lost"}

func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// numbers are what differs between equal errors: addresses, ports, streams.
var numbers = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)*(:[0-9]+)?`)

// maxReason is how much of an unknown error a table shows.
const maxReason = 160

func withoutNumbers(text string) string {
	text = numbers.ReplaceAllString(text, "N")
	if i := strings.LastIndex(text, `": `); i >= 0 { // of a url.Error: method and address
		text = text[i+3:]
	}
	return text[:min(len(text), maxReason)]
}
