package manifest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestTrustRules(t *testing.T) {
	type d = manifest.Trust
	long := strings.Repeat("x", manifest.MaxText+1)
	checkRules(t, goodTrust, map[string]rule[d]{
		"schema":                    {func(t *d) { t.Schema = "hotfix.trust/v2" }, "schema", "update the program"},
		"version":                   {func(t *d) { t.Version = 0 }, "version", "from 1"},
		"created":                   {func(t *d) { t.Created = time.Time{} }, "created", "missing"},
		"expires":                   {func(t *d) { t.Expires = time.Time{} }, "expires", "missing"},
		"expires at once":           {func(t *d) { t.Expires = t.Created }, "expires", "is not after created"},
		"a part of a second":        {func(t *d) { t.Expires = t.Expires.Add(1) }, "expires", "whole seconds"},
		"no signers":                {func(t *d) { t.Signers = nil }, "signers", "has 0 entries"},
		"signers out of order":      {func(t *d) { t.Signers[0], t.Signers[1] = t.Signers[1], t.Signers[0] }, "signers[1]", "out of order"},
		"an id":                     {func(t *d) { t.Signers[0].ID = "0123" }, "signers[0].id", "64 lower-case"},
		"no name":                   {func(t *d) { t.Signers[0].Name = "" }, "signers[0].name", "printable"},
		"a name with a newline":     {func(t *d) { t.Signers[0].Name = "a\nb" }, "signers[0].name", "printable"},
		"neither key nor person":    {func(t *d) { t.Signers[0].PublicKey = nil }, "signers[0].publicKey", "not both"},
		"key and person":            {func(t *d) { t.Signers[1].PublicKey = []byte("x") }, "signers[1].publicKey", "not both"},
		"a large key":               {func(t *d) { t.Signers[0].PublicKey = make([]byte, manifest.MaxDER+1) }, "signers[0].publicKey", "at most"},
		"no issuer":                 {func(t *d) { t.Signers[1].Identity.Issuer = "" }, "signers[1].identity.issuer", "printable"},
		"a long subject":            {func(t *d) { t.Signers[1].Identity.Subject = long }, "signers[1].identity.subject", "1 to"},
		"validity backwards":        {func(t *d) { t.Signers[0].NotAfter = t.Signers[0].NotBefore }, "signers[0].notAfter", "is not after notBefore"},
		"no reason":                 {func(t *d) { t.Signers[2].Revoked.Reason = "" }, "signers[2].revoked.reason", "printable"},
		"revoked at a strange time": {func(t *d) { t.Signers[2].Revoked.Since = t.Created.Add(1) }, "signers[2].revoked.since", "whole seconds"},
		"no root":                   {func(t *d) { t.Root.Signers = nil }, "root.signers", "has 0 entries"},
		"a root that is no signer":  {func(t *d) { t.Root.Signers = []string{strings.Repeat("9", 64)} }, "root.signers[0]", "not the id of a signer"},
		"root threshold":            {func(t *d) { t.Root.Threshold = 3 }, "root.threshold", "which is 2"},
		"revoked do not count":      {func(t *d) { t.Products[0].Releases.Threshold = 3 }, "products[0].releases.threshold", "which is 2"},
		"no list of products":       {func(t *d) { t.Products = nil }, "products", "empty list"},
		"products out of order":     {func(t *d) { t.Products[0], t.Products[1] = t.Products[1], t.Products[0] }, "products[1]", "out of order"},
		"a product":                 {func(t *d) { t.Products[0].Product = "Orders" }, "products[0].product", "lower-case"},
		"no channels":               {func(t *d) { t.Products[0].Channels = nil }, "products[0].channels", "has 0 entries"},
		"channels out of order":     {func(t *d) { t.Products[1].Channels = []string{"stable", "beta"} }, "products[1].channels[1]", "out of order"},
		"a channel":                 {func(t *d) { t.Products[0].Channels = []string{"Stable"} }, "products[0].channels[0]", "lower-case"},
		"a channel twice": {func(t *d) {
			p := t.Products[1]
			p.Channels = []string{"stable"}
			t.Products = append(t.Products, p)
		}, "products[2].channels", "another entry"},
		"who releases":            {func(t *d) { t.Products[0].Releases.Signers = nil }, "products[0].releases.signers", "has 0 entries"},
		"who permits":             {func(t *d) { t.Products[1].Permits.Threshold = 0 }, "products[1].permits.threshold", "from 1"},
		"minimum epoch":           {func(t *d) { t.Products[1].Minimum.Epoch = -1 }, "products[1].minimum.epoch", "from 0"},
		"minimum sequence":        {func(t *d) { t.Products[1].Minimum.Sequence = 0 }, "products[1].minimum.sequence", "from 1"},
		"jump":                    {func(t *d) { t.Products[1].MaxJump = -1 }, "products[1].maxJump", "from 0"},
		"age":                     {func(t *d) { t.Products[1].MaxAgeSeconds = -1 }, "products[1].maxAgeSeconds", "from 0"},
		"builders":                {func(t *d) { t.Products[1].Provenance.Builders = []string{""} }, "products[1].provenance.builders[0]", "printable"},
		"packages":                {func(t *d) { t.Products[1].Provenance.Packages = []string{long} }, "products[1].provenance.packages[0]", "1 to"},
		"authorities twice":       {func(t *d) { t.Authorities = append(t.Authorities, t.Authorities[0]) }, "authorities[1]", "twice"},
		"an authority's name":     {func(t *d) { t.Authorities[0].Name = "" }, "authorities[0].name", "printable"},
		"no certificates":         {func(t *d) { t.Authorities[0].Certificates = nil }, "authorities[0].certificates", "has 0 entries"},
		"too many certificates":   {func(t *d) { t.Authorities[0].Certificates = make([][]byte, manifest.MaxCertificates+1) }, "authorities[0].certificates", "must have 1 to 8"},
		"an empty certificate":    {func(t *d) { t.Authorities[0].Certificates[1] = nil }, "authorities[0].certificates[1]", "has 0 bytes"},
		"a large certificate":     {func(t *d) { t.Authorities[0].Certificates[0] = make([]byte, manifest.MaxDER+1) }, "authorities[0].certificates[0]", "must have"},
		"an authority backwards":  {func(t *d) { t.Authorities[0].NotAfter = t.Authorities[0].NotBefore }, "authorities[0].notAfter", "is not after"},
		"negative skew":           {func(t *d) { t.Clock.MaxSkewSeconds = -1 }, "clock.maxSkewSeconds", "from 0"},
		"skew of more than a day": {func(t *d) { t.Clock.MaxSkewSeconds = manifest.MaxSkew + 1 }, "clock.maxSkewSeconds", "from 0"},
	})
}

