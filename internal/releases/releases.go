// Package releases makes small signed releases of given executables, for the tests and
// proofs of the host's side, which need many of them and no compiler.
package releases

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
)

// Maker makes releases that one trust file accepts. It is safe for concurrent use.
type Maker struct {
	signer *sign.Signer
	trust  *verify.Trust
	start  time.Time
}

// NewMaker returns a Maker with a key of its own for the given products, on the
// channel stable.
func NewMaker(products ...string) (*Maker, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := sign.New(key)
	if err != nil {
		return nil, err
	}
	m := &Maker{signer: signer, start: time.Now().Add(-24 * time.Hour).UTC().Truncate(time.Second)}
	document, err := m.document(products)
	if err != nil {
		return nil, err
	}
	m.trust, err = verify.NewTrust(document)
	return m, err
}

func (m *Maker) document(products []string) (manifest.Trust, error) {
	who, err := verify.NewTrustSigner("release engineer", m.signer.Key())
	if err != nil {
		return manifest.Trust{}, err
	}
	quorum := manifest.Quorum{Threshold: 1, Signers: []string{who.ID}}
	t := manifest.Trust{
		Schema: manifest.TrustSchema, Version: 1, Created: m.start, Expires: m.start.AddDate(1, 0, 0),
		Signers: []manifest.TrustSigner{who}, Root: quorum, Clock: manifest.TrustClock{MaxSkewSeconds: 60},
	}
	for _, p := range slices.Sorted(slices.Values(products)) {
		t.Products = append(t.Products, manifest.TrustProduct{Product: p, Channels: []string{"stable"}, Releases: quorum})
	}
	return t, nil
}

// Trust returns the trust file.
func (m *Maker) Trust() *verify.Trust { return m.trust }

// Release is what a release is made of.
type Release struct {
	Product    string
	ID         string // of the hotfix
	Version    string // of the result
	Sequence   int64  // 1 or more
	Executable string // path; "" for none
	Old        string // path of the base's executable: a delta from it is made too; "" for none
	OldVersion string // that the base has
	DeltaOnly  bool   // leave the full package out
	Files      fs.FS  // config/… and scripts/…; nil for none
	Options    []pack.Option
}

// Make writes the dist folder of a release for this host's target.
func (m *Maker) Make(ctx context.Context, dir string, r Release) (manifest.Release, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return manifest.Release{}, err
	}
	packages, err := m.pack(ctx, dir, r)
	if err != nil {
		return manifest.Release{}, fmt.Errorf("packing %s: %w", r.ID, err)
	}
	at := m.start.Add(time.Duration(r.Sequence) * time.Second)
	release := manifest.Release{
		Schema: manifest.ReleaseSchema, Product: r.Product, Channel: "stable", ID: r.ID, Version: r.Version, Sequence: r.Sequence,
		Created: at, Source: manifest.Source{Package: "example.com/" + r.Product}, Toolchain: "go1.26.8", Flags: []string{"-trimpath"},
	}
	for _, p := range packages {
		release.Packages = append(release.Packages, p.Entry())
	}
	return release, m.sign(ctx, dir, release)
}

func (m *Maker) pack(ctx context.Context, dir string, r Release) ([]*pack.Package, error) {
	options := append([]pack.Option{}, r.Options...)
	if r.Files != nil {
		options = append(options, pack.WithFiles(r.Files))
	}
	packer, err := pack.New(m.start, options...)
	if err != nil {
		return nil, err
	}
	in := pack.Input{ID: r.ID, Product: r.Product, Version: r.Version, Target: target.Host(), Executable: r.Executable}
	if r.Old != "" {
		digest, size, err := manifest.DigestFile(r.Old)
		if err != nil {
			return nil, err
		}
		in.Base = &manifest.Binary{Version: r.OldVersion, Digest: digest, Size: size}
	}
	var all []*pack.Package
	if !r.DeltaOnly {
		p, err := packer.Pack(ctx, in, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if r.Old != "" && r.Executable != "" {
		in.Old = r.Old
		p, err := packer.Pack(ctx, in, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (m *Maker) sign(ctx context.Context, dir string, r manifest.Release) error {
	predicate, err := r.Encode()
	if err != nil {
		return err
	}
	sums, err := r.Sums().Encode()
	if err != nil {
		return err
	}
	bundle, err := m.signer.Sign(ctx, manifest.NewStatement(r))
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{verify.ReleaseName: predicate, manifest.SumsName: sums, verify.BundleName(m.signer.Key().ID()): bundle} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// NextTrust returns the bundle over the next version of the trust file.
func (m *Maker) NextTrust(ctx context.Context) ([]byte, error) {
	next := m.trust.Document()
	next.Version, next.Created = next.Version+1, next.Created.Add(time.Minute)
	return m.signer.Sign(ctx, manifest.NewStatement(next))
}

// Notice returns the bundle over a notice that takes a release back.
func (m *Maker) Notice(ctx context.Context, r manifest.Release) ([]byte, error) {
	statement, err := manifest.NewStatement(r).Encode()
	if err != nil {
		return nil, err
	}
	return m.signer.Sign(ctx, manifest.NewStatement(manifest.Notice{
		Schema: manifest.NoticeSchema, Product: r.Product, Channel: r.Channel, Created: m.start.Add(time.Hour),
		Withdrawals: []manifest.Withdrawal{{ID: r.ID, Reason: "it loses orders"}}, Statements: []manifest.Digest{manifest.DigestOf(statement)},
	}))
}

// Text returns the inline text of a dist folder with one package, as a chat carries it.
func Text(dist string) ([]byte, error) {
	bundle, err := only(dist, "hotfix.*.sigstore.json")
	if err != nil {
		return nil, err
	}
	archive, err := only(dist, "*.tar.zst")
	if err != nil {
		return nil, err
	}
	return inline.Encode([][]byte{bundle}, [][]byte{archive})
}

// only reads the one file of a folder that fits a pattern.
func only(dir, pattern string) ([]byte, error) {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d files of %s fit %s, not one", len(found), dir, pattern)
	}
	return os.ReadFile(found[0])
}
