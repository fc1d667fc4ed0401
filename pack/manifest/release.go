package manifest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/target"
)

// ReleaseSchema names the format of hotfix.json, and ReleasePredicate the
// same as the predicate type of the signed statement.
const (
	ReleaseSchema    = "hotfix.release/v1"
	ReleasePredicate = "https://github.com/gohotfix/hotfix/release/v1"
)

// Release is hotfix.json and the predicate of the signed statement: all
// packages of one hotfix and the conditions under which a host takes them.
// Dates come from the fix, never from the clock of the machine that packs.
//
// For one target there are at most one full package, and one delta package for
// each of several bases. They all lead to the same result.
type Release struct {
	Schema        string       `json:"schema"`   // [ReleaseSchema]
	Product       string       `json:"product"`  // see [CheckProduct]
	Channel       string       `json:"channel"`  // as "stable"; see [CheckProduct]
	ID            string       `json:"id"`       // of the hotfix; see [CheckVersion]
	Version       string       `json:"version"`  // of the result; see [CheckVersion]
	Epoch         int64        `json:"epoch"`    // raised when numbering begins anew; from 0
	Sequence      int64        `json:"sequence"` // orders releases of one epoch; from 1
	Created       time.Time    `json:"created"`
	NotBefore     time.Time    `json:"notBefore,omitzero"`
	Expires       time.Time    `json:"expires,omitzero"`
	Packages      []Entry      `json:"packages"`                // sorted by file name
	Prerequisites []string     `json:"prerequisites,omitempty"` // hotfix ids that must be installed, sorted
	Supersedes    []string     `json:"supersedes,omitempty"`    // hotfix ids that this one contains, sorted
	Withdrawals   []Withdrawal `json:"withdrawals,omitempty"`   // sorted by id
	Source        Source       `json:"source"`
	Toolchain     string       `json:"toolchain"` // Go version, as "go1.26.8"
	Flags         []string     `json:"flags"`     // of the go command, as they were given
}

// Entry is one package of a release.
type Entry struct {
	Name   string        `json:"name"` // file name of the archive
	Digest Digest        `json:"digest"`
	Size   int64         `json:"size"` // of the archive in bytes
	Target target.Target `json:"target"`
	Delta  bool          `json:"delta,omitempty"`  // a delta package: only those can install it who have the base
	Base   *Binary       `json:"base,omitempty"`   // that the package replaces
	Result *Result       `json:"result,omitempty"` // none if the package carries no executable
}

// Result is the executable that a host runs after it has installed a package.
type Result struct {
	Version string `json:"version"` // of the release that it belongs to
	Digest  Digest `json:"digest"`
	Size    int64  `json:"size"` // of the executable in bytes
	Mode    Mode   `json:"mode"`
}

// Withdrawal takes back an earlier hotfix.
type Withdrawal struct {
	ID     string `json:"id"`     // of the hotfix that is taken back
	Reason string `json:"reason"` // in words, for people
}

// Source says what was built.
type Source struct {
	Package string `json:"package"`          // import path of the main package
	Commit  string `json:"commit,omitempty"` // revision of the fix; none for a plain folder
}

// Encode returns the one encoding of r as hotfix.json.
func (r Release) Encode() ([]byte, error) { return fileForm.encode("hotfix.json", &r) }

// DecodeRelease reads hotfix.json.
func DecodeRelease(data []byte) (Release, error) {
	var r Release
	if err := fileForm.decode("hotfix.json", data, &r); err != nil {
		return Release{}, err
	}
	return r, nil
}

