package hotfix

import (
	"cmp"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// identity is what all packages of a release have in common.
type identity struct {
	id, version     string
	epoch, sequence int64
	created         time.Time
}

// identify decides id, version, numbers and date from the options, the source
// and the base.
func (r *run) identify(s *source, b *base) (identity, error) {
	created, err := r.date(s)
	if err != nil {
		return identity{}, err
	}
	i := identity{id: r.id, version: r.version, epoch: r.epoch, sequence: r.sequence, created: created}
	if i.version == "" {
		i.version = r.defaultVersion(s, b)
	}
	if i.id == "" {
		i.id = r.product + "-" + i.version
	}
	if i.sequence == 0 {
		i.sequence = created.Unix()
		if b.release != nil {
			i.epoch = b.release.Epoch
			i.sequence = max(i.sequence, b.release.Sequence+1)
		}
	}
	return i, manifest.CheckVersion(i.id)
}

func (r *run) defaultVersion(s *source, b *base) string {
	if tag := s.versionTag(); tag != "" && r.fix != "" {
		return tag
	}
	if b.version != "" {
		return nextVersion(b.version)
	}
	return "v0.0.0"
}

// release lists the packages under the identity.
func (r *run) release(i identity, s *source, main build.Main, artifacts []*build.Artifact, packages []*pack.Package) manifest.Release {
	entries := make([]manifest.Entry, len(packages))
	for n, p := range packages {
		entries[n] = p.Entry()
	}
	slices.SortFunc(entries, func(a, b manifest.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: r.product, Channel: r.channel, ID: i.id, Version: i.version,
		Epoch: i.epoch, Sequence: i.sequence, Created: i.created, NotBefore: r.notBefore, Expires: r.expires,
		Packages: entries, Prerequisites: r.prerequisites, Supersedes: r.supersedes, Withdrawals: r.withdrawals,
		Source:    manifest.Source{Package: main.ImportPath, Commit: s.commit},
		Toolchain: artifacts[0].Toolchain, Flags: artifacts[0].Plan.Flags(),
	}
}
