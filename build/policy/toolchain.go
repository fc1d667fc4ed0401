package policy

import (
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build"
)

// SameToolchain asks that the fix is built by the Go release that built the
// base: another one may change any function of the program. What is not known
// of either blocks.
func SameToolchain() Policy {
	return of("same-toolchain", func(c Case) []Finding {
		if c.Base.Toolchain == "" {
			return unknownBuild("base", "toolchain")
		}
		var found []Finding
		built := builds(c)
		for _, b := range built {
			found = append(found, b.toolchain(c.Base.Toolchain)...)
		}
		if len(built) == 0 {
			return unknownBuild("fix", "toolchain")
		}
		return found
	})
}

// NoDirectiveChanges forbids changes of the lines of go.mod that say what
// language, toolchain and runtime settings the program is built with.
func NoDirectiveChanges() Policy {
	return of("no-directive-changes", func(c Case) []Finding {
		var found []Finding
		for _, d := range c.Change.Directives {
			found = append(found, Finding{
				File:    "go.mod",
				Message: fmt.Sprintf("the line %q was %q and is now %q, which changes how all of the program is compiled or runs", d.Name, d.Old, d.New),
				Remedy:  "keep the line of the base",
			})
		}
		return found
	})
}

// made is how one executable of the fix is or was built.
type made struct {
	of    string // "the fix", or the target of a plan
	Build        // Flags is nil if they are not known
}

// builds are all that is known of how the fix is built.
func builds(c Case) []made {
	var all []made
	if c.Fix.Toolchain != "" || c.Fix.Flags != nil {
		all = append(all, made{"the fix", c.Fix})
	}
	for _, p := range c.Plans {
		all = append(all, made{planOf(p), Build{Toolchain: p.Toolchain, Flags: p.Flags()}})
	}
	return all
}

func planOf(p build.Plan) string { return fmt.Sprintf("the plan for %s", p.Target) }

func (m made) toolchain(want string) []Finding {
	switch m.Toolchain {
	case want:
		return nil
	case "":
		return []Finding{{
			Message: fmt.Sprintf("cannot tell which toolchain %s uses, and the base was built by %s", m.of, want),
			Remedy:  "pin the toolchain to " + want,
		}}
	}
	return []Finding{{
		Message: fmt.Sprintf("%s uses %s, and the base was built by %s", m.of, m.Toolchain, want),
		Remedy:  "pin the toolchain to " + want,
	}}
}

func unknownBuild(side, what string) []Finding {
	return []Finding{{
		Message: fmt.Sprintf("cannot tell the %s of the %s", what, side),
		Remedy:  fmt.Sprintf("give the executable of the %s with its build info, or the plan that builds it", side),
	}}
}

// SameFlags asks that the fix is built with the flags of the base. What is not
// known of either blocks.
//
// The value of a variable that the linker sets (-ldflags=-X) may differ, as a
// version does: that is a warning, and nothing for the variables that are
// named here, as "main.version". A variable that only one side sets blocks.
func SameFlags(variables ...string) Policy {
	expected := slices.Clone(variables)
	r := of("same-flags", func(c Case) []Finding {
		if c.Base.Flags == nil {
			return unknownBuild("base", "flags")
		}
		var found []Finding
		known := 0
		for _, m := range builds(c) {
			if m.Flags != nil {
				known++
				found = append(found, m.flags(c.Base.Flags, expected)...)
			}
		}
		if known == 0 {
			return unknownBuild("fix", "flags")
		}
		return found
	})
	if slices.Contains(expected, "") {
		r.invalid = argumentError("SameFlags", "a variable without a name: give it as \"main.version\"")
	}
	return r
}

func (m made) flags(base, expected []string) []Finding {
	old, oldValues := separate(base)
	now, newValues := separate(m.Flags)
	var found []Finding
	differ := func(format string, args ...any) {
		found = append(found, Finding{
			Message: m.of + " " + fmt.Sprintf(format, args...),
			Remedy:  "build the fix with the flags of the base",
		})
	}
	for _, flag := range missing(old, now) {
		differ("lacks the flag %q, which the base was built with", flag)
	}
	for _, flag := range missing(now, old) {
		differ("has the flag %q, which the base was built without", flag)
	}
	if len(found) == 0 && !slices.Equal(old, now) {
		differ("has the flags of the base in another order or number, of which the last of each counts")
	}
	return append(found, m.values(oldValues, newValues, expected)...)
}

// missing are the elements of a list that another lacks.
func missing(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// values warns of variables with other values. Those that one side alone sets
// are among the flags.
func (m made) values(old, now map[string]string, expected []string) []Finding {
	var found []Finding
	for _, name := range sortedKeys(now) {
		before, both := old[name]
		if both && before != now[name] && !slices.Contains(expected, name) {
			found = append(found, Finding{
				Severity: Warn,
				Message:  fmt.Sprintf("%s sets %s to %q, which was %q in the base", m.of, name, now[name], before),
				Remedy:   fmt.Sprintf("make sure that this is meant, and name the variable: SameFlags(%q)", name),
			})
		}
	}
	return found
}
