package manifest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// goodProvenance is of goodRelease, but for its commit.
func goodProvenance() manifest.Provenance {
	r := goodRelease()
	sum, _ := manifest.ModuleDigest("h1:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48=")
	file := func(name string) manifest.Dependency {
		return manifest.Dependency{Name: name, Digest: manifest.DependencyDigest{SHA256: digest(name).Hex()}}
	}
	module := func(name string) manifest.Dependency {
		return manifest.Dependency{Name: name, URI: "pkg:golang/" + name, Digest: sum}
	}
	folder := module("example.com/replaced@v1.0.0")
	folder.Digest, folder.Annotations.ReplacedBy = manifest.DependencyDigest{}, "./fork"
	executable := func(on string) manifest.Subject {
		return manifest.Subject{Name: on, Digest: manifest.SubjectDigest{SHA256: digest("result").Hex()}}
	}
	return manifest.Provenance{
		BuildDefinition: manifest.BuildDefinition{
			BuildType: manifest.BuildType,
			ExternalParameters: manifest.ExternalParameters{
				Release: manifest.BuiltRelease{Product: r.Product, ID: r.ID, Version: r.Version, Created: r.Created},
				Source: manifest.BuiltSource{
					Package: r.Source.Package, Commit: commit, Directory: "services/payments", Workspace: "go.work", Profile: "services/payments/cpu.pprof",
				},
				Targets: []target.Target{target.MustParse("linux/amd64"), target.MustParse("windows/arm64")},
				Flags:   []string{"-trimpath", "-ldflags=-s -w"}, Tags: []string{"a", "b"}, Environment: []string{"CGO_ENABLED=0"},
			},
			InternalParameters: manifest.InternalParameters{Toolchain: r.Toolchain},
			ResolvedDependencies: []manifest.Dependency{
				folder, module("example.com/text@v0.3.0"), file(manifest.GoModInput), file(manifest.GoSumInput), file(manifest.GoWorkInput), file(manifest.ProfileInput),
				{Name: manifest.SourceInput, URI: "pkg:golang/example.com/payments", Digest: manifest.DependencyDigest{GitCommit: commit}},
				{Name: manifest.ToolchainInput, URI: "pkg:generic/go@1.26.8"},
			},
		},
		RunDetails: manifest.RunDetails{
			Builder: manifest.Builder{ID: manifest.LocalBuilder, Version: map[string]string{"hotfix": "v1.0.0", "machine": "7"}},
			Metadata: manifest.BuildMetadata{
				InvocationID: "run 1", StartedOn: r.Created, FinishedOn: r.Created.Add(time.Minute),
			},
			Byproducts: []manifest.Subject{executable("linux/amd64"), executable("windows/arm64")},
		},
	}
}

func goodProvenanceStatement() manifest.Statement[manifest.Provenance] {
	return manifest.NewProvenanceStatement(goodRelease(), goodProvenance())
}

func FuzzDecodeProvenance(f *testing.F)          { fuzz(f, "provenance.json") }
func FuzzDecodeProvenanceStatement(f *testing.F) { fuzz(f, "provenance-statement.json") }

