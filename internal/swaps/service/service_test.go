package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFaults(t *testing.T) {
	for _, spec := range []string{"", crashes, neverReady, wrongPort, unhealthy, leaks, failsLater + ":1s", diesLater + ":1m"} {
		_, err := parseFault(spec)
		assert.NoError(t, err, spec)
	}
	for _, spec := range []string{"other", crashes + ":1s", failsLater, failsLater + ":soon", ":1s"} {
		_, err := parseFault(spec)
		assert.Error(t, err, spec)
	}
	f, err := parseFault(failsLater + ":1h")
	require.NoError(t, err)
	assert.True(t, f.healthy())
	f.start = f.start.Add(-2 * time.Hour)
	assert.False(t, f.healthy())
	assert.False(t, badness{name: unhealthy}.healthy())
	assert.Error(t, badness{name: crashes}.beforeListening())
	assert.Equal(t, "a:1", badness{}.address("a:1"))
	assert.NotEqual(t, "a:1", badness{name: wrongPort}.address("a:1"))
}

func TestRefusals(t *testing.T) {
	for _, args := range [][]string{{}, {"-cert", "c", "-key", "k", "argument"}, {"-other"}} {
		_, err := parse(args)
		assert.Error(t, err, "%v", args)
	}
	s, err := parse([]string{"-cert", "c", "-key", "k", "-life", "none"})
	require.NoError(t, err)
	_, err = openLife(s)
	assert.ErrorContains(t, err, "none")
}
