package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// rule is one change that makes a good document break a rule.
type rule[T any] struct {
	change func(*T)
	field  string // that the error names
	reason string // a part of the reason
}

// checkRules requires that the good document is valid, and that each change
// makes it invalid for the given reason, in Validate as in Encode if it is a file.
func checkRules[T interface{ Validate() error }](t *testing.T, good func() T, rules map[string]rule[T]) {
	t.Helper()
	require.NoError(t, good().Validate())
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			doc := good()
			r.change(&doc)
			err := doc.Validate()
			var invalid *manifest.InvalidError
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, r.field, invalid.Field, "%v", err)
			assert.Contains(t, invalid.Reason, r.reason)
			if file, ok := any(doc).(manifest.Attestation); ok {
				_, err = file.Encode()
				assert.ErrorAs(t, err, &invalid)
			}
		})
	}
}

func TestPackageRules(t *testing.T) {
	type p = manifest.Package
	long := strings.Repeat("x", manifest.MaxVersion+1)
	checkRules(t, goodPackage, map[string]rule[p]{
		"schema":            {func(d *p) { d.Schema = "hotfix.package/v2" }, "schema", "is not"},
		"no id":             {func(d *p) { d.ID = "" }, "id.version", "must be letters"},
		"product":           {func(d *p) { d.Product = "Payments" }, "product", "lower-case"},
		"version":           {func(d *p) { d.Version = long }, "version", "at most"},
		"target":            {func(d *p) { d.Target = target.Target{OS: "linux"} }, "target", "is not a target"},
		"base version":      {func(d *p) { d.Base.Version = "-" }, "base.version", "begin with"},
		"base digest":       {func(d *p) { d.Base.Digest = manifest.Digest{} }, "base.digest", "missing"},
		"base size":         {func(d *p) { d.Base.Size = -1 }, "base.size", "from 0"},
		"no files":          {func(d *p) { d.Files = nil }, "files", "has 0 entries"},
		"too many files":    {func(d *p) { d.Files = manyFiles(manifest.MaxFiles + 1) }, "files", "entries"},
		"path":              {func(d *p) { d.Files[1].Path = "config/../x" }, "files[1].path", "relative path"},
		"elsewhere":         {func(d *p) { d.Files[1].Path = "etc/x" }, "files[1].path", "is neither"},
		"below bin/x":       {func(d *p) { d.Files[0].Path = "bin/a/b" }, "files[0].path", "is neither"},
		"manifest itself":   {func(d *p) { d.Files[1].Path = manifest.ManifestPath }, "files[1].path", "is neither"},
		"mode":              {func(d *p) { d.Files[0].Mode = "0777" }, "files[0].mode", "neither 0644"},
		"encoding":          {func(d *p) { d.Files[0].Encoding = "gzip" }, "files[0].encoding", "neither"},
		"delta of identity": {func(d *p) { d.Files[0].Delta = goodDelta().Files[0].Delta }, "files[0].delta", "must not be there"},
		"digest":            {func(d *p) { d.Files[0].Digest = manifest.Digest{} }, "files[0].digest", "missing"},
		"size":              {func(d *p) { d.Files[0].Size = manifest.MaxFile + 1 }, "files[0].size", "from 0"},
		"order":             {func(d *p) { d.Files[0], d.Files[1] = d.Files[1], d.Files[0] }, "files[1].path", "out of order"},
		"twice":             {func(d *p) { d.Files[2] = d.Files[1] }, "files[2].path", "twice"},
		"letter case":       {func(d *p) { d.Files = []manifest.File{file("config/A", "0644"), file("config/a", "0644")} }, "files[1].path", "only in case"},
		"below a file":      {func(d *p) { d.Files = []manifest.File{file("config/a", "0644"), file("config/a/b", "0644")} }, "files[1].path", "below another file"},
		"below, by case":    {func(d *p) { d.Files = []manifest.File{file("config/A/b", "0644"), file("config/a", "0644")} }, "files[0].path", "below another file"},
		"two executables":   {func(d *p) { d.Files = []manifest.File{file("bin/a", "0755"), file("bin/b", "0755")} }, "files", "more than one executable"},
		"odd version name":  {func(d *p) { d.Version = "nul" }, "version", ""},
	})
}