func TestProvenanceRules(t *testing.T) {
	type p = manifest.Provenance
	const external, inputs = "buildDefinition.externalParameters.", "buildDefinition.resolvedDependencies"
	change := func(f func(*manifest.ExternalParameters)) func(*p) {
		return func(d *p) { f(&d.BuildDefinition.ExternalParameters) }
	}
	input := func(i int, f func(*manifest.Dependency)) func(*p) {
		return func(d *p) { f(&d.BuildDefinition.ResolvedDependencies[i]) }
	}
	run := func(f func(*manifest.RunDetails)) func(*p) { return func(d *p) { f(&d.RunDetails) } }
	many := make([]string, manifest.MaxList+1)
	for i := range many {
		many[i] = fmt.Sprintf("-%d", i)
	}
	checkRules(t, goodProvenance, map[string]rule[p]{
		"build type":           {func(d *p) { d.BuildDefinition.BuildType = "https://example.com" }, "buildDefinition.buildType", "is not"},
		"product":              {change(func(e *manifest.ExternalParameters) { e.Release.Product = "A" }), external + "release.product", "lower-case"},
		"id":                   {change(func(e *manifest.ExternalParameters) { e.Release.ID = "" }), external + "release.id.version", "must be letters"},
		"version":              {change(func(e *manifest.ExternalParameters) { e.Release.Version = "" }), external + "release.version", "must be letters"},
		"created":              {change(func(e *manifest.ExternalParameters) { e.Release.Created = time.Time{} }), external + "release.created", "missing"},
		"package":              {change(func(e *manifest.ExternalParameters) { e.Source.Package = "" }), external + "source.package", "printable"},
		"commit":               {change(func(e *manifest.ExternalParameters) { e.Source.Commit = "a b" }), external + "source.commit", "must be letters"},
		"directory":            {change(func(e *manifest.ExternalParameters) { e.Source.Directory = "../a" }), external + "source.directory", "relative path"},
		"workspace":            {change(func(e *manifest.ExternalParameters) { e.Source.Workspace = "/go.work" }), external + "source.workspace", "relative path"},
		"profile":              {change(func(e *manifest.ExternalParameters) { e.Source.Profile = `a\b` }), external + "source.profile", "portable"},
		"no targets":           {change(func(e *manifest.ExternalParameters) { e.Targets = nil }), external + "targets", "has 0 entries"},
		"many targets":         {change(func(e *manifest.ExternalParameters) { e.Targets = make([]target.Target, manifest.MaxPackages+1) }), external + "targets", "entries"},
		"no target":            {change(func(e *manifest.ExternalParameters) { e.Targets[1] = target.Target{} }), external + "targets[1]", "is not a target"},
		"order of targets":     {change(func(e *manifest.ExternalParameters) { e.Targets[0] = e.Targets[1] }), external + "targets[1]", "stands twice"},
		"flag":                 {change(func(e *manifest.ExternalParameters) { e.Flags[0] = "" }), external + "flags[0]", "printable"},
		"many flags":           {change(func(e *manifest.ExternalParameters) { e.Flags = many }), external + "flags", "at most"},
		"no flag":              {change(func(e *manifest.ExternalParameters) { e.Flags[1] = "GOWORK=x" }), external + "flags[1]", "is not a flag"},
		"tags among flags":     {change(func(e *manifest.ExternalParameters) { e.Flags[1] = "-tags=a" }), external + "flags[1]", "is not a flag"},
		"two tags in one":      {change(func(e *manifest.ExternalParameters) { e.Tags[0] = "a,b" }), external + "tags[0]", "not one tag"},
		"order of tags":        {change(func(e *manifest.ExternalParameters) { e.Tags[0] = "b" }), external + "tags[1]", "twice"},
		"tag":                  {change(func(e *manifest.ExternalParameters) { e.Tags[0] = "ä" }), external + "tags[0]", "printable"},
		"variable":             {change(func(e *manifest.ExternalParameters) { e.Environment[0] = "CC" }), external + "environment[0]", "is not a variable"},
		"variable, no name":    {change(func(e *manifest.ExternalParameters) { e.Environment[0] = "=x" }), external + "environment[0]", "is not a variable"},
		"flag as a variable":   {change(func(e *manifest.ExternalParameters) { e.Environment[0] = "-a=b" }), external + "environment[0]", "is not a variable"},
		"unprintable variable": {change(func(e *manifest.ExternalParameters) { e.Environment[0] = "CC=\n" }), external + "environment[0]", "printable"},
		"toolchain":            {func(d *p) { d.BuildDefinition.InternalParameters.Toolchain = "" }, "buildDefinition.internalParameters.toolchain", "printable"},

		"no inputs": {func(d *p) { d.BuildDefinition.ResolvedDependencies = nil }, inputs, "has 0 entries"},
		"many inputs": {func(d *p) {
			d.BuildDefinition.ResolvedDependencies = make([]manifest.Dependency, manifest.MaxDependencies+1)
		}, inputs, "entries"},
		"input twice":            {input(1, func(d *manifest.Dependency) { d.Name = "example.com/replaced@v1.0.0" }), inputs + "[1].name", "twice"},
		"order of inputs":        {input(0, func(d *manifest.Dependency) { d.Name = "x@v1.0.0" }), inputs + "[1].name", "out of order"},
		"unknown input":          {input(0, func(d *manifest.Dependency) { d.Name = "compiler" }), inputs + "[0].name", "neither the name"},
		"unprintable input":      {input(0, func(d *manifest.Dependency) { d.Name = "a\n@v1" }), inputs + "[0].name", "printable"},
		"no go.mod":              {input(2, func(d *manifest.Dependency) { *d = manifest.Dependency{Name: "go.a@v1", URI: "x"} }), inputs, "is missing"},
		"no source":              {input(6, func(d *manifest.Dependency) { *d = manifest.Dependency{Name: "s@v1", URI: "x"} }), inputs, "is missing"},
		"no toolchain":           {input(7, func(d *manifest.Dependency) { d.Name = "x@v1" }), inputs, "is missing"},
		"neither URI nor digest": {input(7, func(d *manifest.Dependency) { d.URI = "" }), inputs + "[7].uri", "is needed"},
		"URI":                    {input(7, func(d *manifest.Dependency) { d.URI = "ä" }), inputs + "[7].uri", "printable"},
		"replacement":            {input(0, func(d *manifest.Dependency) { d.Annotations.ReplacedBy = "ä" }), inputs + "[0].annotations.replacedBy", "printable"},
		"module by file":         {input(1, func(d *manifest.Dependency) { d.Digest.SHA256 = digest("x").Hex() }), inputs + "[1].digest.sha256", "is not a digest"},
		"short module digest":    {input(1, func(d *manifest.Dependency) { d.Digest.DirHash = "ab" }), inputs + "[1].digest.dirHash", "hexadecimal"},
		"capital module digest":  {input(1, func(d *manifest.Dependency) { d.Digest.DirHash = strings.ToUpper(d.Digest.DirHash) }), inputs + "[1].digest.dirHash", "hexadecimal"},
		"file without digest":    {input(2, func(d *manifest.Dependency) { d.URI, d.Digest.SHA256 = "x", "" }), inputs + "[2].digest.sha256", "is missing"},
		"file digest":            {input(2, func(d *manifest.Dependency) { d.Digest.SHA256 = strings.Repeat("g", 64) }), inputs + "[2].digest.sha256", "hexadecimal"},
		"file by commit":         {input(2, func(d *manifest.Dependency) { d.Digest.GitCommit = commit }), inputs + "[2].digest.gitCommit", "is not a digest"},
		"digest of toolchain":    {input(7, func(d *manifest.Dependency) { d.Digest.SHA256 = digest("x").Hex() }), inputs + "[7].digest.sha256", "is not a digest"},
		"short commit":           {input(6, func(d *manifest.Dependency) { d.Digest.GitCommit = commit[1:] }), inputs + "[6].digest.gitCommit", "hexadecimal"},
		"another commit":         {input(6, func(d *manifest.Dependency) { d.Digest.GitCommit = strings.Repeat("0", 40) }), inputs, "another commit"},
		"no commit":              {input(6, func(d *manifest.Dependency) { d.Digest.GitCommit = "" }), inputs, "another commit"},
		"commit of a dirty tree": {change(func(e *manifest.ExternalParameters) { e.Source.Commit += "+dirty" }), inputs, "another commit"},

		"no builder":            {run(func(r *manifest.RunDetails) { r.Builder.ID = "" }), "runDetails.builder.id", "absolute URI"},
		"builder versions":      {run(func(r *manifest.RunDetails) { r.Builder.Version["x"] = "" }), "runDetails.builder.version", "printable"},
		"builder parts":         {run(func(r *manifest.RunDetails) { r.Builder.Version[""] = "x" }), "runDetails.builder.version", "lower-case"},
		"many builder parts":    {run(func(r *manifest.RunDetails) { r.Builder.Version = manyParts() }), "runDetails.builder.version", "at most"},
		"invocation":            {run(func(r *manifest.RunDetails) { r.Metadata.InvocationID = "\n" }), "runDetails.metadata.invocationId", "printable"},
		"start":                 {run(func(r *manifest.RunDetails) { r.Metadata.StartedOn = r.Metadata.StartedOn.Add(1) }), "runDetails.metadata.startedOn", "whole seconds"},
		"end":                   {run(func(r *manifest.RunDetails) { r.Metadata.FinishedOn = r.Metadata.FinishedOn.Add(1) }), "runDetails.metadata.finishedOn", "whole seconds"},
		"end before start":      {run(func(r *manifest.RunDetails) { r.Metadata.FinishedOn = r.Metadata.StartedOn.Add(-time.Second) }), "runDetails.metadata.finishedOn", "before startedOn"},
		"fewer executables":     {run(func(r *manifest.RunDetails) { r.Byproducts = r.Byproducts[1:] }), "runDetails.byproducts", "one for each"},
		"order of executables":  {run(func(r *manifest.RunDetails) { r.Byproducts[0].Name = "windows/arm64" }), "runDetails.byproducts[0].name", "at this place"},
		"digest of executables": {run(func(r *manifest.RunDetails) { r.Byproducts[1].Digest.SHA256 = "" }), "runDetails.byproducts[1].digest.sha256", "hexadecimal"},
	})
}

