package policy

import (
	"path"
	"slices"
	"strings"
)

// TestsChange asks for a test with every change of Go code: a file of tests, or
// below testdata, that gains lines. Removed tests do not count as one, and are
// a finding of their own.
func TestsChange() Policy {
	return of("tests-change", func(c Case) []Finding {
		found := removedTests(c.Change.Files)
		code := slices.IndexFunc(c.Change.Files, func(f File) bool { return !f.Test && path.Ext(f.Path) == ".go" })
		tests := slices.ContainsFunc(c.Change.Files, func(f File) bool { return f.Test && (f.Added > 0 || f.Binary && f.Status != Removed) })
		if code >= 0 && !tests {
			found = append(found, Finding{
				File:    c.Change.Files[code].Path,
				Message: "code changes and no test does, so that nothing shows the fault or keeps it from coming back",
				Remedy:  "add a test that fails without the fix",
			})
		}
		return found
	})
}

func removedTests(files []File) []Finding {
	var found []Finding
	for _, f := range files {
		if f.Test && f.Status == Removed && strings.HasSuffix(f.Path, "_test.go") {
			found = append(found, Finding{
				File:    f.Path,
				Message: "the hotfix removes a file of tests",
				Remedy:  "keep the tests of the base, so that they can be run on the fix",
			})
		}
	}
	return found
}