func TestPermitRules(t *testing.T) {
	type d = manifest.Permit
	checkRules(t, goodPermit, map[string]rule[d]{
		"schema":     {func(p *d) { p.Schema = "" }, "schema", "is not"},
		"product":    {func(p *d) { p.Product = "" }, "product", "lower-case"},
		"host":       {func(p *d) { p.Host = "" }, "host", "must be letters"},
		"a host":     {func(p *d) { p.Host = "pay 7" }, "host", "must be letters"},
		"long host":  {func(p *d) { p.Host = strings.Repeat("a", 254) }, "host", "at most 253"},
		"release":    {func(p *d) { p.Release = "/" }, "release", "must be letters"},
		"statement":  {func(p *d) { p.Statement = manifest.Digest{} }, "statement", "missing"},
		"not before": {func(p *d) { p.NotBefore = time.Time{} }, "notBefore", "missing"},
		"expires":    {func(p *d) { p.Expires = time.Time{} }, "expires", "missing"},
		"backwards":  {func(p *d) { p.Expires = p.NotBefore }, "expires", "is not after"},
		"too long":   {func(p *d) { p.Expires = p.Expires.Add(time.Second) }, "expires", "more than 168h"},
		"reason":     {func(p *d) { p.Reason = "" }, "reason", "printable"},
	})
}

func TestNoticeRules(t *testing.T) {
	type d = manifest.Notice
	checkRules(t, goodNotice, map[string]rule[d]{
		"schema":       {func(n *d) { n.Schema = "" }, "schema", "is not"},
		"product":      {func(n *d) { n.Product = "" }, "product", "lower-case"},
		"channel":      {func(n *d) { n.Channel = "" }, "channel", "lower-case"},
		"created":      {func(n *d) { n.Created = time.Time{} }, "created", "missing"},
		"nothing":      {func(n *d) { n.Withdrawals, n.Statements = nil, nil }, "withdrawals", "at least one"},
		"too few":      {func(n *d) { n.Statements = n.Statements[:1] }, "withdrawals", "as many of both"},
		"an id":        {func(n *d) { n.Withdrawals[0].ID = "" }, "withdrawals[0].version", "must be letters"},
		"out of order": {func(n *d) { n.Withdrawals[0], n.Withdrawals[1] = n.Withdrawals[1], n.Withdrawals[0] }, "withdrawals[1]", "out of order"},
		"reason":       {func(n *d) { n.Withdrawals[1].Reason = "" }, "withdrawals[1].reason", "printable"},
	})
}

