package policy

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
)

// CleanTree asks that base and fix are commits, and that no tree holds changes
// that are in no commit: what was shipped can then be found again.
func CleanTree() Policy {
	return of("clean-tree", func(c Case) []Finding {
		return append(unclean("base", c.Change.Base), unclean("fix", c.Change.Fix)...)
	})
}

func unclean(side string, r Revision) []Finding {
	f := Finding{Remedy: "commit what the hotfix needs, and put the rest aside"}
	switch {
	case r.Commit == "":
		f.Message = fmt.Sprintf("cannot tell whether the %s %q is committed, since its commit is not known", side, r.Name)
		f.Remedy = "name a revision of a repository"
	case r.Dirty:
		f.Message = fmt.Sprintf("the tree of the %s %q holds changes that are in no commit", side, r.Name)
	default:
		return nil
	}
	return []Finding{f}
}

// TaggedBase asks that the base is a released version: its commit has a version
// tag.
func TaggedBase() Policy {
	return of("tagged-base", func(c Case) []Finding {
		if semver.IsValid(c.Change.Base.Version) {
			return nil
		}
		return []Finding{{
			Message: fmt.Sprintf("the base %q has no version tag, so nobody can tell that it is what runs", c.Change.Base.Name),
			Remedy:  "name the tag of the release in production as the base, and fetch tags if the clone has none",
		}}
	})
}

// BaseIsAncestor asks that the fix descends from the base, so that it holds all
// of it. A fix that is made on another branch loses what only the base has, and
// brings what was never released.
func BaseIsAncestor() Policy {
	return of("base-is-ancestor", func(c Case) []Finding { return ancestry(c.Change) })
}

func ancestry(c Change) []Finding {
	f := Finding{Remedy: fmt.Sprintf("make the fix on a branch that starts at %s", c.Base.Name)}
	switch c.Ancestry {
	case Descends:
		return nil
	case Precedes:
		f.Message = fmt.Sprintf("the fix %q is older than the base %q", c.Fix.Name, c.Base.Name)
	case Diverged:
		f.Message = fmt.Sprintf("the fix %q is on another branch than the base %q", c.Fix.Name, c.Base.Name)
	default:
		f.Message = fmt.Sprintf("cannot tell whether the fix %q descends from the base %q", c.Fix.Name, c.Base.Name)
		f.Remedy = "name two revisions of one repository, and fetch its whole history if the clone is shallow"
	}
	return []Finding{f}
}

// HotfixVersion asks that the version of the result is the one for a hotfix of
// the base, and that the fix is what the version says.
//
// A hotfix of v1.4.2 is v1.4.3 or v1.4.2+hotfix.N, with N from 1; one of
// v1.4.2+hotfix.1 may also be v1.4.2+hotfix.2 or later; one of a pre-release
// only the latter form. The fix must descend from the base, as [BaseIsAncestor]
// asks, and its commit must not be tagged as another version: that is the code
// of another release.
func HotfixVersion() Policy {
	return of("hotfix-version", func(c Case) []Finding {
		found := ancestry(c.Change)
		if !isFull(c.Version) {
			return append(found, Finding{
				Message: fmt.Sprintf("the result has the version %q, which nobody can compare with the base's", c.Version),
				Remedy:  "give it a version with all three numbers, as v1.4.3 or v1.4.2+hotfix.1",
			})
		}
		return append(found, versionFindings(c.Change, c.Version)...)
	})
}

func versionFindings(c Change, version string) []Finding {
	base, fix := c.Base.Version, c.Fix.Version
	var found []Finding
	switch {
	case !isFull(base):
		found = append(found, Finding{
			Message: fmt.Sprintf("cannot tell whether %s is a hotfix of the base %q, which has no version tag", version, c.Base.Name),
			Remedy:  "name the tag of the release in production as the base",
		})
	case !isHotfixOf(version, base):
		found = append(found, Finding{
			Message: fmt.Sprintf("%s is not a version for a hotfix of %s", version, base),
			Remedy:  "use " + strings.Join(hotfixVersions(base), " or "),
		})
	}
	if fix != "" && fix != version && (c.Fix.Commit == "" || c.Fix.Commit != c.Base.Commit) {
		found = append(found, Finding{
			Message: fmt.Sprintf("the fix %q is tagged %s, so it is the code of another release than %s", c.Fix.Name, fix, version),
			Remedy:  "make the fix on a branch that starts at the base",
		})
	}
	return found
}

// isFull reports whether a version has all three numbers.
func isFull(version string) bool {
	return semver.IsValid(version) && semver.Canonical(version)+semver.Build(version) == version
}

func isHotfixOf(version, base string) bool {
	if semver.Build(version) == "" {
		return version == nextPatch(base)
	}
	n, ok := hotfixNumber(version)
	last, _ := hotfixNumber(base)
	return ok && semver.Canonical(version) == semver.Canonical(base) && n > last
}

// hotfixNumber returns N of "…+hotfix.N", which is from 1.
func hotfixNumber(version string) (int, bool) {
	text, ok := strings.CutPrefix(semver.Build(version), "+hotfix.")
	n, err := strconv.Atoi(text)
	return n, ok && err == nil && n > 0 && strconv.Itoa(n) == text
}

// nextPatch returns v1.4.3 for v1.4.2 and v1.4.2+hotfix.1, and "" for a
// pre-release, whose release is no hotfix.
func nextPatch(base string) string {
	if semver.Prerelease(base) != "" {
		return ""
	}
	minor := semver.MajorMinor(base)
	patch, err := strconv.Atoi(strings.TrimPrefix(semver.Canonical(base), minor+"."))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s.%d", minor, patch+1)
}

func hotfixVersions(base string) []string {
	last, _ := hotfixNumber(base)
	versions := []string{fmt.Sprintf("%s+hotfix.%d", semver.Canonical(base), last+1)}
	if next := nextPatch(base); next != "" {
		versions = append(versions, next)
	}
	return versions
}
