package inline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Release is what a block was found to carry.
type Release struct {
	*verify.Result
	Bundles  [][]byte  // the bundle files, by the signers' ids
	Packages []Package // in the order of the statement; not all that it lists
}

// Package is one archive of a release.
type Package struct {
	manifest.Entry        // what the signed statement says of it
	Content        []byte // the archive, of that digest; not opened
}

// Encode writes a block with the given bundle files, which must be over one
// statement, and archives, which the statement must list. The order of either
// does not matter. Signatures are not verified.
func Encode(bundles, packages [][]byte) ([]byte, error) {
	if len(bundles) == 0 || len(packages) == 0 {
		return nil, fmt.Errorf("inline: there are %d signatures and %d packages to carry: sign the release first, and name a package", len(bundles), len(packages))
	}
	b, err := newBlock(bundles)
	if err != nil {
		return nil, err
	}
	if err := b.add(packages); err != nil {
		return nil, err
	}
	data, err := b.encode()
	if err != nil {
		return nil, err
	}
	text := armor(data)
	if len(text) > MaxText {
		return nil, fmt.Errorf("inline: the block would have %d bytes, and may have %d: name fewer packages, or pass the dist folder on", len(text), MaxText)
	}
	return text, nil
}

// newBlock makes a block of bundles without packages.
func newBlock(bundles [][]byte) (b block, err error) {
	for _, data := range bundles {
		bundle, err := verify.ParseBundle(data)
		if err != nil {
			return block{}, err
		}
		if b.statement != nil && !bytes.Equal(b.statement, bundle.Payload) {
			return block{}, &verify.BundleError{Err: verify.ErrDifferentPayload}
		}
		b.statement = bundle.Payload
		b.signed = append(b.signed, signature{key: bundle.Key, bytes: bundle.Signature, timestamps: bundle.Timestamps})
	}
	slices.SortFunc(b.signed, func(x, y signature) int { return bytes.Compare(x.key[:], y.key[:]) })
	return b, nil
}

// add puts the packages into the order of the statement.
func (b *block) add(packages [][]byte) error {
	statement, err := manifest.DecodeStatement[manifest.Release](b.statement)
	if err != nil {
		return fmt.Errorf("inline: %w", err)
	}
	content := map[manifest.Digest][]byte{}
	for _, p := range packages {
		content[manifest.DigestOf(p)] = p
	}
	for _, e := range statement.Predicate.Packages {
		if p, ok := content[e.Digest]; ok {
			b.packages = append(b.packages, p)
			delete(content, e.Digest)
		}
	}
	for d := range content {
		return fmt.Errorf("inline: the statement lists no package of digest %s: take packages and bundles of one release", d)
	}
	return nil
}

// Verify finds the one block in a text, which may hold more, verifies its
// signatures, and then the digest of each package. Errors are [*Error] and those
// of [verify.Verifier.Verify].
func Verify(ctx context.Context, text []byte, v *verify.Verifier) (*Release, error) {
	data, err := dearmor(text)
	if err != nil {
		return nil, err
	}
	b, err := decode(data)
	if err != nil {
		return nil, err
	}
	bundles, err := b.bundles()
	if err != nil {
		return nil, err
	}
	result, err := v.Verify(ctx, bundles)
	if err != nil {
		return nil, err
	}
	packages, err := identify(b.packages, result.Release.Packages)
	if err != nil {
		return nil, err
	}
	return &Release{Result: result, Bundles: bundles, Packages: packages}, nil
}

// errUnlisted says that a package is not, or not at its place, in the statement.
var errUnlisted = errors.New("its digest is not that of a package that comes next in the statement")

// identify finds the packages in the statement, in its order.
func identify(contents [][]byte, entries []manifest.Entry) ([]Package, error) {
	var packages []Package
	for n, content := range contents {
		d := manifest.DigestOf(content)
		i := slices.IndexFunc(entries, func(e manifest.Entry) bool { return e.Digest == d && e.Size == int64(len(content)) })
		if i < 0 {
			return nil, refuse(errUnlisted, "carries something as package %d that is not part of the release", n+1)
		}
		packages = append(packages, Package{Entry: entries[i], Content: content})
		entries = entries[i+1:]
	}
	return packages, nil
}
