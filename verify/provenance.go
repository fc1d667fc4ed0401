package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

const provenancePrefix = "provenance."

// ProvenanceBundleName returns the name of the bundle file of a key in a dist folder
// that signs the provenance.
func ProvenanceBundleName(id KeyID) string { return provenancePrefix + id.Short() + bundleSuffix }

// IsProvenanceBundleName reports whether a file of a dist folder is named like a
// bundle over the provenance.
func IsProvenanceBundleName(name string) bool {
	return len(name) > len(provenancePrefix)+len(bundleSuffix) && strings.HasPrefix(name, provenancePrefix) && strings.HasSuffix(name, bundleSuffix)
}

// ErrProvenance is wrapped by [*ProvenanceError].
var ErrProvenance = errors.New("verify: provenance is refused")

// ProvenanceError says what a provenance says that it must not.
type ProvenanceError struct {
	Field    string   // of the provenance, in words
	Got      string   // what the provenance says
	Want     []string // what it may say: what the release says, or what is demanded
	Demanded bool     // it fits its release, and is not what the trust file demands
}

func (e *ProvenanceError) Error() string {
	text := fmt.Sprintf("%v: its %s is %s, ", ErrProvenance, e.Field, quote(e.Got))
	if e.Demanded {
		return text + fmt.Sprintf("and only %s is trusted: have the release made there, or change the trust file", quoteList(e.Want))
	}
	return text + fmt.Sprintf("the release says %s: they are not of one build; fetch both again from where they were published", quoteList(e.Want))
}

// Unwrap returns [ErrProvenance].
func (e *ProvenanceError) Unwrap() error { return ErrProvenance }

// quoteList bounds how many texts of unknown origin are repeated.
func quoteList(list []string) string {
	const shown = 4
	var quoted []string
	for _, s := range list[:min(len(list), shown)] {
		quoted = append(quoted, quote(s))
	}
	if len(list) > shown {
		quoted = append(quoted, fmt.Sprintf("one of %d more", len(list)-shown))
	}
	if len(quoted) == 0 {
		return "nothing"
	}
	return strings.Join(quoted, " or ")
}

// CheckProvenance requires that a statement is about the packages of a release and
// nothing else, agrees with all that the release says of itself, and says what is
// demanded. The signatures of both must have been verified. Errors are
// [*ProvenanceError] and [*manifest.InvalidError].
func CheckProvenance(statement manifest.Statement[manifest.Provenance], release manifest.Release, demand manifest.ProvenanceDemand) error {
	if err := statement.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	if err := checkProvenanceSubjects(statement.Subject, release); err != nil {
		return err
	}
	if err := checkProvenanceOf(statement.Predicate, release); err != nil {
		return err
	}
	return checkProvenanceDemand(statement.Predicate, demand)
}

func checkProvenanceSubjects(subjects []manifest.Subject, release manifest.Release) error {
	text := func(list []manifest.Subject) []string {
		var texts []string
		for _, s := range list {
			texts = append(texts, s.Name+" "+s.Digest.SHA256)
		}
		return texts
	}
	return checkSameProvenance("subject", text(subjects), text(manifest.NewStatement(release).Subject))
}

// checkProvenanceOf compares what both documents say.
func checkProvenanceOf(p manifest.Provenance, release manifest.Release) error {
	parameters := p.BuildDefinition.ExternalParameters
	flags, tags, environment := manifest.SplitFlags(release.Flags)
	one := func(s string) []string { return []string{s} }
	for _, f := range []struct {
		field     string
		got, want []string
	}{
		{"product", one(parameters.Release.Product), one(release.Product)},
		{"hotfix id", one(parameters.Release.ID), one(release.ID)},
		{"version", one(parameters.Release.Version), one(release.Version)},
		{"date", one(parameters.Release.Created.String()), one(release.Created.String())},
		{"source package", one(parameters.Source.Package), one(release.Source.Package)},
		{"commit", one(parameters.Source.Commit), one(release.Source.Commit)},
		{"toolchain", one(p.BuildDefinition.InternalParameters.Toolchain), one(release.Toolchain)},
		{"flag", parameters.Flags, flags},
		{"tag", parameters.Tags, tags},
		{"environment", parameters.Environment, environment},
		{"executable", executablesOf(p), resultsOf(release)},
	} {
		if err := checkSameProvenance(f.field, f.got, f.want); err != nil {
			return err
		}
	}
	return nil
}

// checkSameProvenance names the first difference between two lists.
func checkSameProvenance(field string, got, want []string) error {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			return &ProvenanceError{Field: field, Got: got[i]}
		case i >= len(got):
			return &ProvenanceError{Field: field, Want: want[i : i+1]}
		case got[i] != want[i]:
			return &ProvenanceError{Field: field, Got: got[i], Want: want[i : i+1]}
		}
	}
	return nil
}

func executablesOf(p manifest.Provenance) []string {
	var list []string
	for _, b := range p.RunDetails.Byproducts {
		list = append(list, b.Name+" "+b.Digest.SHA256)
	}
	slices.Sort(list)
	return list
}

