package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// grpcClient makes unary calls. Retries by policy are off; those of the protocol, of calls
// that the server said it did not touch, are counted.
type grpcClient struct {
	conn *grpc.ClientConn
}

func dialGRPC(to target) (*grpcClient, error) {
	conn, err := grpc.NewClient("passthrough:///"+to.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), grpc.WithStatsHandler(attempts{}))
	if err != nil {
		return nil, err
	}
	return &grpcClient{conn}, nil
}

func openGRPC(to target) (client, error) {
	c, err := dialGRPC(to)
	return c, err
}

func (c *grpcClient) close() { _ = c.conn.Close() } // only fails if it was closed before

func (c *grpcClient) do(ctx context.Context, payload string) (outcome, error) {
	var again atomic.Int64
	var header metadata.MD
	out := new(wrapperspb.StringValue)
	ctx = context.WithValue(ctx, attempts{}, &again)
	if err := c.conn.Invoke(ctx, wire.SayMethod, wrapperspb.String(payload), out, grpc.Header(&header)); err != nil {
		return outcome{}, err
	}
	if out.GetValue() != payload {
		return outcome{}, wrongAnswer
	}
	return outcome{versionOf(header), int(again.Load())}, nil
}

func versionOf(header metadata.MD) string {
	return strings.Join(header.Get(wire.VersionHeader), " ")
}

// attempts counts the attempts of a call after the first in a counter that the call's
// context has under the key attempts{}.
type attempts struct{}

// HandleRPC counts.
func (attempts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	begin, ok := s.(*stats.Begin)
	if again, counted := ctx.Value(attempts{}).(*atomic.Int64); ok && counted && begin.IsTransparentRetryAttempt {
		again.Add(1)
	}
}

// TagRPC returns ctx.
func (attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// TagConn returns ctx.
func (attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (attempts) HandleConn(context.Context, stats.ConnStats) {}

// streamClient sends messages through one stream, and opens the next when it is told to.
// The service is asked for one message at a time.
type streamClient struct {
	*grpcClient
	stream  grpc.BidiStreamingClient[wrapperspb.StringValue, wrapperspb.StringValue]
	end     context.CancelFunc
	version string
}

func openGRPCStream(to target) (client, error) {
	c, err := dialGRPC(to)
	if err != nil {
		return nil, err
	}
	return &streamClient{grpcClient: c}, nil
}

func (c *streamClient) do(ctx context.Context, payload string) (o outcome, err error) {
	if c.stream == nil {
		if err := c.open(); err != nil {
			return o, err
		}
	}
	// The stream outlives this message, and so does its context: the message's own
	// deadline ends the stream, too.
	stop := context.AfterFunc(ctx, c.end)
	defer stop()
	told, err := c.exchange(payload)
	if err == nil && told {
		err = c.leave()
	}
	if err != nil || told {
		c.end()
		c.stream = nil
	}
	return outcome{version: c.version}, err
}

func (c *streamClient) open() error {
	ctx, end := context.WithCancel(context.Background())
	s, err := c.conn.NewStream(ctx, wire.TalkStream(), wire.TalkMethod)
	if err != nil {
		end()
		return err
	}
	stream := &grpc.GenericClientStream[wrapperspb.StringValue, wrapperspb.StringValue]{ClientStream: s}
	header, err := stream.Header()
	if err != nil {
		end()
		return err
	}
	c.stream, c.end, c.version = stream, end, versionOf(header)
	return nil
}

// exchange sends a message and waits for its echo. The result says if the service has
// asked to leave meanwhile.
func (c *streamClient) exchange(payload string) (told bool, err error) {
	if err := c.stream.Send(wrapperspb.String(payload)); err != nil {
		if errors.Is(err, io.EOF) {
			_, err = c.stream.Recv() // has the status
		}
		return false, err
	}
	for {
		answer, err := c.stream.Recv()
		switch {
		case err != nil:
			return false, err
		case answer.GetValue() == payload:
			return told, nil
		case answer.GetValue() != wire.Bye || told:
			return false, wrongAnswer
		}
		told = true
	}
}

// leave ends the stream; nothing is under way on it.
func (c *streamClient) leave() error {
	if err := c.stream.CloseSend(); err != nil {
		return err
	}
	for {
		answer, err := c.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case answer.GetValue() != wire.Bye:
			return wrongAnswer
		}
	}
}

func (c *streamClient) close() {
	if c.stream != nil {
		_ = c.leave() // all messages have been answered
		c.end()
	}
	c.grpcClient.close()
}
