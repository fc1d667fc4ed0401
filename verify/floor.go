package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// checkFloor compares the release with what the host has confirmed before, and
// with what the trust file says of old releases.
func (j *judgment) checkFloor(ctx context.Context) error {
	if err := j.checkMinimum(); err != nil {
		return err
	}
	if j.floor == nil {
		j.leave(RuleRollback, "no floor was given: whether it is older than what is installed was not looked at")
		return j.checkAge()
	}
	if j.floor.Product != j.release.Product {
		return refuse(RuleProduct, ErrUnknownProduct, fmt.Sprintf("the release is one of product %s, and the floor of %s", j.release.Product, j.floor.Product), "give the floor of the product")
	}
	for _, check := range []func() error{j.checkWithdrawn, func() error { return j.checkNumber(ctx) }, j.checkPrerequisites} {
		if err := check(); err != nil {
			return err
		}
	}
	if j.result.Installed {
		return nil
	}
	return j.checkAge()
}

func (j *judgment) checkMinimum() error {
	least := j.rules.Minimum
	if least == nil {
		return nil
	}
	if j.release.Number().Compare(*least) < 0 {
		return refuse(RuleMinimum, ErrBelowMinimum, fmt.Sprintf("hotfix %s has %s, below the minimum secure version of the trust file, %s", j.release.ID, j.release.Number(), *least), "take a newer release")
	}
	j.establish(RuleMinimum, "not below the minimum secure version, %s", *least)
	return nil
}

func (j *judgment) checkWithdrawn() error {
	for _, w := range j.floor.Withdrawn {
		if w.ID == j.release.ID {
			return refuse(RuleWithdrawn, ErrWithdrawn, fmt.Sprintf("hotfix %s was taken back: %s", w.ID, printable(w.Reason)), "take a newer release")
		}
	}
	return nil
}

// checkNumber stops old releases, other content under the same number, and numbers
// after which no other would follow.
func (j *judgment) checkNumber(ctx context.Context) error {
	newest, number := j.floor.Number(), j.release.Number()
	switch order := number.Compare(newest); {
	case order < 0:
		return j.downgrade(ctx)
	case order == 0 && j.floor.Statement != j.result.Statement:
		return refuse(RuleEquivocation, ErrEquivocation, fmt.Sprintf("hotfix %s has %s, which this host has confirmed with another content (statement %s, now %s)", j.release.ID, number, j.floor.Statement.Short(), j.result.Statement.Short()),
			"find out who signed two releases with one number, and have it signed with a new one")
	case order == 0:
		j.result.Installed = true
		j.establish(RuleRollback, "confirmed on this host before")
		return nil
	}
	if err := j.checkJump(newest, number); err != nil {
		return err
	}
	j.establish(RuleRollback, "newer than what this host has confirmed (%s)", newest)
	return nil
}

// checkJump keeps a number from being raised so far that none can follow.
func (j *judgment) checkJump(newest, number manifest.Number) error {
	most := j.rules.MaxJump
	if most == 0 {
		most = manifest.DefaultMaxJump
	}
	too := ""
	switch {
	case newest.Sequence == 0: // the first one
	case number.Epoch > newest.Epoch+1:
		too = "more than one epoch"
	case number.Epoch == newest.Epoch && number.Sequence-newest.Sequence > most:
		too = fmt.Sprintf("more than %d", most)
	}
	if too == "" {
		return nil
	}
	return refuse(RuleJump, ErrJump, fmt.Sprintf("hotfix %s has %s, %s above the newest confirmed one (%s)", j.release.ID, number, too, newest), "check its number; if it is meant, raise maxJump in the trust file or the epoch by one")
}

// checkPrerequisites requires that all are confirmed on this host: none is ever
// fetched because a release asks for it.
func (j *judgment) checkPrerequisites() error {
	for _, id := range j.release.Prerequisites {
		if _, ok := slices.BinarySearch(j.floor.Installed, id); !ok {
			return refuse(RulePrerequisite, ErrPrerequisite, fmt.Sprintf("hotfix %s needs %s, which is not confirmed on this host", j.release.ID, id), "install "+id+" first, or take a release that supersedes both")
		}
	}
	return nil
}

// Seen is the floor after this release was verified, installed or not: a time that
// was proven, what it takes back, and the version of the trust file stay known. The
// error is that of a floor that cannot hold more.
func (r *Result) Seen(f manifest.Floor) (manifest.Floor, error) {
	f.Trust = max(f.Trust, r.TrustVersion)
	if r.Release.Created.Before(r.Judged) { // signed, and not in the future
		f.Clock = latest(f.Clock, r.Release.Created)
	}
	for _, s := range r.Signers {
		if !s.Time.After(r.Judged) {
			f.Clock = latest(f.Clock, s.Time.UTC().Truncate(time.Second))
		}
	}
	f.Withdrawn = withdraw(f.Withdrawn, r.Release.Withdrawals)
	return checkFloor(f)
}

// Confirmed is the floor after this release was installed and found to work. It is
// never below f: a downgrade that a permit allowed leaves the number as it is.
func (r *Result) Confirmed(f manifest.Floor) (manifest.Floor, error) {
	f, err := r.Seen(f)
	if err != nil {
		return manifest.Floor{}, err
	}
	if r.Release.Number().Compare(f.Number()) > 0 {
		f.Epoch, f.Sequence, f.Statement = r.Release.Epoch, r.Release.Sequence, r.Statement
	}
	f.Installed = slices.Concat(f.Installed, []string{r.Release.ID}, r.Release.Supersedes)
	slices.Sort(f.Installed)
	f.Installed = slices.Compact(f.Installed)
	return checkFloor(f)
}

func checkFloor(f manifest.Floor) (manifest.Floor, error) {
	if err := f.Validate(); err != nil {
		return manifest.Floor{}, fmt.Errorf("verify: raising the floor: %w", err)
	}
	return f, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// withdraw adds withdrawals to a list, by id. The first reason stays.
func withdraw(list, more []manifest.Withdrawal) []manifest.Withdrawal {
	list = slices.Clone(list)
	byID := func(w manifest.Withdrawal, id string) int { return strings.Compare(w.ID, id) }
	for _, w := range more {
		if at, found := slices.BinarySearchFunc(list, w.ID, byID); !found {
			list = slices.Insert(list, at, w)
		}
	}
	return list
}
