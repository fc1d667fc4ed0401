package policy

import (
	"fmt"
	"slices"
)

// SensitiveImports are the packages that let code do what types, the memory
// model and a review of Go code do not show: memory, other processes, the
// network, C code and the kernel.
func SensitiveImports() []string {
	return []string{
		"C", "unsafe", "runtime/cgo", "plugin", "os/exec", "syscall", "golang.org/x/sys/...",
		"net", "net/http/...", "net/rpc/...", "net/smtp", "net/textproto", "log/syslog",
	}
}

// NoSensitiveImports forbids imports that are new in their package of one of
// these packages; without arguments, of [SensitiveImports]. "net/..." is net
// and all below it.
func NoSensitiveImports(packages ...string) Policy {
	sensitive := patterns(slices.Clone(packages))
	if len(sensitive) == 0 {
		sensitive = SensitiveImports()
	}
	return of("no-sensitive-imports", func(c Case) []Finding {
		found := cannotTell(c, PartSource)
		for _, i := range c.Change.Imports {
			if sensitive.match(i.Path) {
				found = append(found, Finding{
					File: i.File, Line: i.Line,
					Message: fmt.Sprintf("package %s now imports %q, which it did not need before", i.Package, i.Path),
					Remedy:  "write the fix without it, or have it reviewed and waive the rule",
				})
			}
		}
		return found
	}).unless(sensitive.validate("NoSensitiveImports"))
}
