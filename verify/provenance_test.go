package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// builtRelease is the release of the tests with executables, and what a build has.
func builtRelease() manifest.Release {
	r := release()
	for i, e := range r.Packages {
		r.Packages[i].Result = &manifest.Result{Version: r.Version, Digest: manifest.DigestOf([]byte(e.Target.String())), Size: 11, Mode: manifest.ModeExecutable}
	}
	r.Source.Commit = "0123456789abcdef0123456789abcdef01234567"
	r.Flags = []string{"-trimpath", "-tags=a,b", "CGO_ENABLED=0"}
	return r
}

func provenanceOf(r manifest.Release) manifest.Provenance {
	p := manifest.Provenance{
		BuildDefinition: manifest.BuildDefinition{
			BuildType: manifest.BuildType,
			ExternalParameters: manifest.ExternalParameters{
				Release: manifest.BuiltRelease{Product: r.Product, ID: r.ID, Version: r.Version, Created: r.Created},
				Source:  manifest.BuiltSource{Package: r.Source.Package, Commit: r.Source.Commit},
			},
			InternalParameters: manifest.InternalParameters{Toolchain: r.Toolchain},
			ResolvedDependencies: []manifest.Dependency{
				{Name: manifest.GoModInput, Digest: manifest.DependencyDigest{SHA256: manifest.DigestOf(nil).Hex()}},
				{Name: manifest.SourceInput, URI: "pkg:golang/example.com/payments", Digest: manifest.DependencyDigest{GitCommit: r.Source.Commit}},
				{Name: manifest.ToolchainInput, URI: "pkg:generic/go@1.26.0"},
			},
		},
		RunDetails: manifest.RunDetails{Builder: manifest.Builder{ID: manifest.LocalBuilder}},
	}
	e := &p.BuildDefinition.ExternalParameters
	e.Flags, e.Tags, e.Environment = manifest.SplitFlags(r.Flags)
	for _, entry := range r.Packages {
		e.Targets = append(e.Targets, entry.Target)
		p.RunDetails.Byproducts = append(p.RunDetails.Byproducts, manifest.Subject{
			Name: entry.Target.String(), Digest: manifest.SubjectDigest{SHA256: entry.Result.Digest.Hex()},
		})
	}
	return p
}

// provenDist is a dist folder with a provenance, both signed by the given keys.
func provenDist(signers ...*signer) fstest.MapFS {
	r := builtRelease()
	folder := buildDist()
	folder[verify.ReleaseName] = file(must(r.Encode()))
	folder[manifest.ProvenanceName] = file(must(provenanceOf(r).Encode()))
	for _, s := range signers {
		folder[verify.BundleName(s.key.ID())] = file(s.bundle(must(manifest.NewStatement(r).Encode())))
		folder[verify.ProvenanceBundleName(s.key.ID())] = file(s.bundle(must(manifest.NewProvenanceStatement(r, provenanceOf(r)).Encode())))
	}
	return folder
}

