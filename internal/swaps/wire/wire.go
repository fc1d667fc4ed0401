// Package wire is what the test service and the load generator agree on: names, the gRPC
// service, and the lines by which a process tells what becomes of it.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Ready and Gone are what a process tells of itself: it could serve, and it has drained and
// is about to exit.
const (
	Ready = "ready"
	Gone  = "gone"
)

// VersionHeader is the response header with the version that answered.
const VersionHeader = "X-Version"

// Bye is what a service that drains says on a long-lived connection, unasked: finish what
// you have under way here and come back on a new connection. Until then it goes on
// answering.
const Bye = "bye"

// MaxBody is the longest request body that the service echoes.
const MaxBody = 1 << 20

// MaxEvent is the longest line of an [Event]: what a pipe takes in one piece from several writers.
const MaxEvent = 4096

// Event is one line of a service's standard output, in JSON. All processes of a service,
// one after the other, write to the same pipe.
type Event struct {
	PID     int       `json:"pid"`               // of the process that tells
	Version string    `json:"version"`           // that it runs
	What    string    `json:"what"`              // Ready or Gone
	At      time.Time `json:"at"`                // by the clock of the host
	Handled int64     `json:"handled,omitempty"` // requests and messages answered, told with Gone
	Error   string    `json:"error,omitempty"`   // why the drain ended early
}

// WriteEvent writes one line in one piece.
func WriteEvent(w io.Writer, e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if len(line) >= MaxEvent {
		return fmt.Errorf("an event of %d bytes would not be written in one piece", len(line))
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// ParseEvent reads one line.
func ParseEvent(line []byte) (Event, error) {
	var e Event
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&e)
	return e, err
}

// Health is what /healthz answers.
type Health struct {
	PID     int    `json:"pid"`     // of the process that answers
	Version string `json:"version"` // that it runs
	Memory  uint64 `json:"memory"`  // bytes that the process has from the system
}

// Echo is the gRPC service.
type Echo interface {
	// Say answers with what it was sent.
	Say(ctx context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error)
	// Talk does so with every message of a stream, and says Bye when it drains.
	Talk(stream Talk) error
}

// Talk is a stream of the service.
type Talk = grpc.BidiStreamingServer[wrapperspb.StringValue, wrapperspb.StringValue]

// SayMethod and TalkMethod are the full names of the methods.
const (
	SayMethod  = "/swaps.Echo/Say"
	TalkMethod = "/swaps.Echo/Talk"
)

// TalkStream describes the stream to a client.
func TalkStream() *grpc.StreamDesc {
	return &grpc.StreamDesc{StreamName: "Talk", ServerStreams: true, ClientStreams: true}
}

// Register adds the service to a server.
func Register(server *grpc.Server, echo Echo) {
	stream := TalkStream()
	stream.Handler = func(_ any, s grpc.ServerStream) error {
		return echo.Talk(&grpc.GenericServerStream[wrapperspb.StringValue, wrapperspb.StringValue]{ServerStream: s})
	}
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "swaps.Echo",
		HandlerType: (*Echo)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Say",
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				in := new(wrapperspb.StringValue)
				if err := decode(in); err != nil {
					return nil, err
				}
				return echo.Say(ctx, in)
			},
		}},
		Streams: []grpc.StreamDesc{*stream},
	}, echo)
}
