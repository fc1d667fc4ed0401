package timestamp_test

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// node is an element of DER with those in it.
type node struct {
	asn1.RawValue
	children []*node
}

func parseTree(t *testing.T, der []byte) (nodes []*node) {
	t.Helper()
	for len(der) > 0 {
		n := new(node)
		rest, err := asn1.Unmarshal(der, &n.RawValue)
		require.NoError(t, err)
		if n.IsCompound {
			n.children = parseTree(t, n.Bytes)
		}
		nodes, der = append(nodes, n), rest
	}
	return nodes
}

func encodeTree(t *testing.T, nodes []*node) (der []byte) {
	t.Helper()
	for _, n := range nodes {
		v := asn1.RawValue{Class: n.Class, Tag: n.Tag, IsCompound: n.IsCompound, Bytes: n.Bytes}
		if n.IsCompound {
			v.Bytes = encodeTree(t, n.children)
		}
		one, err := asn1.Marshal(v)
		require.NoError(t, err)
		der = append(der, one...)
	}
	return der
}

// constructed returns all elements that hold others.
func constructed(nodes []*node) (all []*node) {
	for _, n := range nodes {
		if n.IsCompound {
			all = append(append(all, n), constructed(n.children)...)
		}
	}
	return all
}

// Whatever is added to, taken from or repeated within any element is refused. The
// two digest algorithms alone, which no signature covers, may have NULL as their
// parameters or none: both are in use.
func TestOtherStructure(t *testing.T) {
	a := sibling(t)
	response, trust := stamp(t, a), authority(t, a.Issuers())
	tree := parseTree(t, response)
	require.Equal(t, response, encodeTree(t, tree))
	null := &node{RawValue: asn1.RawValue{Tag: asn1.TagNull}}
	accepted := func(n *node, children ...*node) bool {
		before := n.children
		n.children = children
		_, err := verify(encodeTree(t, tree), trust)
		n.children = before
		return err == nil
	}
	all := constructed(tree)
	require.Greater(t, len(all), 40)
	withNull := 0
	for _, n := range all {
		parts := n.children
		if accepted(n, slices.Concat(parts, []*node{null})...) {
			withNull++
			assert.Len(t, parts, 1)
			assert.Equal(t, asn1.TagOID, parts[0].Tag)
		}
		assert.False(t, accepted(n, slices.Concat([]*node{null}, parts)...), "more at the beginning of %d parts", len(parts))
		for i := range parts {
			assert.False(t, accepted(n, slices.Concat(parts[:i], parts[i+1:])...), "without %d of %d parts", i, len(parts))
			assert.False(t, accepted(n, slices.Concat(parts[:i+1], parts[i:])...), "%d of %d parts twice", i, len(parts))
		}
	}
	assert.Equal(t, 2, withNull)
}

// content is a TSTInfo that can be written wrongly, and is signed as it is.
type content struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Hash   pkix.AlgorithmIdentifier
		Digest []byte
		More   asn1.RawValue `asn1:"optional"`
	}
	Serial int
	Time   asn1.RawValue
	More   asn1.RawValue `asn1:"optional"`
}

func goodContent() (c content) {
	sum := sha256.Sum256(message())
	c.Version, c.Policy, c.Serial = 1, asn1.ObjectIdentifier{1, 2, 3}, 7
	c.Imprint.Hash.Algorithm = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	c.Imprint.Digest = sum[:]
	c.Time = at("20260921141320Z")
	return c
}

func at(text string) asn1.RawValue {
	return asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(text)}
}

