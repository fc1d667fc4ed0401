package policy

import (
	"fmt"
	"go/version"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build"
)

// onPlans makes a policy that asks each plan. No plan at all blocks: plans cost
// nothing to make, and without one nobody can tell.
func onPlans(name, remedy string, broken func(build.Plan) string) rule {
	return of(name, func(c Case) []Finding {
		if len(c.Plans) == 0 {
			return []Finding{{Message: "cannot tell how the fix is built, since there are no plans", Remedy: "give the plan of each target, which needs no build"}}
		}
		var found []Finding
		for _, p := range c.Plans {
			if reason := broken(p); reason != "" {
				found = append(found, Finding{Message: planOf(p) + " " + reason, Remedy: remedy})
			}
		}
		return found
	})
}

// Trimpath asks that no path of the host gets into executables.
func Trimpath() Policy {
	return onPlans("trimpath", "build with -trimpath", notTrimmed)
}

func notTrimmed(p build.Plan) string {
	if !p.Trimpath {
		return "writes paths of the build host into the executable"
	}
	return ""
}

// NoCgo asks that no C code is compiled.
func NoCgo() Policy {
	return onPlans("no-cgo", "build with CGO_ENABLED=0", func(p build.Plan) string {
		if p.Cgo != nil {
			return "compiles C code, so that the bytes depend on the C compiler"
		}
		return ""
	})
}

// NoRace asks that the race detector is off: it costs a service several times
// its memory and time.
func NoRace() Policy {
	return onPlans("no-race", "build without -race", func(p build.Plan) string {
		if p.Race {
			return "has the race detector on, which is for tests"
		}
		return ""
	})
}

// MinGo asks that the toolchain is at least a version, as "go1.26.3", for
// instance since older ones have a vulnerable standard library.
func MinGo(oldest string) Policy {
	r := onPlans("min-go", "pin the toolchain to "+oldest+" or newer", func(p build.Plan) string {
		switch {
		case p.Toolchain == "":
			return "does not say which toolchain it uses"
		case !version.IsValid(p.Toolchain):
			return fmt.Sprintf("uses the toolchain %q, whose version cannot be read", p.Toolchain)
		case version.Compare(p.Toolchain, oldest) < 0:
			return fmt.Sprintf("uses %s, which is older than %s", p.Toolchain, oldest)
		}
		return ""
	})
	if !version.IsValid(oldest) {
		r.invalid = argumentError("MinGo", "%q is no version of Go: write it as \"go1.26.3\"", oldest)
	}
	return r
}

// NoDebugFlags asks that the compiler optimises: no -N and no -l.
func NoDebugFlags() Policy {
	return onPlans("no-debug-flags", "build without -gcflags=-N and -l", func(p build.Plan) string {
		for _, arg := range p.Gcflags {
			if _, flags, ok := strings.Cut(arg, "="); ok {
				arg = flags
			}
			if slices.ContainsFunc(strings.Fields(arg), isDebugFlag) {
				return fmt.Sprintf("turns optimisations off with %q", arg)
			}
		}
		return ""
	})
}

func isDebugFlag(flag string) bool {
	name := strings.TrimLeft(flag, "-")
	return name != flag && (name == "N" || strings.Trim(name, "l") == "" && name != "")
}

// Reproducible asks that plans give the same bytes anywhere: paths trimmed, the
// toolchain pinned, modules as go.mod or the vendor folder says, and neither a
// workspace nor the state of the checkout in the executable.
func Reproducible() Policy {
	return onPlans("reproducible", "build with -trimpath, -buildvcs=false, -mod=readonly or -mod=vendor, without a workspace and with a pinned toolchain", func(p build.Plan) string {
		switch {
		case p.Toolchain == "":
			return "does not pin the toolchain, so that two hosts build different bytes"
		case p.StampVCS:
			return "writes the state of the checkout into the executable"
		case p.Workspace != "":
			return "uses a workspace, which decides what code of other modules is built"
		case p.Module != "readonly" && p.Module != "vendor":
			return fmt.Sprintf("builds with -mod=%s, which lets the go command change what is built", p.Module)
		}
		return notTrimmed(p)
	})
}

// AffectedKnown asks that it is known for every target whether the change is in
// its executable, and warns if it is in none: then there is nothing to ship.
func AffectedKnown() Policy {
	return of("affected-known", func(c Case) []Finding {
		found := append(unlookedAt(c), undecided(c.Change.Affected)...)
		if len(found) == 0 && !slices.ContainsFunc(c.Change.Affected, Affected.Any) {
			found = append(found, Finding{
				Severity: Warn,
				Message:  "the change is in no target's executable, so the hotfix would change nothing",
				Remedy:   "check that the fix is in code that the program uses, on the targets that are built",
			})
		}
		return found
	})
}

func undecided(affected []Affected) []Finding {
	var found []Finding
	for _, a := range affected {
		if a.Err != "" {
			found = append(found, Finding{
				Message: fmt.Sprintf("cannot tell whether %s is affected: %s", a.Target, a.Err),
				Remedy:  "make base and fix compile for the target",
			})
		}
	}
	return found
}

// unlookedAt finds targets of plans that the change says nothing of.
func unlookedAt(c Case) []Finding {
	const remedy = "find the change for all targets that are built"
	if len(c.Change.Affected) == 0 {
		return []Finding{{Message: "cannot tell which targets are affected, since none was looked at", Remedy: remedy}}
	}
	var found []Finding
	for _, p := range c.Plans {
		if !slices.ContainsFunc(c.Change.Affected, func(a Affected) bool { return a.Target == p.Target }) {
			found = append(found, Finding{Message: fmt.Sprintf("cannot tell whether %s is affected, since it was not looked at", p.Target), Remedy: remedy})
		}
	}
	return found
}
