package main

import (
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// trustFlags are what a trust file can be extended by.
type trustFlags struct {
	signers, identities, roots, by, revoked, authorities list
	until, builders                                      list
	product, channel, out                                string
	threshold, rootThreshold                             int64
	minimum, minimumEpoch, maxJump                       int64
	days, maxAge                                         int
	timestamp                                            bool
}

func (f *trustFlags) define(flags *flag.FlagSet) {
	flags.Var(&f.signers, "signer", "`NAME=FILE` of a public key; may be given several times")
	flags.Var(&f.identities, "identity", "`NAME=ISSUER,SUBJECT` of a signer without a key; may be given several times")
	flags.Var(&f.roots, "root", "`NAME` of a signer who may sign the next trust file; may be given several times")
	flags.Int64Var(&f.rootThreshold, "root-threshold", 0, "how many of them must")
	flags.StringVar(&f.product, "product", "", "product that the signers of -by may release")
	flags.StringVar(&f.channel, "channel", "stable", "channels of it, separated by commas")
	flags.Var(&f.by, "by", "`NAME` of a signer who may release the product; may be given several times")
	flags.Int64Var(&f.threshold, "threshold", 0, "how many of them must sign a release")
	flags.Int64Var(&f.minimum, "minimum", 0, "least `sequence` of a release that installs at all, permitted or not")
	flags.Int64Var(&f.minimumEpoch, "minimum-epoch", 0, "its epoch")
	flags.Int64Var(&f.maxJump, "max-jump", 0, "by how much a sequence may exceed the last one (default: five years in seconds)")
	flags.IntVar(&f.maxAge, "max-age", 0, "how many `days` old a release may be when a host first takes it (default: any)")
	flags.Var(&f.builders, "builder", "`URI` of a builder that the provenance must name; may be given several times")
	flags.Var(&f.until, "until", "`NAME=TIME` (RFC 3339) up to which a signer's signatures count; may be given several times")
	flags.BoolVar(&f.timestamp, "timestamp", false, "only signatures with a timestamp count for the product")
	flags.Var(&f.authorities, "authority", "`NAME=FILE` of a time-stamping authority's certificates, the root last; may be given several times")
	flags.Var(&f.revoked, "revoke", "`NAME=REASON` of a signer whose signatures count no more; may be given several times")
	flags.IntVar(&f.days, "days", 365, "how long the trust file is valid")
	flags.StringVar(&f.out, "out", "", "`file` to write")
}

func defineTrustInit(t *tool, flags *flag.FlagSet) action {
	var f trustFlags
	f.define(flags)
	return func(_ context.Context, _ []string) error {
		return t.writeTrust(&f, manifest.Trust{Schema: manifest.TrustSchema, Products: []manifest.TrustProduct{}, Clock: manifest.TrustClock{MaxSkewSeconds: 300}})
	}
}

func defineTrustAdd(t *tool, flags *flag.FlagSet) action {
	var f trustFlags
	f.define(flags)
	return func(_ context.Context, args []string) error {
		trust, err := loadTrust(args[0])
		if err != nil {
			return err
		}
		return t.writeTrust(&f, trust.Document())
	}
}

// writeTrust writes the next version of a trust file.
func (t *tool) writeTrust(f *trustFlags, document manifest.Trust) error {
	if f.out == "" {
		return errors.New("no -out: give the file to write")
	}
	created := time.Now().UTC().Truncate(time.Second)
	document.Version++
	document.Created, document.Expires = created, created.AddDate(0, 0, f.days)
	if err := f.extend(&document); err != nil {
		return err
	}
	trust, err := verify.NewTrust(document)
	if err != nil {
		return err
	}
	data, err := document.Encode()
	if err != nil {
		return err
	}
	if err := writeNew(f.out, data, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "wrote %s:\n%s", f.out, describeTrust(trust.Document()))
	return err
}

// extend adds what the flags say.
func (f *trustFlags) extend(d *manifest.Trust) error {
	for _, add := range []func(*manifest.Trust) error{f.addSigners, f.addIdentities, f.limitSigners, f.revoke, f.addAuthorities, f.setRoot, f.addProduct} {
		if err := add(d); err != nil {
			return err
		}
	}
	return nil
}

// pair splits NAME=VALUE.
func pair(flag, text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" || value == "" {
		return "", "", fmt.Errorf("-%s: %q is not NAME=VALUE", flag, text)
	}
	return name, value, nil
}

