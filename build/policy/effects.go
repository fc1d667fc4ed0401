package policy

import (
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/target"
)

// ExpectedEffects asks, after the build, that code differs only where the source
// says so: a function whose code differs is of a package that the change affects,
// directly or through imports. Anything else means that more went into the build
// than the change, as another toolchain, a flag or a profile. Functions that come
// or go are no finding: the linker keeps what is called. A target that nobody
// compared blocks; what a comparison could not tell is a warning.
func ExpectedEffects() Policy {
	return of("expected-effects", func(c Case) []Finding {
		found := uncompared(c)
		for _, report := range c.Effects {
			found = append(found, unexpected(c.Change, report)...)
			for _, what := range report.Unknown {
				found = append(found, Finding{
					Severity: Warn,
					Message:  fmt.Sprintf("cannot tell what else differs for %s: %s", report.New.Target, what),
					Remedy:   "look at the two executables by other means",
				})
			}
		}
		return found
	}).at(AfterBuild)
}

// uncompared finds targets of plans whose executables nobody compared.
func uncompared(c Case) []Finding {
	const remedy = "give the base's executable for the target, or leave the rule out if it cannot be compared"
	if len(c.Plans) == 0 && len(c.Effects) == 0 {
		return []Finding{{Message: "cannot tell what differs between the executables, since none were compared", Remedy: remedy}}
	}
	var found []Finding
	for _, p := range c.Plans {
		if effectOn(c, p.Target) == nil {
			found = append(found, Finding{Message: fmt.Sprintf("cannot tell what differs between the executables for %s, since they were not compared", p.Target), Remedy: remedy})
		}
	}
	return found
}

func effectOn(c Case, t target.Target) *compare.Report {
	for _, report := range c.Effects {
		if report.New.Target == t {
			return report
		}
	}
	return nil
}

// unexpected finds packages whose code differs for no reason, with the first
// function of each. What the compiler makes by itself belongs to no package.
func unexpected(c Change, report *compare.Report) []Finding {
	i := slices.IndexFunc(c.Affected, func(a Affected) bool { return a.Target == report.New.Target })
	if i < 0 || c.Affected[i].Err != "" {
		return []Finding{{
			Message: fmt.Sprintf("cannot tell whether the differences for %s are meant, since the packages that the change affects are not known", report.New.Target),
			Remedy:  "make base and fix compile for the target",
		}}
	}
	meant := packagesOf(c, c.Affected[i])
	var found []Finding
	seen := map[string]bool{}
	for _, f := range report.Functions {
		differs := f.Status == compare.Edited || f.Status == compare.Inlined
		if !differs || f.Package == "" || meant[f.Package] || seen[f.Package] {
			continue
		}
		seen[f.Package] = true
		found = append(found, Finding{
			Message: fmt.Sprintf("%s is %s for %s, though neither its package nor any that it imports has changed", f.Name, f.Status, report.New.Target),
			Remedy:  "find what else differs between the two builds: the toolchain, a flag, a profile or a file outside of the tree",
		})
	}
	return found
}

// packagesOf are the packages that may differ, as the linker names them: it calls
// the main package "main".
func packagesOf(c Change, a Affected) map[string]bool {
	meant := map[string]bool{}
	for _, path := range slices.Concat(a.Changed, a.Through) {
		meant[path] = true
		if path == c.Main {
			meant["main"] = true
		}
	}
	return meant
}

// MaxEffects limits, after the build, the functions that were written by people
// and are added, removed or edited in each executable. One that differs only
// through an inlined copy of another does not count.
func MaxEffects(n int) Policy {
	r := of("max-effects", func(c Case) []Finding {
		found := uncompared(c)
		for _, report := range c.Effects {
			if edited := len(report.Edited()); edited > n {
				found = append(found, Finding{
					Message: fmt.Sprintf("%d functions are added, removed or edited in the executable for %s, and a hotfix may change %d", edited, report.New.Target, n),
					Remedy:  "take out what the fault does not need, or raise the limit",
				})
			}
		}
		return found
	}).at(AfterBuild)
	if n < 0 {
		r.invalid = argumentError("MaxEffects", "%d is no limit: give a number from 0", n)
	}
	return r
}
