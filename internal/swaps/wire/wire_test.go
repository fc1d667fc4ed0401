package wire_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

func TestEvents(t *testing.T) {
	var out bytes.Buffer
	want := wire.Event{PID: 7, Version: "v1", What: wire.Gone, At: time.Unix(1, 0).UTC(), Handled: 3, Error: "two\nlines"}
	require.NoError(t, wire.WriteEvent(&out, want))
	assert.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	got, err := wire.ParseEvent(out.Bytes())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Error(t, wire.WriteEvent(&out, wire.Event{Error: strings.Repeat("x", wire.MaxEvent)}))
	_, err = wire.ParseEvent([]byte(`{"pid":1,"other":2}`))
	assert.ErrorContains(t, err, "other")
}