func manyParts() map[string]string {
	parts := map[string]string{}
	for i := range manifest.MaxList + 1 {
		parts[fmt.Sprint(i)] = "x"
	}
	return parts
}

func TestProvenanceStatementRules(t *testing.T) {
	type s = manifest.Statement[manifest.Provenance]
	checkRules(t, goodProvenanceStatement, map[string]rule[s]{
		"type":           {func(d *s) { d.Type = "" }, "_type", "is not"},
		"predicate type": {func(d *s) { d.PredicateType = manifest.ReleasePredicate }, "predicateType", "is not"},
		"predicate":      {func(d *s) { d.Predicate.RunDetails.Builder.ID = "" }, "predicate.runDetails.builder.id", "absolute URI"},
		"no subjects":    {func(d *s) { d.Subject = nil }, "subject", "has 0 entries"},
		"subject twice":  {func(d *s) { d.Subject[1] = d.Subject[0] }, "subject[1].name", "twice"},
		"subject":        {func(d *s) { d.Subject[0].Digest.SHA256 = "" }, "subject[0].digest.sha256", "hexadecimal"},
	})
	_, err := manifest.NewStatement(goodProvenance()).Encode()
	assert.Error(t, err, "its subjects are those of a release")
}

// A source without a commit, or with changes, has none as its digest.
func TestProvenanceWithoutCommit(t *testing.T) {
	for _, name := range []string{"", commit + "+dirty", "0123abcd"} {
		p := goodProvenance()
		p.BuildDefinition.ExternalParameters.Source.Commit = name
		p.BuildDefinition.ResolvedDependencies[6].Digest = manifest.DependencyDigest{}
		assert.NoError(t, p.Validate(), name)
	}
}