func (f *trustFlags) addSigners(d *manifest.Trust) error {
	for _, text := range f.signers {
		name, path, err := pair("signer", text)
		if err != nil {
			return err
		}
		key, err := loadPublicKey(path)
		if err != nil {
			return err
		}
		signer, err := verify.NewTrustSigner(name, key)
		if err != nil {
			return err
		}
		if err := addSigner(d, signer); err != nil {
			return err
		}
	}
	return nil
}

func (f *trustFlags) addIdentities(d *manifest.Trust) error {
	for _, text := range f.identities {
		name, value, err := pair("identity", text)
		if err != nil {
			return err
		}
		issuer, subject, ok := strings.Cut(value, ",")
		if !ok {
			return fmt.Errorf("-identity: %q is not ISSUER,SUBJECT", value)
		}
		id := verify.IdentityID(issuer, subject)
		if err := addSigner(d, manifest.TrustSigner{ID: id.String(), Name: name, Identity: &manifest.TrustIdentity{Issuer: issuer, Subject: subject}}); err != nil {
			return err
		}
	}
	return nil
}

func addSigner(d *manifest.Trust, s manifest.TrustSigner) error {
	if slices.ContainsFunc(d.Signers, func(other manifest.TrustSigner) bool { return other.Name == s.Name || other.ID == s.ID }) {
		return fmt.Errorf("signer %q is in the trust file already, by name or by key: give another", s.Name)
	}
	d.Signers = append(d.Signers, s)
	slices.SortFunc(d.Signers, func(a, b manifest.TrustSigner) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// signerNamed returns the place of a signer.
func signerNamed(d *manifest.Trust, name string) (*manifest.TrustSigner, error) {
	i := slices.IndexFunc(d.Signers, func(s manifest.TrustSigner) bool { return s.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no signer of the trust file is called %q: add one with -signer %s=FILE", name, name)
	}
	return &d.Signers[i], nil
}

func (f *trustFlags) limitSigners(d *manifest.Trust) error {
	for _, text := range f.until {
		name, value, err := pair("until", text)
		if err != nil {
			return err
		}
		s, err := signerNamed(d, name)
		if err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return fmt.Errorf("-until: %q is not a time as 2026-03-04T05:06:07Z: %w", value, err)
		}
		s.NotAfter = at.UTC()
	}
	return nil
}

func (f *trustFlags) revoke(d *manifest.Trust) error {
	for _, text := range f.revoked {
		name, reason, err := pair("revoke", text)
		if err != nil {
			return err
		}
		s, err := signerNamed(d, name)
		if err != nil {
			return err
		}
		s.Revoked = &manifest.Revocation{Reason: reason}
	}
	return nil
}

func (f *trustFlags) addAuthorities(d *manifest.Trust) error {
	for _, text := range f.authorities {
		name, path, err := pair("authority", text)
		if err != nil {
			return err
		}
		rest, err := readFile(path, manifest.MaxCertificates*manifest.MaxDER)
		if err != nil {
			return fmt.Errorf("reading the certificates: %w", err)
		}
		authority := manifest.TrustAuthority{Name: name}
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			authority.Certificates = append(authority.Certificates, block.Bytes)
		}
		d.Authorities = append(d.Authorities, authority)
	}
	slices.SortFunc(d.Authorities, func(a, b manifest.TrustAuthority) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// quorumOf makes a quorum of signers by their names; of all of them by default.
func quorumOf(d *manifest.Trust, names []string, threshold int64) (manifest.Quorum, error) {
	q := manifest.Quorum{Threshold: cmp.Or(threshold, int64(len(names)))}
	for _, name := range names {
		s, err := signerNamed(d, name)
		if err != nil {
			return manifest.Quorum{}, err
		}
		q.Signers = append(q.Signers, s.ID)
	}
	slices.Sort(q.Signers)
	return q, nil
}

func (f *trustFlags) setRoot(d *manifest.Trust) (err error) {
	if len(f.roots) > 0 {
		d.Root, err = quorumOf(d, f.roots, f.rootThreshold)
	} else if f.rootThreshold > 0 {
		d.Root.Threshold = f.rootThreshold
	}
	return err
}

// addProduct adds a product, or replaces the entry with the same channels.
func (f *trustFlags) addProduct(d *manifest.Trust) error {
	if f.product == "" {
		return nil
	}
	releases, err := quorumOf(d, f.by, f.threshold)
	if err != nil {
		return err
	}
	p := manifest.TrustProduct{
		Product: f.product, Channels: strings.Split(f.channel, ","), Releases: releases, Permits: &releases, RequireTimestamp: f.timestamp,
		MaxJump: f.maxJump, MaxAgeSeconds: int64(f.maxAge) * 24 * 3600,
	}
	if f.minimum > 0 || f.minimumEpoch > 0 {
		p.Minimum = &manifest.Number{Epoch: f.minimumEpoch, Sequence: f.minimum}
	}
	if len(f.builders) > 0 {
		p.Provenance = &manifest.ProvenanceDemand{Builders: slices.Sorted(slices.Values(f.builders))}
	}
	slices.Sort(p.Channels)
	d.Products = slices.DeleteFunc(d.Products, func(o manifest.TrustProduct) bool {
		return o.Product == p.Product && slices.Equal(o.Channels, p.Channels)
	})
	d.Products = append(d.Products, p)
	slices.SortFunc(d.Products, func(a, b manifest.TrustProduct) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), slices.Compare(a.Channels, b.Channels))
	})
	return nil
}

