package manifest_test

import (
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// The documents of the tests use every field.

func digest(s string) manifest.Digest { return manifest.DigestOf([]byte(s)) }

func binary() *manifest.Binary {
	return &manifest.Binary{Version: "1.4.2", Digest: digest("base"), Size: 100}
}

func file(path string, mode manifest.Mode) manifest.File {
	return manifest.File{Path: path, Digest: digest(path), Size: int64(len(path)), Mode: mode, Encoding: manifest.EncodingIdentity}
}

func goodPackage() manifest.Package {
	return manifest.Package{
		Schema: manifest.PackageSchema, ID: "fix-1", Product: "payments", Version: "1.4.3",
		Target: target.MustParse("linux/amd64/v3"), Base: binary(),
		Files: []manifest.File{
			file("bin/payments", manifest.ModeExecutable), file("config/a/b.json", manifest.ModeFile),
			file(manifest.RollbackPath, manifest.ModeFile), file(manifest.SBOMPath, manifest.ModeFile),
			file(manifest.VerifyPath, manifest.ModeExecutable),
		},
	}
}

// goodDelta is goodPackage as a delta from its base.
func goodDelta() manifest.Package {
	p := goodPackage()
	p.Files[0].Encoding = manifest.EncodingDelta
	p.Files[0].Delta = &manifest.Delta{Base: p.Base.Digest, Digest: digest("patch"), Size: 7}
	return p
}

func goodRollback() manifest.Rollback {
	return manifest.Rollback{
		Schema: manifest.RollbackSchema, Previous: binary(),
		Restart: &manifest.Restart{Unit: "payments.service"},
		Check:   &manifest.Check{Command: []string{"payments", "-check"}, Seconds: 30},
	}
}

func goodRelease() manifest.Release {
	created := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	entry := func(name, on string) manifest.Entry {
		return manifest.Entry{
			Name: name, Digest: digest(name), Size: 10, Target: target.MustParse(on), Base: binary(),
			Result: &manifest.Result{Version: "1.4.3", Digest: digest("result"), Size: 101, Mode: manifest.ModeExecutable},
		}
	}
	delta := func(name, on string) manifest.Entry {
		e := entry(name, on)
		e.Delta = true
		return e
	}
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments", Channel: "stable", ID: "fix-1", Version: "1.4.3",
		Epoch: 1, Sequence: created.Unix(), Created: created, NotBefore: created.Add(time.Hour), Expires: created.AddDate(0, 1, 0),
		Packages:      []manifest.Entry{entry("a.zip", "linux/amd64"), entry("b.zip", "windows/arm64"), delta("b_from-1.4.2.zip", "windows/arm64")},
		Prerequisites: []string{"fix-0"}, Supersedes: []string{"fix-00", "fix-01"},
		Withdrawals: []manifest.Withdrawal{{ID: "fix-02", Reason: "wrong"}},
		Source:      manifest.Source{Package: "example.com/payments/cmd/payments", Commit: "0123abcd"},
		Toolchain:   "go1.26.8", Flags: []string{"-trimpath", "-ldflags=-s -w"},
	}
}

func goodStatement() manifest.Statement[manifest.Release] {
	return manifest.NewStatement(goodRelease())
}

func goodTrust() manifest.Trust {
	created := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	id := func(digit string) string { return strings.Repeat(digit, 64) }
	two := manifest.Quorum{Threshold: 2, Signers: []string{id("1"), id("2")}}
	one := manifest.Quorum{Threshold: 1, Signers: []string{id("1"), id("2"), id("3")}}
	return manifest.Trust{
		Schema: manifest.TrustSchema, Version: 3, Created: created, Expires: created.AddDate(1, 0, 0),
		Signers: []manifest.TrustSigner{
			{ID: id("1"), Name: "release engineer, 1.4.x", PublicKey: []byte("a key"), NotBefore: created, NotAfter: created.AddDate(1, 0, 0)},
			{ID: id("2"), Name: "reviewer", Identity: &manifest.TrustIdentity{Issuer: "https://id.example.com", Subject: "review@example.com"}},
			{ID: id("3"), Name: "former reviewer", PublicKey: []byte("another"), Revoked: &manifest.Revocation{Since: created, Reason: "left"}},
		},
		Root: two,
		Products: []manifest.TrustProduct{
			{Product: "orders", Channels: []string{"stable"}, Releases: one},
			{
				Product: "payments", Channels: []string{"beta", "stable"}, Releases: two, Permits: &one, Minimum: &manifest.Number{Epoch: 1, Sequence: 100},
				MaxJump: 1000, MaxAgeSeconds: 86400, RequireTimestamp: true,
				Provenance: &manifest.ProvenanceDemand{Builders: []string{"https://ci.example.com/v1"}, Packages: []string{"example.com/payments"}},
			},
		},
		Authorities: []manifest.TrustAuthority{{Name: "clock", Certificates: [][]byte{[]byte("leaf"), []byte("root")}, NotBefore: created, NotAfter: created.AddDate(5, 0, 0)}},
		Clock:       manifest.TrustClock{MaxSkewSeconds: 300},
	}
}

func goodPermit() manifest.Permit {
	from := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return manifest.Permit{
		Schema: manifest.PermitSchema, Product: "payments", Host: "pay-7.example.com", Release: "payments-1.4.2", Statement: digest("statement"),
		NotBefore: from, Expires: from.Add(manifest.MaxPermit), Reason: "1.4.3 loses orders",
	}
}

func goodNotice() manifest.Notice {
	return manifest.Notice{
		Schema: manifest.NoticeSchema, Product: "payments", Channel: "stable", Created: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Withdrawals: []manifest.Withdrawal{{ID: "payments-1.4.2", Reason: "leaks"}, {ID: "payments-1.4.3", Reason: "loses orders"}},
		Statements:  []manifest.Digest{digest("first"), digest("second")},
	}
}

func goodFloor() manifest.Floor {
	return manifest.Floor{
		Schema: manifest.FloorSchema, Product: "payments", Epoch: 1, Sequence: 100, Statement: digest("statement"),
		Clock: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Trust: 3, Installed: []string{"payments-1.4.1", "payments-1.4.2"},
		Withdrawn: []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}},
	}
}
