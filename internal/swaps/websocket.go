package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// socketClient sends messages through one WebSocket, one at a time, and opens the next
// when it is told to. It failed if the connection ends without a close frame, or with a
// message under way.
type socketClient struct {
	url       string
	transport *http.Transport
	conn      *websocket.Conn
	version   string
}

func openSocket(to target) (client, error) {
	return &socketClient{url: "ws://" + to.http + "/ws", transport: &http.Transport{DisableKeepAlives: true}}, nil
}

func (c *socketClient) do(ctx context.Context, payload string) (outcome, error) {
	if c.conn == nil {
		if err := c.open(ctx); err != nil {
			return outcome{}, err
		}
	}
	conn := c.conn
	told, err := c.exchange(ctx, payload)
	switch {
	case err != nil:
		_ = conn.CloseNow() // it is broken already, and counted as such
		c.conn = nil
	case told: // nothing is under way
		err = conn.Close(websocket.StatusNormalClosure, "")
		c.conn = nil
	}
	return outcome{version: c.version}, err
}

func (c *socketClient) open(ctx context.Context) error {
	conn, response, err := websocket.Dial(ctx, c.url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: c.transport}})
	if err != nil {
		return err
	}
	c.conn, c.version = conn, response.Header.Get(wire.VersionHeader)
	return nil
}

func (c *socketClient) exchange(ctx context.Context, payload string) (told bool, err error) {
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(payload)); err != nil {
		return false, cut(ctx, err)
	}
	for {
		_, answer, err := c.conn.Read(ctx)
		switch {
		case err != nil:
			return false, cut(ctx, err)
		case string(answer) == payload:
			return told, nil
		case string(answer) != wire.Bye || told:
			return false, wrongAnswer
		}
		told = true
	}
}

// cut says how a WebSocket ended under a message.
func cut(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case websocket.CloseStatus(err) != -1:
		return lostMessage
	}
	return errors.Join(cutSocket, err)
}

func (c *socketClient) close() {
	if c.conn != nil {
		_ = c.conn.Close(websocket.StatusNormalClosure, "") // all messages have been answered
	}
	c.transport.CloseIdleConnections()
}