func TestCheckProvenance(t *testing.T) {
	type statement = manifest.Statement[manifest.Provenance]
	external := func(f func(*manifest.ExternalParameters)) func(*statement) {
		return func(s *statement) { f(&s.Predicate.BuildDefinition.ExternalParameters) }
	}
	for name, test := range map[string]struct {
		change    func(*statement)
		field     string
		got, want string
	}{
		"another package":   {func(s *statement) { s.Subject[0].Digest.SHA256 = manifest.DigestOf(nil).Hex() }, "subject", "linux-amd64.tar.gz e3b0c442", "linux-amd64.tar.gz"},
		"a renamed package": {func(s *statement) { s.Subject[0].Name = "a.zip" }, "subject", "a.zip", "linux-amd64.tar.gz"},
		"a package less":    {func(s *statement) { s.Subject = s.Subject[:1] }, "subject", `""`, "linux-arm64.tar.gz"},
		"a package more": {func(s *statement) {
			s.Subject = append(s.Subject, manifest.Subject{Name: "z.zip", Digest: s.Subject[0].Digest})
		}, "subject", "z.zip", "nothing"},
		"product":   {external(func(e *manifest.ExternalParameters) { e.Release.Product = "orders" }), "product", "orders", "payments"},
		"hotfix id": {external(func(e *manifest.ExternalParameters) { e.Release.ID = "other" }), "hotfix id", "other", "payments-1.4.3"},
		"version":   {external(func(e *manifest.ExternalParameters) { e.Release.Version = "1.4.4" }), "version", "1.4.4", "1.4.3"},
		"date":      {external(func(e *manifest.ExternalParameters) { e.Release.Created = e.Release.Created.Add(time.Second) }), "date", "14:13:21", "14:13:20"},
		"source":    {external(func(e *manifest.ExternalParameters) { e.Source.Package = "example.com/x" }), "source package", "example.com/x", "cmd/payments"},
		"commit": {func(s *statement) {
			s.Predicate.BuildDefinition.ExternalParameters.Source.Commit = ""
			s.Predicate.BuildDefinition.ResolvedDependencies[1].Digest = manifest.DependencyDigest{}
		}, "commit", `""`, "0123456789abcdef"},
		"toolchain":        {func(s *statement) { s.Predicate.BuildDefinition.InternalParameters.Toolchain = "go1.25.0" }, "toolchain", "go1.25.0", "go1.26.0"},
		"another flag":     {external(func(e *manifest.ExternalParameters) { e.Flags = []string{"-race"} }), "flag", "-race", "-trimpath"},
		"a flag more":      {external(func(e *manifest.ExternalParameters) { e.Flags = append(e.Flags, "-race") }), "flag", "-race", "nothing"},
		"a tag less":       {external(func(e *manifest.ExternalParameters) { e.Tags = e.Tags[:1] }), "tag", `""`, `"b"`},
		"another variable": {external(func(e *manifest.ExternalParameters) { e.Environment = []string{"CGO_ENABLED=1"} }), "environment", "CGO_ENABLED=1", "CGO_ENABLED=0"},
		"an executable": {func(s *statement) {
			s.Predicate.RunDetails.Byproducts[0].Digest = s.Predicate.RunDetails.Byproducts[1].Digest
		}, "executable", "linux/amd64", "linux/amd64"},
		"a target less": {func(s *statement) {
			s.Predicate.BuildDefinition.ExternalParameters.Targets = s.Predicate.BuildDefinition.ExternalParameters.Targets[:1]
			s.Predicate.RunDetails.Byproducts = s.Predicate.RunDetails.Byproducts[:1]
		}, "executable", `""`, "linux/arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			r := builtRelease()
			s := manifest.NewProvenanceStatement(r, provenanceOf(r))
			require.NoError(t, verify.CheckProvenance(s, r, manifest.ProvenanceDemand{}))
			test.change(&s)
			err := verify.CheckProvenance(s, r, manifest.ProvenanceDemand{})
			var refused *verify.ProvenanceError
			require.ErrorAs(t, err, &refused)
			require.ErrorIs(t, err, verify.ErrProvenance)
			assert.Equal(t, test.field, refused.Field)
			assert.False(t, refused.Demanded)
			assert.ErrorContains(t, err, test.got)
			assert.ErrorContains(t, err, test.want)
		})
	}
	var invalid *manifest.InvalidError
	err := verify.CheckProvenance(manifest.Statement[manifest.Provenance]{}, builtRelease(), manifest.ProvenanceDemand{})
	require.ErrorAs(t, err, &invalid)
	assert.ErrorIs(t, err, verify.ErrProvenance)
}

// Several packages of a target, and those that carry no executable.
func TestCheckProvenanceOfDeltas(t *testing.T) {
	r := builtRelease()
	p := provenanceOf(r)
	delta, scripts := r.Packages[1], r.Packages[1]
	delta.Name, delta.Delta, delta.Base = "z.tar.gz", true, &manifest.Binary{Version: "1.4.2", Digest: manifest.DigestOf([]byte("base"))}
	scripts.Name, scripts.Result, scripts.Target = "zz.tar.gz", nil, target.MustParse("linux/386")
	r.Packages = append(r.Packages, delta, scripts)
	require.NoError(t, r.Validate())
	assert.NoError(t, verify.CheckProvenance(manifest.NewProvenanceStatement(r, p), r, manifest.ProvenanceDemand{}))
}