// resultsOf lists the executable for each target once: all packages of a target
// lead to the same one.
func resultsOf(release manifest.Release) []string {
	var list []string
	for _, e := range release.Packages {
		if e.Result != nil {
			list = append(list, e.Target.String()+" "+e.Result.Digest.Hex())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func checkProvenanceDemand(p manifest.Provenance, demand manifest.ProvenanceDemand) error {
	for _, d := range []struct {
		field, got string
		allowed    []string
	}{
		{"builder", p.RunDetails.Builder.ID, demand.Builders},
		{"source package", p.BuildDefinition.ExternalParameters.Source.Package, demand.Packages},
	} {
		if len(d.allowed) > 0 && !slices.Contains(d.allowed, d.got) {
			return &ProvenanceError{Field: d.field, Got: d.got, Want: d.allowed, Demanded: true}
		}
	}
	return nil
}

// ProvenanceWithoutSignaturesUnsafe reads the provenance in a dist folder, which must
// agree with its release, and with whatever bundles over it lie beside it. Their
// signatures are not verified: anybody may have written it. It is for those who
// are about to sign, for tools that show it, and for whoever builds again to see
// whether it is true. A folder without one is a [*FileError] of [ErrMissing].
func ProvenanceWithoutSignaturesUnsafe(ctx context.Context, fsys fs.FS, release manifest.Release) (manifest.Provenance, error) {
	names, err := listDist(fsys)
	if err != nil {
		return manifest.Provenance{}, err
	}
	found, err := readProvenance(ctx, fsys, names, release)
	if err == nil && found == nil {
		err = &FileError{Name: manifest.ProvenanceName, Err: ErrMissing}
	}
	if err != nil {
		return manifest.Provenance{}, err
	}
	return found.statement.Predicate, nil
}

// provenance is what a folder holds of it, before its signatures are verified.
type provenance struct {
	statement manifest.Statement[manifest.Provenance]
	bundles   []namedBundle // over exactly its encoding
}

// readProvenance reads provenance.json and the bundles over it, of which there may
// be none; nil if the folder has nothing of it. It must agree with the release,
// and each bundle must be over exactly it. Of the names of the folder all others
// are overlooked.
func readProvenance(ctx context.Context, fsys fs.FS, names []string, release manifest.Release) (*provenance, error) {
	bundles, err := new(Verifier).readProvenanceBundles(ctx, fsys, names)
	if err != nil {
		return nil, err
	}
	if len(bundles) == 0 && !slices.Contains(names, manifest.ProvenanceName) {
		return nil, nil
	}
	data, err := readFile(ctx, fsys, manifest.ProvenanceName, manifest.MaxDocument)
	if err != nil {
		return nil, err
	}
	predicate, err := manifest.DecodeProvenance(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	found := &provenance{statement: manifest.NewProvenanceStatement(release, predicate), bundles: bundles}
	if err := found.checkPayloads(); err != nil {
		return nil, err
	}
	return found, CheckProvenance(found.statement, release, manifest.ProvenanceDemand{})
}

// readProvenanceBundles reads the bundle files over the provenance, each of which
// must be named after its key.
func (v *Verifier) readProvenanceBundles(ctx context.Context, fsys fs.FS, names []string) ([]namedBundle, error) {
	return v.readBundlesNamed(ctx, fsys, names, IsProvenanceBundleName, ProvenanceBundleName)
}

// checkPayloads requires that what is signed is what lies there to read.
func (p *provenance) checkPayloads() error {
	payload, err := p.statement.Encode()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	for _, b := range p.bundles {
		if !bytes.Equal(b.Payload, payload) {
			return &BundleError{Bundle: b.name, Reason: "is not over " + manifest.ProvenanceName + " and the packages of the release beside it", Err: ErrDifferentPayload}
		}
	}
	return nil
}

// checkProvenance requires of a provenance, if there is one or one is demanded, the
// signatures that the release needs, and that it fits the release.
func (j *judgment) checkProvenance(ctx context.Context, bundles []namedBundle) error {
	demand := j.rules.Provenance
	if len(bundles) == 0 {
		if demand != nil {
			return refuse(RuleProvenance, ErrNoProvenance, fmt.Sprintf("hotfix %s comes without a signed provenance, which the trust file demands for product %s", j.release.ID, j.release.Product), "verify the dist folder with its provenance bundles, or have the release made with them")
		}
		j.leave(RuleProvenance, "there is no provenance")
		return nil
	}
	signed, err := j.open(ctx, bundles, j.now)
	if err != nil {
		return err
	}
	if j.trust != nil {
		signed = signed.among(j.rules.Releases.Signers, j.rules.RequireTimestamp)
	}
	if err := signed.require(j.result.Threshold); err != nil {
		return fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	statement, err := manifest.DecodeStatement[manifest.Provenance](signed.payload)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProvenance, &StatementError{Err: err})
	}
	if demand == nil {
		demand = &manifest.ProvenanceDemand{}
	}
	if err := CheckProvenance(statement, j.release, *demand); err != nil {
		return err
	}
	j.result.Provenance = &statement.Predicate
	j.establish(RuleProvenance, "built by %s", printable(statement.Predicate.RunDetails.Builder.ID))
	return nil
}

// checkProvenanceFile requires that what lies there to read is what was signed.
func checkProvenanceFile(ctx context.Context, fsys fs.FS, names []string, signed *manifest.Provenance) error {
	there := slices.Contains(names, manifest.ProvenanceName)
	switch {
	case signed == nil && there:
		return &FileError{Name: manifest.ProvenanceName, Err: ErrUnsigned}
	case signed == nil:
		return nil
	}
	data, err := signed.Encode()
	if err != nil {
		return err
	}
	return checkBytes(ctx, fsys, manifest.ProvenanceName, data)
}
