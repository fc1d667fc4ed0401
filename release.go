package hotfix

import (
	"cmp"
	"fmt"
	"slices"
	"time"

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
func (r *run) identify() (identity, error) {
	created, err := r.date()
	if err != nil {
		return identity{}, err
	}
	i := identity{id: r.id, version: r.version, epoch: r.epoch, sequence: r.sequence, created: created}
	if i.version == "" {
		i.version = r.defaultVersion()
	}
	if i.id == "" {
		i.id = r.product + "-" + i.version
	}
	if i.sequence == 0 {
		i.sequence = created.Unix()
		if release := r.old.release; release != nil {
			i.epoch = release.Epoch
			i.sequence = max(i.sequence, release.Sequence+1)
		}
	}
	if err := i.checkAbove(r.old.release); err != nil {
		return identity{}, err
	}
	return i, r.tryRelease(i)
}

// checkAbove refuses numbers that a host with the base would refuse.
func (i identity) checkAbove(base *manifest.Release) error {
	if base == nil || cmp.Or(cmp.Compare(i.epoch, base.Epoch), cmp.Compare(i.sequence, base.Sequence)) > 0 {
		return nil
	}
	return fmt.Errorf("%s is not above the base's %s, and no host takes it: give WithSequence a higher one",
		manifest.FormatSequence(i.epoch, i.sequence), manifest.FormatSequence(base.Epoch, base.Sequence))
}

// tryRelease checks what can be known of the release before anything is built.
func (r *run) tryRelease(i identity) error {
	if _, err := r.packer(i.created); err != nil {
		return err
	}
	trial := manifest.Entry{Name: "trial", Digest: manifest.DigestOf(nil), Target: r.targets[0]}
	release := r.describe(i)
	release.Packages = []manifest.Entry{trial}
	release.Source, release.Toolchain, release.Flags = manifest.Source{Package: "trial"}, "trial", []string{}
	return release.Validate()
}

func (r *run) defaultVersion() string {
	if tag := r.fix.Revision().Version; tag != "" && r.fixRevision != "" {
		return tag
	}
	if r.old.version != "" {
		return nextVersion(r.old.version)
	}
	return "v0.0.0"
}

func (r *run) recordIdentity() {
	i, b, result := r.about, r.old, r.result
	result.ID, result.Version, result.Epoch, result.Sequence, result.Created = i.id, i.version, i.epoch, i.sequence, i.created
	result.Base = BaseResult{Version: b.version, Toolchain: b.toolchain}
	if b.source != nil {
		result.Base.Commit = b.source.commit
	}
	for _, t := range r.targets {
		result.Targets = append(result.Targets, TargetResult{Target: t, Base: b.binary(t)})
	}
}

// release lists the packages under the identity.
func (r *run) release(packages []*pack.Package) manifest.Release {
	entries := make([]manifest.Entry, len(packages))
	for n, p := range packages {
		entries[n] = p.Entry()
	}
	slices.SortFunc(entries, func(a, b manifest.Entry) int { return cmp.Compare(a.Name, b.Name) })
	release := r.describe(r.about)
	release.Packages = entries
	release.Source = manifest.Source{Package: r.built.main.ImportPath, Commit: r.fix.commit}
	release.Toolchain, release.Flags = r.built.artifacts[0].Toolchain, r.built.artifacts[0].Plan.Flags()
	return release
}

// describe fills in what the options and the identity say.
func (r *run) describe(i identity) manifest.Release {
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: r.product, Channel: r.channel, ID: i.id, Version: i.version,
		Epoch: i.epoch, Sequence: i.sequence, Created: i.created, NotBefore: r.notBefore, Expires: r.expires,
		Prerequisites: r.prerequisites, Supersedes: r.supersedes, Withdrawals: r.withdrawals,
	}
}