// Packages are listed by name, and executables by target.
func TestCheckProvenanceInAnotherOrder(t *testing.T) {
	r := builtRelease()
	r.Packages[0].Target, r.Packages[1].Target = r.Packages[1].Target, r.Packages[0].Target
	r.Packages[0].Result, r.Packages[1].Result = r.Packages[1].Result, r.Packages[0].Result
	require.NoError(t, r.Validate())
	assert.NoError(t, verify.CheckProvenance(manifest.NewProvenanceStatement(r, provenanceOf(builtRelease())), r, manifest.ProvenanceDemand{}))
}

func TestProvenanceDemand(t *testing.T) {
	r := builtRelease()
	s := manifest.NewProvenanceStatement(r, provenanceOf(r))
	many := make([]string, 9)
	for i := range many {
		many[i] = fmt.Sprintf("https://ci.example.com/%d", i)
	}
	for name, test := range map[string]struct {
		demand manifest.ProvenanceDemand
		field  string // "" if it is met
		says   string
	}{
		"nothing":              {manifest.ProvenanceDemand{}, "", ""},
		"both":                 {manifest.ProvenanceDemand{Builders: []string{"https://ci.example.com", manifest.LocalBuilder}, Packages: []string{r.Source.Package}}, "", ""},
		"another builder":      {manifest.ProvenanceDemand{Builders: []string{"https://ci.example.com"}}, "builder", `only "https://ci.example.com" is trusted`},
		"many builders":        {manifest.ProvenanceDemand{Builders: many}, "builder", "or one of 5 more is trusted"},
		"as many as are named": {manifest.ProvenanceDemand{Builders: many[:4]}, "builder", `"https://ci.example.com/2" or "https://ci.example.com/3" is trusted`},
		"another package":      {manifest.ProvenanceDemand{Packages: []string{"example.com/orders"}}, "source package", "example.com/payments/cmd/payments"},
		"a longer id":          {manifest.ProvenanceDemand{Builders: []string{manifest.LocalBuilder + "/"}}, "builder", "is trusted"},
		"a shorter id":         {manifest.ProvenanceDemand{Builders: []string{manifest.LocalBuilder[:len(manifest.LocalBuilder)-1]}}, "builder", "is trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			err := verify.CheckProvenance(s, r, test.demand)
			if test.field == "" {
				require.NoError(t, err)
				return
			}
			var refused *verify.ProvenanceError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, test.field, refused.Field)
			assert.True(t, refused.Demanded)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

func TestVerifyDistWithProvenance(t *testing.T) {
	for name, test := range map[string]struct {
		change func(fstest.MapFS)
		want   error // nil if it is accepted
	}{
		"signed by both":                     {func(fstest.MapFS) {}, nil},
		"none at all":                        {func(d fstest.MapFS) { withoutProvenance(d) }, nil},
		"a byte of provenance.json":          {func(d fstest.MapFS) { d[manifest.ProvenanceName] = file(otherProvenance()) }, errMismatch},
		"respelled":                          {func(d fstest.MapFS) { d[manifest.ProvenanceName].Data = append(d[manifest.ProvenanceName].Data, '\n') }, errMismatch},
		"too large":                          {func(d fstest.MapFS) { d[manifest.ProvenanceName] = file(make([]byte, manifest.MaxDocument+1)) }, verify.ErrTooLarge},
		"provenance.json alone is missing":   {func(d fstest.MapFS) { delete(d, manifest.ProvenanceName) }, verify.ErrMissing},
		"one signature less":                 {func(d fstest.MapFS) { delete(d, verify.ProvenanceBundleName(engineer().key.ID())) }, verify.ErrThreshold},
		"no signature":                       {func(d fstest.MapFS) { unsignedProvenance(d, nil) }, verify.ErrUnsigned},
		"exchanged, and its signatures gone": {func(d fstest.MapFS) { unsignedProvenance(d, otherProvenance()) }, verify.ErrUnsigned},
		"a signature of a stranger": {func(d fstest.MapFS) {
			unsignedProvenance(d, nil)
			d[verify.ProvenanceBundleName(stranger().key.ID())] = provenDist(stranger())[verify.ProvenanceBundleName(stranger().key.ID())]
		}, verify.ErrThreshold},
		"a signature over the release":     {func(d fstest.MapFS) { d[provenanceBundle()] = d[verify.BundleName(engineer().key.ID())] }, verify.ErrDifferentPayload},
		"a signature in the other's place": {func(d fstest.MapFS) { d[verify.BundleName(engineer().key.ID())] = d[provenanceBundle()] }, verify.ErrDifferentPayload},
		"a damaged signature":              {func(d fstest.MapFS) { d[provenanceBundle()] = file(reviewerAsEngineer()) }, verify.ErrSignature},
		"a bundle under another name":      {func(d fstest.MapFS) { d["provenance.x.sigstore.json"] = d[provenanceBundle()] }, errBundle},
		"a bundle of no name":              {func(d fstest.MapFS) { d["provenance..sigstore.json"] = d[provenanceBundle()] }, verify.ErrUnexpected},
		"a bundle in upper case":           {func(d fstest.MapFS) { d["Provenance.x.sigstore.json"] = d[provenanceBundle()] }, verify.ErrUnexpected},
		"too large a bundle":               {func(d fstest.MapFS) { d[provenanceBundle()] = file(make([]byte, verify.MaxBundle+1)) }, verify.ErrTooLarge},
		"too many bundles": {func(d fstest.MapFS) {
			for i := range verify.MaxBundles + 1 {
				d[fmt.Sprintf("provenance.%d.sigstore.json", i)] = file(nil)
			}
		}, errBundle},
		"of another release": {func(d fstest.MapFS) {
			r := builtRelease()
			r.Version = "1.4.4"
			d[manifest.ProvenanceName] = file(must(provenanceOf(r).Encode()))
			for _, s := range []*signer{engineer(), reviewer()} {
				d[verify.ProvenanceBundleName(s.key.ID())] = file(s.bundle(must(manifest.NewProvenanceStatement(builtRelease(), provenanceOf(r)).Encode())))
			}
		}, verify.ErrProvenance},
	} {
		t.Run(name, func(t *testing.T) {
			folder := provenDist(engineer(), reviewer())
			test.change(folder)
			result, err := newVerifier(t, 2, engineer(), reviewer()).VerifyDist(t.Context(), folder)
			var bundle *verify.BundleError
			var mismatch *verify.MismatchError
			switch {
			case test.want == nil:
				require.NoError(t, err)
				assert.Equal(t, builtRelease(), result.Release)
				return
			case errors.Is(test.want, errMismatch):
				assert.ErrorAs(t, err, &mismatch)
			case errors.Is(test.want, errBundle):
				assert.ErrorAs(t, err, &bundle)
			default:
				assert.ErrorIs(t, err, test.want)
			}
			assert.Nil(t, result)
		})
	}
}

// errMismatch stands for any [*verify.MismatchError].
var errMismatch = errors.New("other bytes")

func provenanceBundle() string { return verify.ProvenanceBundleName(engineer().key.ID()) }

// otherProvenance agrees with the release as well, and names another builder.
func otherProvenance() []byte {
	p := provenanceOf(builtRelease())
	p.RunDetails.Builder.ID = "https://ci.example.com"
	return must(p.Encode())
}

// reviewerAsEngineer is a bundle over the provenance that names another key than the
// one that signed it.
func reviewerAsEngineer() []byte {
	payload := must(manifest.NewProvenanceStatement(builtRelease(), provenanceOf(builtRelease())).Encode())
	return must(verify.Bundle{Key: engineer().key.ID(), Payload: payload, Signature: reviewer().sign(verify.SignedBytes(payload))}.Encode())
}

func withoutProvenance(d fstest.MapFS) {
	unsignedProvenance(d, nil)
	delete(d, manifest.ProvenanceName)
}

// unsignedProvenance removes all signatures over the provenance, and may put
// another in its place.
func unsignedProvenance(d fstest.MapFS, other []byte) {
	for name := range d {
		if verify.IsProvenanceBundleName(name) {
			delete(d, name)
		}
	}
	if other != nil {
		d[manifest.ProvenanceName] = file(other)
	}
}

func TestProvenanceWithoutSignaturesUnsafe(t *testing.T) {
	folder := provenDist()
	_, err := verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	require.NoError(t, err)
	got, err := verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), folder, builtRelease())
	require.NoError(t, err)
	assert.Equal(t, provenanceOf(builtRelease()), got)

	other := builtRelease()
	other.Toolchain = "go1.25.0"
	_, err = verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), folder, other)
	assert.ErrorIs(t, err, verify.ErrProvenance)

	folder[manifest.ProvenanceName].Data = bytes.Replace(folder[manifest.ProvenanceName].Data, []byte("go1.26.0"), []byte("go1.26.1"), 1)
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	assert.ErrorIs(t, err, verify.ErrProvenance)
	withoutProvenance(folder)
	_, err = verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), folder, builtRelease())
	assert.ErrorIs(t, err, verify.ErrMissing)
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	assert.NoError(t, err, "an older release has none")
}

