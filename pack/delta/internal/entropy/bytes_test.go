package entropy

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// byteModel is [Bytes] or [QuickBytes].
type byteModel interface {
	Code(c Coder, value byte) byte
}

func byteModels(size int) map[string]func() byteModel {
	return map[string]func() byteModel{
		"mixed": func() byteModel { return NewBytes(size, 64<<20) },
		"quick": func() byteModel { return NewQuickBytes() },
	}
}

func encode(m byteModel, data []byte) []byte {
	e := NewEncoder()
	for _, b := range data {
		m.Code(e, b)
	}
	return e.Finish()
}

// What was coded is decoded, and is smaller than it was.
func TestBytes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("bytes.go")
	require.NoError(t, err)
	for name, model := range byteModels(len(text)) {
		t.Run(name, func(t *testing.T) {
			packed := encode(model(), text)
			t.Logf("%d bytes for %d", len(packed), len(text))
			assert.Less(t, len(packed), len(text)/2)
			d, m := NewDecoder(packed), model()
			got := make([]byte, len(text))
			for i := range got {
				got[i] = m.Code(d, 0)
			}
			assert.True(t, bytes.Equal(text, got))
			assert.True(t, d.Done())
		})
	}
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

// What a patch between unlike programs costs: most of it is literal bytes.
func BenchmarkBytes(b *testing.B) {
	path, err := os.Executable()
	require.NoError(b, err)
	code, err := os.ReadFile(path)
	require.NoError(b, err)
	code = code[4096:][:512<<10]
	for name, model := range byteModels(len(code)) {
		b.Run(name, func(b *testing.B) {
			packed := encode(model(), code)
			b.SetBytes(int64(len(code)))
			for b.Loop() {
				d, m := NewDecoder(packed), model()
				for range code {
					m.Code(d, 0)
				}
			}
			b.ReportMetric(float64(len(packed)), "coded-bytes")
		})
	}
}
