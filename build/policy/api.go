package policy

import (
	"fmt"
	"slices"
	"strings"
)

// CompatibleAPI forbids changes of what packages export that stop callers from
// compiling. In internal packages, which only the module and its neighbours can
// import, they are a warning.
func CompatibleAPI() Policy {
	return of("compatible-api", func(c Case) []Finding {
		found := cannotTell(c, PartAPI)
		for _, a := range c.Change.API {
			if !a.Compatible {
				found = append(found, incompatible(a))
			}
		}
		return found
	})
}

func incompatible(a API) Finding {
	f := Finding{
		Message: fmt.Sprintf("package %s: %s, so callers no longer compile", a.Package, a.Message),
		Remedy:  "keep the old declaration, and add the new one beside it",
	}
	if slices.Contains(strings.Split(a.Package, "/"), "internal") {
		f.Severity = Warn
	}
	return f
}