// What is read without signatures still agrees with itself: with the release, and
// with the bundles beside it.
func TestProvenanceWithoutSignaturesUnsafeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(fstest.MapFS)
		want   error // nil for any *verify.BundleError
	}{
		"no provenance under its signatures": {func(d fstest.MapFS) { delete(d, manifest.ProvenanceName) }, verify.ErrMissing},
		"too large":                          {func(d fstest.MapFS) { d[manifest.ProvenanceName] = file(make([]byte, manifest.MaxDocument+1)) }, verify.ErrTooLarge},
		"garbage":                            {func(d fstest.MapFS) { d[manifest.ProvenanceName] = file([]byte("{}")) }, verify.ErrProvenance},
		"another than was signed":            {func(d fstest.MapFS) { d[manifest.ProvenanceName] = file(otherProvenance()) }, verify.ErrDifferentPayload},
		"respelled":                          {func(d fstest.MapFS) { d[manifest.ProvenanceName].Data = append(d[manifest.ProvenanceName].Data, '\n') }, manifest.ErrNotCanonical},
		"garbage as a bundle":                {func(d fstest.MapFS) { d["provenance.x.sigstore.json"] = file(nil) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder := provenDist(engineer())
			_, err := verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), folder, builtRelease())
			require.NoError(t, err)
			test.change(folder)
			got, one := verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), folder, builtRelease())
			assert.Equal(t, manifest.Provenance{}, got)
			_, all := verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
			for _, err := range []error{one, all} {
				var refused *verify.BundleError
				if test.want == nil {
					require.ErrorAs(t, err, &refused)
					continue
				}
				require.ErrorIs(t, err, test.want)
			}
		})
	}
	_, err := verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), provenDist(engineer()), manifest.Release{})
	require.ErrorIs(t, err, verify.ErrProvenance, "a release of no packages")
	_, err = verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "none")), builtRelease())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = verify.ProvenanceWithoutSignaturesUnsafe(t.Context(), fstest.MapFS{"folder/x": file(nil)}, builtRelease())
	require.ErrorIs(t, err, verify.ErrNotRegular)
}