func TestBuilderIDs(t *testing.T) {
	for _, good := range []string{manifest.LocalBuilder, "urn:x", "https://ci.example.com/a?b#c", "spiffe+x://y", "a:" + strings.Repeat("x", manifest.MaxBuilderID-2)} {
		assert.NoError(t, manifest.CheckBuilderID(good), good)
	}
	for _, bad := range []string{"", ":", "a", "a:", ":b", "1a:b", "-a:b", "a b:c", "a:b c", "a:ä", "a:\n", "a:" + strings.Repeat("x", manifest.MaxBuilderID)} {
		assert.Error(t, manifest.CheckBuilderID(bad), bad)
	}
}

func TestSplitFlags(t *testing.T) {
	flags, tags, environment := manifest.SplitFlags([]string{"-trimpath", "-tags=b,a,b", "-ldflags=-X main.tags=-tags=c", "CGO_ENABLED=0", "CC=gcc -m64"})
	assert.Equal(t, []string{"-trimpath", "-ldflags=-X main.tags=-tags=c"}, flags)
	assert.Equal(t, []string{"a", "b"}, tags)
	assert.Equal(t, []string{"CGO_ENABLED=0", "CC=gcc -m64"}, environment)
}

// The example of in-toto's specification of digest sets.
func TestModuleDigest(t *testing.T) {
	d, ok := manifest.ModuleDigest("h1:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48=")
	assert.True(t, ok)
	assert.Equal(t, "2a1bb6127fb481c60f67692e22285fb306f3c6ffe62075e0ccf674d7c3adcb8f", d.DirHash)
	for _, bad := range []string{"", "h1:", "h2:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48=", "h1:Khu2", "h1:%"} {
		_, ok := manifest.ModuleDigest(bad)
		assert.False(t, ok, bad)
	}
}

func TestProvenanceInput(t *testing.T) {
	p := goodProvenance()
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		got, ok := p.Input(d.Name)
		assert.True(t, ok)
		assert.Equal(t, d, got)
	}
	_, ok := p.Input("nothing")
	assert.False(t, ok)
}

// SLSA's own types read it: every field is one of theirs, and nothing that they
// require is missing.
func TestProvenanceIsSLSA(t *testing.T) {
	data, err := goodProvenance().Encode()
	require.NoError(t, err)
	strict := protojson.UnmarshalOptions{DiscardUnknown: false}
	var predicate slsa.Provenance
	require.NoError(t, strict.Unmarshal(data, &predicate))
	require.NoError(t, predicate.Validate())
	assert.Equal(t, manifest.BuildType, predicate.GetBuildDefinition().GetBuildType())
	assert.Equal(t, manifest.LocalBuilder, predicate.GetRunDetails().GetBuilder().GetId())
	assert.Len(t, predicate.GetBuildDefinition().GetResolvedDependencies(), 8)
	assert.Equal(t, goodRelease().Created, predicate.GetRunDetails().GetMetadata().GetStartedOn().AsTime())
	source := predicate.GetBuildDefinition().GetExternalParameters().AsMap()["source"].(map[string]any)
	assert.Equal(t, commit, source["commit"])

	data, err = goodProvenanceStatement().Encode()
	require.NoError(t, err)
	var statement intoto.Statement
	require.NoError(t, strict.Unmarshal(data, &statement))
	require.NoError(t, statement.Validate())
	assert.Equal(t, "https://slsa.dev/provenance/v1", statement.GetPredicateType())

	// The test above would also pass if the reader overlooked fields.
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	fields["predicates"] = 1
	data, err = json.Marshal(fields)
	require.NoError(t, err)
	assert.Error(t, strict.Unmarshal(data, &statement))
}