func TestDeltaRules(t *testing.T) {
	type p = manifest.Package
	checkRules(t, goodDelta, map[string]rule[p]{
		"identity":        {func(d *p) { d.Files[0].Encoding = manifest.EncodingIdentity }, "files[0].delta", "must not be there"},
		"no delta":        {func(d *p) { d.Files[0].Delta = nil }, "files[0].delta", "is missing"},
		"no base":         {func(d *p) { d.Base = nil }, "files[0].delta.base", "not the digest of the package's base"},
		"another base":    {func(d *p) { d.Base.Digest = digest("other") }, "files[0].delta.base", "not the digest of the package's base"},
		"base missing":    {func(d *p) { d.Files[0].Delta.Base = manifest.Digest{} }, "files[0].delta.base", "is missing"},
		"both missing":    {func(d *p) { d.Base, d.Files[0].Delta.Base = nil, manifest.Digest{} }, "files[0].delta.base", "is missing"},
		"patch digest":    {func(d *p) { d.Files[0].Delta.Digest = manifest.Digest{} }, "files[0].delta.digest", "is missing"},
		"negative size":   {func(d *p) { d.Files[0].Delta.Size = -1 }, "files[0].delta.size", "from 0"},
		"large patch":     {func(d *p) { d.Files[0].Delta.Size = manifest.MaxFile + 1 }, "files[0].delta.size", "from 0"},
		"result digest":   {func(d *p) { d.Files[0].Digest = manifest.Digest{} }, "files[0].digest", "is missing"},
		"result size":     {func(d *p) { d.Files[0].Size = -1 }, "files[0].size", "from 0"},
		"of config":       {func(d *p) { d.Files[1].Encoding, d.Files[1].Delta = manifest.EncodingDelta, d.Files[0].Delta }, "files[1].encoding", "below bin/ alone"},
		"of a script":     {func(d *p) { d.Files[4].Encoding, d.Files[4].Delta = manifest.EncodingDelta, d.Files[0].Delta }, "files[4].encoding", "below bin/ alone"},
		"of the rollback": {func(d *p) { d.Files[2].Encoding, d.Files[2].Delta = manifest.EncodingDelta, d.Files[0].Delta }, "files[2].encoding", "below bin/ alone"},
	})
}

func manyFiles(n int) []manifest.File {
	files := make([]manifest.File, n)
	for i := range files {
		files[i] = file(fmt.Sprintf("config/%08d", i), manifest.ModeFile)
	}
	return files
}

func TestRollbackRules(t *testing.T) {
	type r = manifest.Rollback
	checkRules(t, goodRollback, map[string]rule[r]{
		"schema":             {func(d *r) { d.Schema = "" }, "schema", "is not"},
		"previous":           {func(d *r) { d.Previous.Digest = manifest.Digest{} }, "previous.digest", "missing"},
		"restart of nothing": {func(d *r) { d.Restart.Unit = "" }, "restart.unit", "is needed"},
		"restart of both":    {func(d *r) { d.Restart.Command = []string{"x"} }, "restart.unit", "not both"},
		"restart, text":      {func(d *r) { d.Restart.Unit = "a\nb" }, "restart.unit", "printable"},
		"check of both":      {func(d *r) { d.Check.URL = "http://x" }, "check.url", "not both"},
		"check, command":     {func(d *r) { d.Check.Command = []string{"x", ""} }, "check.command[1]", "printable"},
		"check, many words":  {func(d *r) { d.Check.Command = make([]string, manifest.MaxList+1) }, "check.command", "at most"},
		"no time":            {func(d *r) { d.Check.Seconds = 0 }, "check.seconds", "from 1"},
		"too much time":      {func(d *r) { d.Check.Seconds = manifest.MaxCheckSeconds + 1 }, "check.seconds", "from 1"},
	})
}