// Entry returns the release's entry for the archive of the given file name.
func (r Release) Entry(name string) (Entry, bool) {
	i := slices.IndexFunc(r.Packages, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return r.Packages[i], true
}

// Validate reports the first rule that r breaks, as an [*InvalidError].
func (r Release) Validate() error {
	if r.Schema != ReleaseSchema {
		return &InvalidError{Field: "schema", Value: r.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads", ReleaseSchema)}
	}
	checks := []func() error{
		func() error { return checkIdentity(r.ID, r.Product, r.Version) },
		func() error { return rename("channel", CheckProduct(r.Channel)) },
		func() error { return checkInteger("epoch", r.Epoch, 0) },
		func() error { return checkInteger("sequence", r.Sequence, 1) },
		r.checkTimes,
		r.checkEntries,
		func() error { return checkIDs("prerequisites", r.Prerequisites) },
		func() error { return checkIDs("supersedes", r.Supersedes) },
		func() error { return checkWithdrawals("withdrawals", r.Withdrawals, MaxList) },
		r.checkRelations,
		func() error { return checkText("source.package", r.Source.Package) },
		r.checkCommit,
		func() error { return checkText("toolchain", r.Toolchain) },
		func() error { return checkTexts("flags", r.Flags) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	if r.Flags == nil {
		return &InvalidError{Field: "flags", Reason: "is missing"}
	}
	return nil
}

// rename gives the error of a shared check the field's own name.
func rename(field string, err error) error {
	if invalid, ok := err.(*InvalidError); ok {
		return &InvalidError{Field: field, Value: invalid.Value, Reason: invalid.Reason}
	}
	return err
}

func (r Release) checkTimes() error {
	if err := checkTime("created", r.Created); err != nil {
		return err
	}
	if !r.NotBefore.IsZero() {
		if err := checkTime("notBefore", r.NotBefore); err != nil {
			return err
		}
	}
	if r.Expires.IsZero() {
		return nil
	}
	if err := checkTime("expires", r.Expires); err != nil {
		return err
	}
	if !r.Expires.After(r.Created) || !r.Expires.After(r.NotBefore) {
		return &InvalidError{Field: "expires", Value: r.Expires.Format(time.RFC3339), Reason: "is not after created and notBefore"}
	}
	return nil
}

func (r Release) checkEntries() error {
	if len(r.Packages) == 0 || len(r.Packages) > MaxPackages {
		return &InvalidError{Field: "packages", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", len(r.Packages), MaxPackages)}
	}
	folded := make(map[string]bool, len(r.Packages))
	for i, e := range r.Packages {
		field := fmt.Sprintf("packages[%d]", i)
		if err := e.validate(); err != nil {
			return within(field, err)
		}
		if i > 0 && r.Packages[i-1].Name >= e.Name {
			return &InvalidError{Field: field + ".name", Value: e.Name, Reason: "is out of order or stands twice"}
		}
		if folded[FoldPath(e.Name)] {
			return &InvalidError{Field: field + ".name", Value: e.Name, Reason: "differs from another name only in case"}
		}
		folded[FoldPath(e.Name)] = true
	}
	return r.checkTargets()
}

// checkTargets requires that the packages of one target lead to one result, and
// that each is for other hosts.
func (r Release) checkTargets() error {
	type role struct {
		target target.Target
		base   Digest // zero for the full package
	}
	results, roles := map[target.Target]*Result{}, map[role]bool{}
	for i, e := range r.Packages {
		first, ok := results[e.Target]
		if ok && !sameResult(first, e.Result) {
			return &InvalidError{Field: fmt.Sprintf("packages[%d].result", i), Value: e.Name, Reason: fmt.Sprintf("is not that of the other packages for %s", e.Target)}
		}
		results[e.Target] = e.Result
		role := role{target: e.Target}
		if e.Delta {
			role.base = e.Base.Digest
		}
		if roles[role] {
			return &InvalidError{Field: fmt.Sprintf("packages[%d]", i), Value: e.Name, Reason: fmt.Sprintf("is one package too many for %s: there is at most one full package, and one delta for each base", e.Target)}
		}
		roles[role] = true
	}
	return nil
}

func sameResult(a, b *Result) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func (e Entry) validate() error {
	if err := CheckPath(e.Name); err != nil {
		return rename("name", err)
	}
	if strings.Contains(e.Name, "/") {
		return &InvalidError{Field: "name", Value: e.Name, Reason: "is not a file name alone"}
	}
	if err := checkContent(e.Digest, e.Size); err != nil {
		return err
	}
	if err := e.Target.Validate(); err != nil {
		return &InvalidError{Field: "target", Value: e.Target.String(), Reason: "is not a target: " + err.Error()}
	}
	if e.Base != nil {
		if err := e.Base.validate(); err != nil {
			return within("base", err)
		}
	}
	if e.Delta && (e.Base == nil || e.Result == nil) {
		return &InvalidError{Field: "delta", Reason: "needs a base and a result"}
	}
	if e.Result == nil {
		return nil
	}
	return within("result", e.Result.validate())
}

func (r Result) validate() error {
	if r.Mode != ModeExecutable {
		return &InvalidError{Field: "mode", Value: string(r.Mode), Reason: "is not 0755"}
	}
	return Binary{Version: r.Version, Digest: r.Digest, Size: r.Size}.validate()
}

// checkWithdrawals requires a sorted list of distinct ids with reasons.
func checkWithdrawals(field string, list []Withdrawal, most int) error {
	ids := make([]string, len(list))
	for i, w := range list {
		ids[i] = w.ID
		if err := checkText(fmt.Sprintf("%s[%d].reason", field, i), w.Reason); err != nil {
			return err
		}
	}
	return checkManyIDs(field, ids, most)
}

// checkRelations refuses a release that needs, contains or takes back itself, and
// one that needs what it contains or takes back.
func (r Release) checkRelations() error {
	lists := []struct {
		name string
		ids  []string
	}{{"prerequisites", r.Prerequisites}, {"supersedes", r.Supersedes}, {"withdrawals", nil}}
	for _, w := range r.Withdrawals {
		lists[2].ids = append(lists[2].ids, w.ID)
	}
	for i, list := range lists {
		for j, id := range list.ids {
			field := fmt.Sprintf("%s[%d]", list.name, j)
			if id == r.ID {
				return &InvalidError{Field: field, Value: id, Reason: "is the release itself"}
			}
			if i > 0 && slices.Contains(r.Prerequisites, id) {
				return &InvalidError{Field: field, Value: id, Reason: "is one of the prerequisites, too"}
			}
		}
	}
	return nil
}

func (r Release) checkCommit() error {
	if r.Source.Commit == "" {
		return nil
	}
	return rename("source.commit", CheckVersion(r.Source.Commit))
}
