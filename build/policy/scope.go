package policy

import (
	"fmt"
	"slices"
	"strings"
)

// OnlyPackages allows changes in these packages alone. A pattern is an import
// path, or a path relative to the module, and "/..." at its end stands for all
// packages below: "internal/auth/...". Tests and embedded files count as part
// of their package; what belongs to no package is left to [OnlyPaths].
func OnlyPackages(allowed ...string) Policy {
	allowed = slices.Clone(allowed)
	return of("only-packages", func(c Case) []Finding {
		match := patterns(allowed).below(c.Change.Module).match
		var found []Finding
		for _, p := range touched(c.Change) {
			if !match(p.Path) {
				found = append(found, Finding{
					File:    first(p.Files),
					Message: fmt.Sprintf("package %s is %s, which is outside %s", p.Path, p.Status, strings.Join(allowed, ", ")),
					Remedy:  "take this part out of the hotfix, or allow the package",
				})
			}
		}
		return found
	}).unless(patterns(allowed).validate("OnlyPackages"))
}

// touched are the packages with files that differ, and those that only a note
// names, such as one that embeds a file from a folder below.
func touched(c Change) []Package {
	packages := slices.Clone(c.Packages)
	known := map[string]bool{"": true}
	for _, p := range packages {
		known[p.Path] = true
	}
	for _, n := range c.Notes {
		if !known[n.Package] {
			known[n.Package] = true
			packages = append(packages, Package{Path: n.Package, Status: Changed, Files: []string{n.File}})
		}
	}
	return packages
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// OnlyPaths allows changes of these files alone. In a pattern "*", "?" and
// "[a-z]" match within one element of a path, and "**" any number of elements:
// "internal/auth/**", "**/*_test.go".
func OnlyPaths(allowed ...string) Policy {
	g := globs(slices.Clone(allowed))
	return of("only-paths", func(c Case) []Finding {
		var found []Finding
		for _, f := range c.Change.Files {
			if _, ok := g.match(f.Path); !ok {
				found = append(found, Finding{
					File:    f.Path,
					Message: fmt.Sprintf("the file is %s, and none of %s allows it", f.Status, strings.Join(g, ", ")),
					Remedy:  "take the file out of the hotfix, or allow its path",
				})
			}
		}
		return found
	}).unless(g.validate("OnlyPaths"))
}

// ForbiddenPaths forbids changes of these files, with patterns as in
// [OnlyPaths]. [MigrationPaths] and [CIPaths] list what a hotfix had better
// leave alone.
func ForbiddenPaths(forbidden ...string) Policy {
	g := globs(slices.Clone(forbidden))
	return of("forbidden-paths", func(c Case) []Finding {
		var found []Finding
		for _, f := range c.Change.Files {
			if pattern, ok := g.match(f.Path); ok {
				found = append(found, Finding{
					File:    f.Path,
					Message: fmt.Sprintf("the file is %s, which %q forbids", f.Status, pattern),
					Remedy:  "leave it for the next release",
				})
			}
		}
		return found
	}).unless(g.validate("ForbiddenPaths"))
}

// MigrationPaths are patterns for schema changes of databases: going back to
// the old executable does not undo them.
func MigrationPaths() []string {
	return []string{"**/migrations/**", "**/migration/**", "**/migrate/*.sql", "**/db/schema.*", "**/*.up.sql", "**/*.down.sql"}
}

// CIPaths are patterns for the configuration of continuous integration, which
// decides how everything after it is built and checked.
func CIPaths() []string {
	return []string{
		".github/**", ".gitlab-ci.yml", ".gitlab/**", ".circleci/**", ".travis.yml", ".drone.yml", ".buildkite/**", ".woodpecker/**",
		".woodpecker.yml", ".ci/**", "Jenkinsfile", "**/Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "cloudbuild.yaml",
	}
}

// limited makes a policy that compares a number of things with a limit.
func limited(function, name, things string, limit int, count func(Case) (int, []Finding)) rule {
	r := of(name, func(c Case) []Finding {
		n, found := count(c)
		if n > limit {
			found = append(found, Finding{
				Message: fmt.Sprintf("%d %s, and a hotfix may change %d", n, things, limit),
				Remedy:  "take out what the fault does not need, or raise the limit",
			})
		}
		return found
	})
	if limit < 0 {
		r.invalid = argumentError(function, "%d is no limit: give a number from 0", limit)
	}
	return r
}

// MaxLines limits the lines that are added plus those that are removed, so that
// a line that is edited counts twice. Tests are not counted: more of them is
// better. A binary file has no lines, and blocks.
func MaxLines(n int) Policy {
	return limited("MaxLines", "max-lines", "lines are added or removed outside tests", n, func(c Case) (int, []Finding) {
		lines := 0
		var found []Finding
		for _, f := range product(c.Change.Files) {
			lines += f.Added + f.Removed
			if f.Binary {
				found = append(found, Finding{
					File:    f.Path,
					Message: fmt.Sprintf("a binary file is %s, and cannot be measured in lines", f.Status),
					Remedy:  "take it out of the hotfix",
				})
			}
		}
		return lines, found
	})
}

// product are the files that are no tests.
func product(files []File) []File {
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Test })
}

// MaxFiles limits the files that differ, without tests.
func MaxFiles(n int) Policy {
	return limited("MaxFiles", "max-files", "files differ, tests aside", n, func(c Case) (int, []Finding) {
		return len(product(c.Change.Files)), nil
	})
}

// MaxPackages limits the packages with files that differ, without tests.
func MaxPackages(n int) Policy {
	return limited("MaxPackages", "max-packages", "packages differ, tests aside", n, func(c Case) (int, []Finding) {
		tests := map[string]bool{}
		for _, f := range c.Change.Files {
			tests[f.Path] = f.Test
		}
		packages := 0
		for _, p := range touched(c.Change) {
			if slices.ContainsFunc(p.Files, func(file string) bool { return !tests[file] }) || len(p.Files) == 0 {
				packages++
			}
		}
		return packages, nil
	})
}

// MaxFunctions limits the functions and methods whose source differs.
func MaxFunctions(n int) Policy {
	return limited("MaxFunctions", "max-functions", "functions differ", n, func(c Case) (int, []Finding) {
		functions := 0
		for _, p := range c.Change.Packages {
			functions += len(p.Functions)
		}
		return functions, cannotTell(c, PartSource)
	})
}