func TestReleaseRules(t *testing.T) {
	type r = manifest.Release
	local := time.FixedZone("x", 3600)
	checkRules(t, goodRelease, map[string]rule[r]{
		"schema":             {func(d *r) { d.Schema = "" }, "schema", "is not"},
		"product":            {func(d *r) { d.Product = "" }, "product", "lower-case"},
		"channel":            {func(d *r) { d.Channel = "A" }, "channel", "lower-case"},
		"epoch":              {func(d *r) { d.Epoch = -1 }, "epoch", "from 0"},
		"sequence":           {func(d *r) { d.Sequence = 0 }, "sequence", "from 1"},
		"large sequence":     {func(d *r) { d.Sequence = manifest.MaxInteger + 1 }, "sequence", "2^53"},
		"created":            {func(d *r) { d.Created = time.Time{} }, "created", "missing"},
		"created, zone":      {func(d *r) { d.Created = d.Created.In(local) }, "created", "UTC"},
		"created, fraction":  {func(d *r) { d.Created = d.Created.Add(1) }, "created", "whole seconds"},
		"not before":         {func(d *r) { d.NotBefore = d.NotBefore.In(local) }, "notBefore", "UTC"},
		"expires":            {func(d *r) { d.Expires = d.Expires.Add(1) }, "expires", "whole seconds"},
		"expires at once":    {func(d *r) { d.Expires = d.Created }, "expires", "not after"},
		"expires before":     {func(d *r) { d.Expires = d.NotBefore }, "expires", "not after"},
		"no packages":        {func(d *r) { d.Packages = nil }, "packages", "has 0 entries"},
		"many packages":      {func(d *r) { d.Packages = make([]manifest.Entry, manifest.MaxPackages+1) }, "packages", "entries"},
		"package name":       {func(d *r) { d.Packages[0].Name = "../a" }, "packages[0].name", "relative path"},
		"package in folder":  {func(d *r) { d.Packages[0].Name = "a/b" }, "packages[0].name", "file name alone"},
		"package order":      {func(d *r) { d.Packages[0].Name = "c.zip" }, "packages[1].name", "out of order"},
		"package case":       {func(d *r) { d.Packages[0].Name = "B.zip" }, "packages[1].name", "only in case"},
		"package digest":     {func(d *r) { d.Packages[0].Digest = manifest.Digest{} }, "packages[0].digest", "missing"},
		"package target":     {func(d *r) { d.Packages[0].Target = target.Target{} }, "packages[0].target", "is not a target"},
		"package base":       {func(d *r) { d.Packages[0].Base = &manifest.Binary{} }, "packages[0].base.version", ""},
		"delta, no base":     {func(d *r) { d.Packages[2].Base = nil }, "packages[2].delta", "needs a base"},
		"delta, no result":   {func(d *r) { d.Packages[2].Result = nil }, "packages[2].delta", "needs a base"},
		"same delta twice":   {func(d *r) { d.Packages[1].Delta = true }, "packages[2]", "one delta for each base"},
		"two full packages":  {func(d *r) { d.Packages[2].Delta = false }, "packages[2]", "at most one full"},
		"another result":     {func(d *r) { d.Packages[2].Result.Digest = digest("x") }, "packages[2].result", "not that of the other packages"},
		"no result in one":   {func(d *r) { d.Packages[1].Result = nil }, "packages[2].result", "not that of the other packages"},
		"result mode":        {func(d *r) { d.Packages[0].Result.Mode = "0644" }, "packages[0].result.mode", "0755"},
		"result size":        {func(d *r) { d.Packages[0].Result.Size = -1 }, "packages[0].result.size", "from 0"},
		"prerequisite":       {func(d *r) { d.Prerequisites = []string{"a b"} }, "prerequisites[0].version", ""},
		"supersedes, order":  {func(d *r) { d.Supersedes = []string{"b", "a"} }, "supersedes[1]", "out of order"},
		"many prerequisites": {func(d *r) { d.Prerequisites = make([]string, manifest.MaxList+1) }, "prerequisites", "at most"},
		"withdrawal, reason": {func(d *r) { d.Withdrawals[0].Reason = "" }, "withdrawals[0].reason", "printable"},
		"withdrawal, id":     {func(d *r) { d.Withdrawals[0].ID = "" }, "withdrawals[0].version", ""},
		"source package":     {func(d *r) { d.Source.Package = "" }, "source.package", "printable"},
		"source commit":      {func(d *r) { d.Source.Commit = "a b" }, "source.commit", ""},
		"toolchain":          {func(d *r) { d.Toolchain = "" }, "toolchain", "printable"},
		"no flags":           {func(d *r) { d.Flags = nil }, "flags", "missing"},
		"flag":               {func(d *r) { d.Flags = []string{"ä"} }, "flags[0]", "printable"},
	})
}

// Two bases of one target are two deltas.
func TestSeveralDeltas(t *testing.T) {
	r := goodRelease()
	other := r.Packages[2]
	other.Name, other.Base = "b_from-1.4.1.zip", &manifest.Binary{Version: "1.4.1", Digest: digest("older")}
	r.Packages = []manifest.Entry{r.Packages[0], r.Packages[1], other, r.Packages[2]}
	assert.NoError(t, r.Validate())
	r.Packages = r.Packages[1:2]
	assert.NoError(t, r.Validate())
}

func TestStatementRules(t *testing.T) {
	type s = manifest.Statement[manifest.Release]
	checkRules(t, goodStatement, map[string]rule[s]{
		"type":           {func(d *s) { d.Type = "" }, "_type", "is not"},
		"predicate type": {func(d *s) { d.PredicateType = "" }, "predicateType", "is not"},
		"predicate":      {func(d *s) { d.Predicate.Toolchain = "" }, "predicate.toolchain", "printable"},
		"fewer subjects": {func(d *s) { d.Subject = d.Subject[:1] }, "subject", "exactly"},
		"more subjects":  {func(d *s) { d.Subject = append(d.Subject, d.Subject[0]) }, "subject", "exactly"},
		"other name":     {func(d *s) { d.Subject[0].Name = "x" }, "subject[0]", "at this place"},
		"other digest":   {func(d *s) { d.Subject[1].Digest = d.Subject[0].Digest }, "subject[1]", "at this place"},
	})
}

