//go:build unix

package hotswap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpgrade(t *testing.T) {
	s := run(t)
	assert.Equal(t, "1", s.version())
	assert.Equal(t, s.first.Process.Pid, s.pidFile())
	_, err := s.client.Upgrade(t.Context(), s.to(2))
	require.NoError(t, err)
	assert.Equal(t, "2", s.version())
	s.exitsWith(0)
	assert.Equal(t, "2", s.version())
	status, err := s.client.Status(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, s.first.Process.Pid, status.PID)
	assert.Equal(t, status.PID, s.pidFile())
}