// Trusted signatures over another document are none over a provenance.
func TestAnotherDocumentAsProvenance(t *testing.T) {
	folder := provenDist(engineer(), reviewer())
	for _, s := range []*signer{engineer(), reviewer()} {
		folder[verify.ProvenanceBundleName(s.key.ID())] = folder[verify.BundleName(s.key.ID())]
	}
	_, err := newVerifier(t, 2, engineer(), reviewer()).VerifyDist(t.Context(), folder)
	require.ErrorIs(t, err, verify.ErrProvenance)
	var refused *verify.StatementError
	require.ErrorAs(t, err, &refused)
}

// Who may sign a provenance is who may sign the release, and when, as for it.
func TestSignersOfAProvenance(t *testing.T) {
	tsa := newTSA(t, anHourAgo())
	for name, test := range map[string]struct {
		change func(d *manifest.Trust, folder fstest.MapFS)
		good   bool
	}{
		"the engineer for the product": {func(d *manifest.Trust, _ fstest.MapFS) { d.Products[0].Releases = quorum(1, engineer()) }, true},
		"the reviewer, of whom the product knows nothing": {func(d *manifest.Trust, folder fstest.MapFS) {
			d.Products[0].Releases = quorum(1, engineer())
			delete(folder, provenanceBundle())
		}, false},
		"without the timestamp that is demanded": {func(d *manifest.Trust, folder fstest.MapFS) {
			d.Authorities = []manifest.TrustAuthority{authority("clock", tsa)}
			d.Products[0].RequireTimestamp = true
			for _, s := range []*signer{engineer(), reviewer()} {
				folder[verify.BundleName(s.key.ID())] = file(s.stampedBundle(t, payload(t, builtRelease()), tsa, nil))
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			folder, document := provenDist(engineer(), reviewer()), trustFile()
			test.change(&document, folder)
			v, err := verify.New(verify.WithTrust(compiled(t, document)), verify.WithClock(now))
			require.NoError(t, err)
			_, err = v.VerifyDist(t.Context(), folder)
			if test.good {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, verify.ErrThreshold)
			require.ErrorIs(t, err, verify.ErrProvenance)
		})
	}
}

// A trust file can demand a provenance, and say from where.
func TestDemandedProvenance(t *testing.T) {
	for name, test := range map[string]struct {
		change func(d *manifest.ProvenanceDemand, folder fstest.MapFS)
		want   error // nil if it is accepted
	}{
		"there and as demanded": {func(*manifest.ProvenanceDemand, fstest.MapFS) {}, nil},
		"skipped":               {func(_ *manifest.ProvenanceDemand, folder fstest.MapFS) { withoutProvenance(folder) }, verify.ErrNoProvenance},
		"by another builder":    {func(d *manifest.ProvenanceDemand, _ fstest.MapFS) { d.Builders = []string{"https://ci.example.com"} }, verify.ErrProvenance},
		"of another package":    {func(d *manifest.ProvenanceDemand, _ fstest.MapFS) { d.Packages = []string{"example.com/other"} }, verify.ErrProvenance},
		"signed by one of two": {func(_ *manifest.ProvenanceDemand, folder fstest.MapFS) {
			delete(folder, verify.ProvenanceBundleName(reviewer().key.ID()))
		}, verify.ErrThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			folder := provenDist(engineer(), reviewer())
			document := trustFile()
			document.Products[0].Provenance = &manifest.ProvenanceDemand{Builders: []string{manifest.LocalBuilder}, Packages: []string{builtRelease().Source.Package}}
			test.change(document.Products[0].Provenance, folder)
			v, err := verify.New(verify.WithTrust(compiled(t, document)), verify.WithClock(now))
			require.NoError(t, err)
			result, err := v.VerifyDist(t.Context(), folder)
			_, _, one := v.VerifyPackage(t.Context(), folder, amd64)
			if test.want == nil {
				require.NoError(t, err)
				require.NoError(t, one)
				assert.Contains(t, result.String(), "built by "+manifest.LocalBuilder)
				return
			}
			require.ErrorIs(t, err, test.want)
			assert.Equal(t, verify.RuleProvenance, verify.RuleOf(err), err)
			assert.ErrorIs(t, one, test.want)
			assert.Nil(t, result)
		})
	}
	_, err := verify.New(verify.WithTrust(compiled(t, trustFile())))
	require.NoError(t, err)
}

// What arrives without a folder has no provenance to show.
func TestDemandedProvenanceOfBundlesAlone(t *testing.T) {
	s := good()
	s.trust.Products[0].Provenance = &manifest.ProvenanceDemand{}
	_, err := s.verify(t)
	require.ErrorIs(t, err, verify.ErrNoProvenance)
	assert.ErrorContains(t, err, "verify the dist folder")
}
