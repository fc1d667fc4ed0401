package keyless_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

var update = flag.Bool("update", false, "make new files in testdata, with new keys")

// goldens are bundles of one instance, whose keys are gone.
var goldens = []string{"v1.sigstore.json", "v1-timestamp.sigstore.json", "v2.sigstore.json"}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// What was accepted once is accepted forever: no clock plays a part.
func TestGoldens(t *testing.T) {
	if *update {
		writeGoldens(t)
	}
	v, err := keyless.New(golden(t, "trusted_root.json"))
	require.NoError(t, err)
	for _, name := range goldens {
		got, err := v.VerifyBundle(t.Context(), golden(t, name))
		require.NoError(t, err, name)
		assert.Equal(t, verify.IdentityID(testIssuer, testSubject), got.Signer)
		assert.Equal(t, payload(), got.Payload)
	}
}

func writeGoldens(t *testing.T) {
	s := newInstance()
	d := s.sign(signing{})
	var root bytes.Buffer
	require.NoError(t, json.Indent(&root, s.trustedRoot(), "", "  "))
	root.WriteByte('\n')
	for name, data := range map[string][]byte{
		"trusted_root.json": root.Bytes(),
		goldens[0]:          encode(d.v1()), goldens[1]: encode(d.v1Stamped()), goldens[2]: encode(d.v2()),
	} {
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name), data, 0o644))
	}
}

// Nobody but us signed these: whatever else the fuzzer finds must be refused.
func FuzzVerifyBundle(f *testing.F) {
	v, err := keyless.New(golden(f, "trusted_root.json"))
	require.NoError(f, err)
	known := map[string]bool{}
	for _, name := range goldens {
		data := golden(f, name)
		known[string(data)] = true
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := v.VerifyBundle(t.Context(), data)
		if err != nil {
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			return
		}
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, data))
		assert.True(t, known[compact.String()])
		assert.Equal(t, payload(), got.Payload)
	})
}