func TestFloorRules(t *testing.T) {
	type d = manifest.Floor
	many := make([]string, manifest.MaxRemembered+1)
	checkRules(t, goodFloor, map[string]rule[d]{
		"schema":             {func(f *d) { f.Schema = "" }, "schema", "is not"},
		"product":            {func(f *d) { f.Product = "" }, "product", "lower-case"},
		"epoch":              {func(f *d) { f.Epoch = -1 }, "epoch", "from 0"},
		"sequence":           {func(f *d) { f.Sequence = -1 }, "sequence", "from 0"},
		"no statement":       {func(f *d) { f.Statement = manifest.Digest{} }, "statement", "if and only if"},
		"statement alone":    {func(f *d) { f.Epoch, f.Sequence = 0, 0 }, "statement", "if and only if"},
		"epoch alone":        {func(f *d) { f.Sequence, f.Statement = 0, manifest.Digest{} }, "statement", "if and only if"},
		"clock":              {func(f *d) { f.Clock = f.Clock.Add(1) }, "clock", "whole seconds"},
		"trust":              {func(f *d) { f.Trust = -1 }, "trust", "from 0"},
		"installed":          {func(f *d) { f.Installed[0] = "" }, "installed[0].version", "must be letters"},
		"too many installed": {func(f *d) { f.Installed = many }, "installed", "at most"},
		"withdrawn":          {func(f *d) { f.Withdrawn[0].Reason = "" }, "withdrawn[0].reason", "printable"},
	})
}

// A release that leads to itself, or from one thing to its contrary.
func TestReleaseRelations(t *testing.T) {
	type d = manifest.Release
	checkRules(t, goodRelease, map[string]rule[d]{
		"needs itself":             {func(r *d) { r.Prerequisites = []string{r.ID} }, "prerequisites[0]", "the release itself"},
		"contains itself":          {func(r *d) { r.Supersedes = []string{r.ID} }, "supersedes[0]", "the release itself"},
		"takes itself back":        {func(r *d) { r.Withdrawals[0].ID = r.ID }, "withdrawals[0]", "the release itself"},
		"needs what it contains":   {func(r *d) { r.Supersedes[0] = "fix-0" }, "supersedes[0]", "one of the prerequisites"},
		"needs what it takes back": {func(r *d) { r.Withdrawals[0].ID = "fix-0" }, "withdrawals[0]", "one of the prerequisites"},
	})
}

// Subjects follow from what a statement says, and nobody can say others.
func TestStatementSubjects(t *testing.T) {
	permit := manifest.NewStatement(goodPermit())
	assert.Equal(t, []manifest.Subject{{Name: "payments-1.4.2", Digest: manifest.SubjectDigest{SHA256: digest("statement").Hex()}}}, permit.Subject)
	notice := manifest.NewStatement(goodNotice())
	assert.Len(t, notice.Subject, 2)
	trust := manifest.NewStatement(goodTrust())
	data, err := goodTrust().Encode()
	require.NoError(t, err)
	assert.Equal(t, manifest.DigestOf(data).Hex(), trust.Subject[0].Digest.SHA256)

	permit.Subject[0].Digest.SHA256 = digest("another").Hex()
	assert.ErrorContains(t, permit.Validate(), "subject[0]")
	notice.Subject = notice.Subject[:1]
	assert.ErrorContains(t, notice.Validate(), "subject")
	trust.PredicateType = manifest.PermitPredicate
	assert.ErrorContains(t, trust.Validate(), "predicateType")
	trust = manifest.NewStatement(goodTrust())
	trust.Type = ""
	assert.ErrorContains(t, trust.Validate(), "_type")
}

func TestNumbers(t *testing.T) {
	ascending := []manifest.Number{{}, {Sequence: 1}, {Sequence: 2}, {Epoch: 1, Sequence: 1}}
	for i, a := range ascending {
		for j, b := range ascending {
			switch got := a.Compare(b); {
			case i < j:
				assert.Negative(t, got)
			case i > j:
				assert.Positive(t, got)
			default:
				assert.Zero(t, got)
			}
		}
	}
	assert.Equal(t, "sequence 7 of epoch 2", manifest.Number{Epoch: 2, Sequence: 7}.String())
}