func TestPaths(t *testing.T) {
	element := strings.Repeat("x", manifest.MaxElement)
	for _, good := range []string{"a", "a/b", "a b", "bin/x.exe", "com", "com10", "nulx", "a.b.c", "-", "~", element, "a/" + element} {
		assert.NoError(t, manifest.CheckPath(good), good)
	}
	for _, bad := range []string{
		"", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/..", "a/./b", `a\b`, "a:b", "a*", "a?", `a"`, "a<", "a>", "a|", "a\x00", "a\x1f", "a\x7f", "ä", "\xff",
		"nul", "NUL", "nul.txt", "Con", "prn", "aux.x.y", "com0", "COM9.log", "lpt1", "conin$", "CONOUT$", "nul .txt", "a.", "a ", "a./b", "a /b",
		element + "x", strings.Repeat("xxxxxxxxx/", 24) + "x",
	} {
		var invalid *manifest.InvalidError
		assert.ErrorAs(t, manifest.CheckPath(bad), &invalid, "%q", bad)
	}
}

func TestProductsAndVersions(t *testing.T) {
	for _, good := range []string{"a", "0", "a-b_c.d", strings.Repeat("x", manifest.MaxName)} {
		assert.NoError(t, manifest.CheckProduct(good), good)
	}
	for _, bad := range []string{"", "A", "a b", "-a", ".a", "_a", "a/b", "a.", "nul", "ä", strings.Repeat("x", manifest.MaxName+1)} {
		assert.Error(t, manifest.CheckProduct(bad), bad)
	}
	for _, good := range []string{"1", "v1.2.3-rc.1+meta", "A_b", strings.Repeat("x", manifest.MaxVersion)} {
		assert.NoError(t, manifest.CheckVersion(good), good)
	}
	for _, bad := range []string{"", "-1", "+1", "1 2", "1/2", "1.", "nul", strings.Repeat("x", manifest.MaxVersion+1)} {
		assert.Error(t, manifest.CheckVersion(bad), bad)
	}
}

func TestDigests(t *testing.T) {
	d := digest("x")
	for _, parse := range []func() (manifest.Digest, error){
		func() (manifest.Digest, error) { return manifest.ParseDigest(d.String()) },
		func() (manifest.Digest, error) { return manifest.ParseHexDigest(d.Hex()) },
		func() (manifest.Digest, error) {
			r, n, err := manifest.DigestReader(strings.NewReader("x"))
			assert.EqualValues(t, 1, n)
			return r, err
		},
	} {
		got, err := parse()
		require.NoError(t, err)
		assert.Equal(t, d, got)
	}
	assert.Equal(t, d.Hex()[:12], d.Short())
	for _, bad := range []string{"", d.Hex(), "sha256:" + d.Hex()[1:], "sha256:" + strings.ToUpper(d.Hex()), "SHA256:" + d.Hex(), "sha256:" + d.Hex() + "0", "sha256:" + strings.Repeat("g", 64)} {
		_, err := manifest.ParseDigest(bad)
		assert.Error(t, err, bad)
	}
	_, err := manifest.Digest{}.MarshalText()
	assert.Error(t, err)
	fault := errors.New("fault")
	_, _, err = manifest.DigestReader(failing{fault})
	assert.ErrorIs(t, err, fault)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLookups(t *testing.T) {
	p := goodPackage()
	f, ok := p.File("config/a/b.json")
	assert.True(t, ok)
	assert.Equal(t, p.Files[1], f)
	_, ok = p.File("config")
	assert.False(t, ok)
	f, ok = p.Executable()
	assert.True(t, ok)
	assert.Equal(t, "bin/payments", f.Path)
	p.Files = p.Files[1:]
	_, ok = p.Executable()
	assert.False(t, ok)
	r := goodRelease()
	e, ok := r.Entry("b.zip")
	assert.True(t, ok)
	assert.Equal(t, r.Packages[1], e)
	_, ok = r.Entry("c.zip")
	assert.False(t, ok)
}

// Hostile values are quoted and cut in messages.
func TestFormatSequence(t *testing.T) {
	assert.Equal(t, "sequence 7", manifest.FormatSequence(0, 7))
	assert.Equal(t, "sequence 7 of epoch 2", manifest.FormatSequence(2, 7))
}

func TestMessages(t *testing.T) {
	err := manifest.CheckPath(strings.Repeat("x", 1000) + "\n")
	assert.Less(t, len(err.Error()), 250)
	assert.NotContains(t, err.Error(), "\n")
	assert.EqualError(t, &manifest.SumsError{Reason: "lists nothing"}, "manifest: SHA256SUMS lists nothing")
	assert.EqualError(t, &manifest.SumsError{Line: 3, Reason: "is wrong"}, "manifest: SHA256SUMS line 3 is wrong")
}
