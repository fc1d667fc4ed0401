package entropy

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What was coded is decoded, and is smaller than it was.
func TestBytes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("bytes.go")
	require.NoError(t, err)
	e, m := NewEncoder(), NewBytes(len(text))
	for _, b := range text {
		m.Code(e, b)
	}
	packed := e.Finish()
	t.Logf("%d bytes for %d", len(packed), len(text))
	assert.Less(t, len(packed), len(text)/2)
	d, m := NewDecoder(packed), NewBytes(len(text))
	got := make([]byte, len(text))
	for i := range got {
		got[i] = m.Code(d, 0)
	}
	assert.True(t, bytes.Equal(text, got))
	assert.True(t, d.Done())
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	numbers := []int64{0, 1, -1, 5, 300, -70_000, 1 << 40, -1 << 60, 3, 3, 3}
	e, m := NewEncoder(), NewNumber()
	for _, n := range numbers {
		m.CodeSigned(e, n)
	}
	d, m := NewDecoder(e.Finish()), NewNumber()
	for _, n := range numbers {
		assert.Equal(t, n, m.CodeSigned(d, 0))
	}
}
