package audit

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/hostilejson"
)

// A line has one spelling. The last one of a log shows that best: no later
// digest covers it.
func TestSpellingsAreRefused(t *testing.T) {
	path, _ := written(t)
	data := content(t, path)
	for _, line := range linesOf(data) {
		all, err := hostilejson.Spellings(bytes.TrimSuffix(line, []byte("\n")))
		require.NoError(t, err)
		tried := 0
		for name, other := range all {
			tried++
			_, err := decodeLine(append(other, '\n'))
			require.Error(t, err, name)
		}
		assert.Greater(t, tried, 500)
	}
}
