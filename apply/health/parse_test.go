package health_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/health"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:80/healthz":                       "http http://127.0.0.1:80/healthz",
		"tcp:127.0.0.1:80":                                  "tcp 127.0.0.1:80",
		"command:" + filepath.Join(t.TempDir(), "x") + " a": "command",
	} {
		c, err := health.Parse(text)
		require.NoError(t, err, text)
		assert.Contains(t, c.String(), want)
	}
	for _, text := range []string{"", "ping", "http://", "tcp:", "tcp:host", "grpc:x", "command:", "command:relative"} {
		_, err := health.Parse(text)
		assert.Error(t, err, text)
	}
	for _, text := range []string{"https://127.0.0.1/", "grpc:127.0.0.1:80"} {
		_, err := health.Parse(text)
		assert.ErrorIs(t, err, errors.ErrUnsupported)
		assert.ErrorContains(t, err, "command:/")
	}
	_, err := health.Parse("ping")
	assert.ErrorIs(t, err, health.ErrSyntax)
}