// An authority that signs what is no proper TSTInfo is not believed either.
func TestSignedContents(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*content)
		want   error
	}{
		"good":                {func(*content) {}, nil},
		"null as parameters":  {func(c *content) { c.Imprint.Hash.Parameters = asn1.NullRawValue }, nil},
		"other parameters":    {func(c *content) { c.Imprint.Hash.Parameters = asn1.RawValue{Tag: 4, Bytes: []byte{1}} }, timestamp.ErrFormat},
		"another version":     {func(c *content) { c.Version = 2 }, timestamp.ErrFormat},
		"more in the imprint": {func(c *content) { c.Imprint.More = asn1.NullRawValue }, timestamp.ErrFormat},
		"more at the end":     {func(c *content) { c.More = asn1.NullRawValue }, timestamp.ErrFormat},
		"fraction":            {func(c *content) { c.Time = at("20260921141320.5Z") }, nil},
		"fraction of zero":    {func(c *content) { c.Time = at("20260921141320.0Z") }, timestamp.ErrFormat},
		"fraction with zeros": {func(c *content) { c.Time = at("20260921141320.50Z") }, timestamp.ErrFormat},
		"comma":               {func(c *content) { c.Time = at("20260921141320,5Z") }, timestamp.ErrFormat},
		"time zone":           {func(c *content) { c.Time = at("20260921161320+0200") }, timestamp.ErrFormat},
		"local time":          {func(c *content) { c.Time = at("20260921141320") }, timestamp.ErrFormat},
		"no seconds":          {func(c *content) { c.Time = at("202609211413Z") }, timestamp.ErrFormat},
		"no such day":         {func(c *content) { c.Time = at("20260931141320Z") }, timestamp.ErrFormat},
		"UTCTime":             {func(c *content) { c.Time = asn1.RawValue{Tag: asn1.TagUTCTime, Bytes: []byte("260921141320Z")} }, timestamp.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			c := goodContent()
			test.change(&c)
			der, err := asn1.Marshal(c)
			require.NoError(t, err)
			a := sibling(t, change(func(a *answer) { a.Content = der }))
			_, err = verify(stamp(t, a), authority(t, a.Chain()))
			assert.ErrorIs(t, err, test.want)
		})
	}
}

// The same for the attributes, and for algorithms, which are not signed.
func TestSignedAttributesAndAlgorithms(t *testing.T) {
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.ObjectIdentifier `asn1:"set"`
	}
	contentType, info := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	once, err := asn1.Marshal(attribute{contentType, []asn1.ObjectIdentifier{info}})
	require.NoError(t, err)
	twice, err := asn1.Marshal(attribute{contentType, []asn1.ObjectIdentifier{info, info}})
	require.NoError(t, err)
	algorithm := func(id asn1.ObjectIdentifier, parameters asn1.RawValue) []byte {
		der, err := asn1.Marshal(pkix.AlgorithmIdentifier{Algorithm: id, Parameters: parameters})
		require.NoError(t, err)
		return der
	}
	ecdsa256, rsa256 := asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	rsa := timestamptest.WithRSA(2048)
	for name, test := range map[string]struct {
		options []timestamptest.Option
		want    error
	}{
		"without the content type":      {[]timestamptest.Option{change(func(a *answer) { a.AttributeType = "none" })}, timestamp.ErrFormat},
		"content type by another hand":  {[]timestamptest.Option{change(func(a *answer) { a.AttributeType, a.MoreAttributes = "none", [][]byte{once} })}, nil},
		"two values":                    {[]timestamptest.Option{change(func(a *answer) { a.AttributeType, a.MoreAttributes = "none", [][]byte{twice} })}, timestamp.ErrFormat},
		"ECDSA with null parameters":    {[]timestamptest.Option{change(func(a *answer) { a.Algorithm = algorithm(ecdsa256, asn1.NullRawValue) })}, timestamp.ErrFormat},
		"ECDSA by RSA's name":           {[]timestamptest.Option{change(func(a *answer) { a.Algorithm = algorithm(rsa256, asn1.NullRawValue) })}, timestamp.ErrSignature},
		"RSA by ECDSA's name":           {[]timestamptest.Option{rsa, change(func(a *answer) { a.Algorithm = algorithm(ecdsa256, asn1.RawValue{}) })}, timestamp.ErrSignature},
		"RSA without parameters":        {[]timestamptest.Option{rsa, change(func(a *answer) { a.Algorithm = algorithm(rsa256, asn1.RawValue{}) })}, timestamp.ErrFormat},
		"RSA with other parameters":     {[]timestamptest.Option{rsa, change(func(a *answer) { a.Algorithm = algorithm(rsa256, asn1.RawValue{Tag: 4}) })}, timestamp.ErrFormat},
		"RSA with the right parameters": {[]timestamptest.Option{rsa, change(func(a *answer) { a.Algorithm = algorithm(rsa256, asn1.NullRawValue) })}, nil},
		"ECDSA with another hash": {[]timestamptest.Option{change(func(a *answer) {
			a.Algorithm = algorithm(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, asn1.RawValue{})
		})}, errors.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			a := sibling(t, test.options...)
			_, err := verify(stamp(t, a), authority(t, a.Chain()))
			assert.ErrorIs(t, err, test.want)
		})
	}
}
