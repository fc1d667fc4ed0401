package keyless_test

import (
	"strings"
	"testing"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gohotfix/hotfix/verify/keyless"
)

func TestRootsThatAreRefused(t *testing.T) {
	s := newInstance()
	without := func(change func(m *prototrustroot.TrustedRoot)) []byte {
		m := s.rootMessage()
		change(m)
		return must(protojson.Marshal(m))
	}
	for name, test := range map[string]struct {
		root []byte
		opts []keyless.Option
		says string
	}{
		"nothing":      {nil, nil, "cannot be read; pass the content of a file trusted_root.json"},
		"no JSON":      {[]byte("{"), nil, "cannot be read"},
		"unknown name": {[]byte(`{"trust":"all"}`), nil, "cannot be read"},
		"other media type": {without(func(m *prototrustroot.TrustedRoot) {
			m.MediaType = "application/json"
		}), nil, "cannot be read"},
		"too large": {[]byte(strings.Repeat(" ", keyless.MaxTrustedRoot+1)), nil, "at most 1048576 are allowed"},
		"no certificate authority": {without(func(m *prototrustroot.TrustedRoot) {
			m.CertificateAuthorities = nil
		}), nil, "has 0 certificate authorities, at least 1 are needed"},
		"no log": {without(func(m *prototrustroot.TrustedRoot) {
			m.Tlogs = nil
		}), nil, "has 0 transparency logs, at least 1 are needed"},
		"a log too few": {s.trustedRoot(), []keyless.Option{keyless.WithTransparencyLog(3)}, "has 2 transparency logs, at least 3 are needed"},
		"one log twice": {without(func(m *prototrustroot.TrustedRoot) {
			m.Tlogs[1] = m.Tlogs[0]
		}), []keyless.Option{keyless.WithTransparencyLog(2)}, "has 1 transparency logs, at least 2 are needed"},
		"no certificate transparency": {without(func(m *prototrustroot.TrustedRoot) {
			m.Ctlogs = nil
		}), nil, "has 0 certificate transparency logs, at least 1 are needed"},
		"one timestamp authority twice": {without(func(m *prototrustroot.TrustedRoot) {
			m.TimestampAuthorities = append(m.TimestampAuthorities, m.TimestampAuthorities[0])
		}), []keyless.Option{keyless.WithTimestampAuthority(2)}, "has 1 timestamp authorities, at least 2 are needed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keyless.New(test.root, test.opts...)
			var refused *keyless.RootError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	root := newInstance().trustedRoot()
	for _, test := range []struct {
		opt  keyless.Option
		says string
	}{
		{keyless.WithTransparencyLog(0), "WithTransparencyLog(0)"},
		{keyless.WithTransparencyLog(-1), "WithTransparencyLog(-1)"},
		{keyless.WithTransparencyLog(keyless.MaxEntries + 1), "WithTransparencyLog(9)"},
		{keyless.WithTimestampAuthority(-1), "WithTimestampAuthority(-1)"},
		{keyless.WithTimestampAuthority(keyless.MaxTimestamps + 1), "WithTimestampAuthority(9)"},
	} {
		_, err := keyless.New(root, test.opt)
		assert.ErrorContains(t, err, test.says)
	}
}

// A verifier of a private instance needs no certificate transparency log.
func TestRootWithoutCertificateTransparency(t *testing.T) {
	m := newInstance().rootMessage()
	m.Ctlogs = nil
	_, err := keyless.New(must(protojson.Marshal(m)), keyless.WithoutCertificateTransparencyUnsafe())
	assert.NoError(t, err)
}