func loadTrust(path string) (*verify.Trust, error) {
	data, err := readFile(path, manifest.MaxDocument)
	if err != nil {
		return nil, fmt.Errorf("reading the trust file: %w", err)
	}
	trust, err := verify.ParseTrust(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return trust, nil
}

func defineTrustRotate(t *tool, flags *flag.FlagSet) action {
	key := flags.String("key", "", "private key `file` of a root signer; none: install the next version, as a host does")
	var stamps stampFlags
	stamps.define(flags)
	return func(ctx context.Context, args []string) error {
		current, err := loadTrust(args[0])
		if err != nil {
			return err
		}
		next, err := loadTrust(args[1])
		if err != nil {
			return err
		}
		if *key == "" {
			return t.installTrust(ctx, current, args[0], args[1])
		}
		return t.signTrust(ctx, current, next, args[1], *key, &stamps)
	}
}

// signTrust adds a signature beside the next version, and says whether there are
// enough of them.
func (t *tool) signTrust(ctx context.Context, current, next *verify.Trust, path, key string, stamps *stampFlags) error {
	fmt.Fprint(t.stdout, "about to sign:\n"+describeTrust(next.Document()))
	if err := t.signDocument(ctx, manifest.NewStatement(next.Document()), path, key, stamps); err != nil {
		return err
	}
	bundles, err := bundlesBeside(path)
	if err != nil {
		return err
	}
	if _, err := current.Update(ctx, bundles, time.Now()); err != nil {
		_, err = fmt.Fprintf(t.stdout, "not enough yet: %s\n", oneLine(err))
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "enough have signed version %d: give it and its bundles to the hosts\n", next.Version())
	return err
}

// installTrust replaces a trust file by its next version.
func (t *tool) installTrust(ctx context.Context, current *verify.Trust, path, next string) error {
	bundles, err := bundlesBeside(next)
	if err != nil {
		return err
	}
	updated, err := current.Update(ctx, bundles, time.Now())
	if err != nil {
		return err
	}
	data, err := updated.Document().Encode()
	if err != nil {
		return err
	}
	if err := replaceFile(path, 0o644, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "%s is version %d now, and was %d\n", path, updated.Version(), current.Version())
	return err
}

// bundlesBeside reads the bundles over a document: its name, the short id of the
// key, and the ending of bundles.
func bundlesBeside(path string) ([][]byte, error) {
	paths, err := filepath.Glob(globEscape(path) + ".*.sigstore.json")
	if err != nil {
		return nil, err
	}
	var bundles [][]byte
	for _, p := range paths {
		data, err := readFile(p, verify.MaxBundle)
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, data)
	}
	return bundles, nil
}

// globEscape makes a path match itself alone.
func globEscape(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

func defineTrustShow(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	return func(_ context.Context, args []string) error {
		trust, err := loadTrust(args[0])
		if err != nil {
			return err
		}
		document := trust.Document()
		return t.print(*asJSON, document, func() string { return describeTrust(document) })
	}
}

func loadPublicKey(path string) (verify.Key, error) {
	data, err := readFile(path, verify.MaxKeyFile)
	if err != nil {
		return verify.Key{}, fmt.Errorf("reading the key: %w", err)
	}
	key, err := verify.ParsePublicKey(data)
	if err != nil {
		return verify.Key{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// signDocument signs, and writes the bundle beside the document.
func (t *tool) signDocument(ctx context.Context, document manifest.Attestation, path, key string, stamps *stampFlags) error {
	signer, err := t.loadSigner(key, stamps)
	if err != nil {
		return err
	}
	bundle, err := signer.Sign(ctx, document)
	if err != nil {
		return err
	}
	out := path + "." + signer.Key().ID().Short() + ".sigstore.json"
	if err := os.WriteFile(out, bundle, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "signed by key %s: %s\n", signer.Key().ID().Short(), out)
	return err
}
