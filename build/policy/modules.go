package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// NoModuleChanges forbids changes of the build list: modules that are added,
// removed, at another version or replaced by something else. It also forbids
// changes of the files that decide what modules hold: vendored code, go.sum
// and workspaces.
func NoModuleChanges() Policy {
	return of("no-module-changes", func(c Case) []Finding {
		found := aboutModules(c, func(m Module) string { return "is not what the base was built with" })
		return append(found, moduleFiles(c.Change.Files)...)
	})
}

// aboutModules makes a finding of each module for which broken gives the end
// of a sentence, and of module versions that are not known.
func aboutModules(c Case, broken func(Module) string) []Finding {
	found := cannotTell(c, PartModules)
	for _, m := range c.Change.Modules {
		if reason := broken(m); reason != "" {
			found = append(found, Finding{
				File:    "go.mod",
				Message: fmt.Sprintf("module %s %s", m, reason),
				Remedy:  "keep the module of the base, or release this change in the usual way",
			})
		}
	}
	return found
}

// String says what happened to the module, as
// "example.com/log (v1.2.0, now v1.3.0)".
func (m Module) String() string {
	side := func(version, replaced string) string {
		text := cmp.Or(version, "absent")
		if replaced != "" {
			text += " replaced by " + replaced
		}
		return text
	}
	return fmt.Sprintf("%s (%s, now %s)", m.Path, side(m.Old, m.OldPath), side(m.New, m.NewPath))
}

func moduleFiles(files []File) []Finding {
	decisive := globs{"vendor/**", "**/go.sum", "go.work", "../**/go.work", "**/go.work.sum"}
	var found []Finding
	for _, f := range files {
		if _, ok := decisive.match(f.Path); ok {
			found = append(found, Finding{
				File:    f.Path,
				Message: fmt.Sprintf("the file is %s, and it decides what the code of other modules is", f.Status),
				Remedy:  "keep the file of the base",
			})
		}
	}
	return found
}

// OnlyPatchBumps allows other versions of modules if they are newer patch
// releases of the same minor version. Pre-releases and pseudo-versions promise
// nothing about what they change and are not allowed.
func OnlyPatchBumps() Policy {
	return of("only-patch-bumps", func(c Case) []Finding { return aboutModules(c, notPatch) })
}

func notPatch(m Module) string {
	switch {
	case m.Old == "" || m.New == "":
		return "is not in both build lists, so this is no patch release"
	case m.OldPath != m.NewPath:
		return "is replaced by something else"
	case m.Old == m.New:
		return ""
	case !isRelease(m.Old) || !isRelease(m.New):
		return "has a version that is not a release, so nobody can tell how much it changes"
	case semver.MajorMinor(m.Old) != semver.MajorMinor(m.New):
		return "changes by more than a patch release"
	case semver.Compare(m.New, m.Old) < 0:
		return "goes back to an older version"
	}
	return ""
}

// isRelease reports whether a version is vX.Y.Z, with "+incompatible" or not.
func isRelease(version string) bool {
	return semver.IsValid(version) && semver.Prerelease(version) == "" && !module.IsPseudoVersion(version)
}

// NoNewModules forbids modules that the base did not have.
func NoNewModules() Policy {
	return of("no-new-modules", func(c Case) []Finding {
		return aboutModules(c, func(m Module) string {
			if m.Old == "" && m.New != "" {
				return "is new, and nobody has reviewed it for this program"
			}
			return ""
		})
	})
}

// NoReplacedModules forbids replace directives that the base did not have, and
// dropping those that it had.
func NoReplacedModules() Policy {
	return of("no-replaced-modules", func(c Case) []Finding {
		return aboutModules(c, func(m Module) string {
			if m.OldPath != m.NewPath {
				return "is replaced by other code than in the base"
			}
			return ""
		})
	})
}

// AllowedLicenses asks that each module that is new or at another version has
// one of these licences, as SPDX identifiers without regard to case. A licence
// that is not known blocks.
func AllowedLicenses(spdx ...string) Policy {
	allowed := slices.Clone(spdx)
	r := of("allowed-licenses", func(c Case) []Finding {
		return aboutModules(c, func(m Module) string { return unlicensed(m, allowed) })
	})
	if len(allowed) == 0 || slices.Contains(allowed, "") {
		r.invalid = argumentError("AllowedLicenses", "no licence, or an empty one: give SPDX identifiers, as \"MIT\"")
	}
	return r
}

func unlicensed(m Module, allowed []string) string {
	same := func(id string) bool { return strings.EqualFold(id, m.License) }
	switch {
	case m.New == "" && m.NewPath == "": // it goes away
		return ""
	case m.License == "":
		return "has a licence that is not known"
	case !slices.ContainsFunc(allowed, same):
		return fmt.Sprintf("has the licence %q, which is not one of %s", m.License, strings.Join(allowed, ", "))
	}
	return ""
}
