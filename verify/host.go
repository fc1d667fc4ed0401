package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Host is where a release is to be installed.
type Host struct {
	Name   string          // for permits; "" if there are none. See [manifest.CheckHost]
	Target target.Target   // exactly as releases name it
	Base   manifest.Digest // of the executable that runs; zero if none does

	// Empty says that nothing of the product is installed. Then a full package
	// fits whatever it was made to replace, since there is nothing to replace.
	Empty bool
}

func (h Host) validate() error {
	if h.Name != "" {
		if err := manifest.CheckHost(h.Name); err != nil {
			return err
		}
	}
	if h.Empty && !h.Base.IsZero() {
		return fmt.Errorf("verify: a host on which nothing is installed cannot run %s: leave out one of the two", h.Base)
	}
	return h.Target.Validate()
}

// checkHost requires a package for the host's target that replaces what it runs, or
// that it runs already. A release that names the bases that it replaces is for no
// other: the fix was tested with those.
func (j *judgment) checkHost() error {
	if j.host == nil {
		j.leave(RuleTarget, "no host was given: whether a package fits it was not looked at")
		return nil
	}
	var bases []string
	fits, listed := false, false
	for _, e := range j.release.Packages {
		if e.Target != j.host.Target {
			continue
		}
		listed = true
		if j.host.takes(e) {
			fits = true
		} else {
			bases = append(bases, e.Base.Version+" ("+e.Base.Digest.String()+")")
		}
	}
	switch {
	case !listed:
		return refuse(RuleTarget, ErrWrongTarget, fmt.Sprintf("hotfix %s has no package for %s", j.release.ID, j.host.Target), "take a release that was built for it")
	case !fits:
		slices.Sort(bases)
		return refuse(RuleBase, ErrWrongBase, fmt.Sprintf("hotfix %s replaces %s, and this host runs %s", j.release.ID, strings.Join(slices.Compact(bases), " or "), runs(j.host.Base)), "install one of those first, or have the fix built for what runs here")
	}
	j.establish(RuleTarget, "has a package for %s", j.host.Target)
	j.establish(RuleBase, "replaces what this host runs, %s", runs(j.host.Base))
	return nil
}

// takes reports whether a package is for what the host runs.
func (h Host) takes(e manifest.Entry) bool {
	switch {
	case e.Base == nil, h.Empty && !e.Delta:
		return true
	case h.Base.IsZero():
		return false
	}
	return e.Base.Digest == h.Base || e.Result != nil && e.Result.Digest == h.Base
}

func runs(base manifest.Digest) string {
	if base.IsZero() {
		return "nothing"
	}
	return base.String()
}
