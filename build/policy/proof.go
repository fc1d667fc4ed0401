package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build"
)

// BaseProven asks for every target that is built that a rebuild of the base's
// source by the plan of the fix is the executable that runs, to the last byte
// or but for its signature: only then is the change of the source all that
// changes for the service. A build id alone that differs is a warning. What
// nobody rebuilt, or could not compare, blocks.
func BaseProven() Policy {
	return of("base-proven", func(c Case) []Finding {
		if len(c.Proofs) == 0 {
			return unproven("cannot tell whether the base's source makes what runs, since nobody rebuilt it")
		}
		var found []Finding
		for _, p := range c.Plans {
			if !slices.ContainsFunc(c.Proofs, func(proof *build.Proof) bool { return proof != nil && proof.Target == p.Target }) {
				found = append(found, unproven(fmt.Sprintf("cannot tell whether the base's source makes what runs on %s, since nobody rebuilt it for that", p.Target))...)
			}
		}
		for _, p := range c.Proofs {
			if p != nil {
				found = append(found, judgeProof(p)...)
			}
		}
		return found
	})
}

func unproven(message string) []Finding {
	return []Finding{{
		Message: message,
		Remedy:  "give the executable that runs for each target, so that the base is rebuilt and compared with it",
	}}
}

func judgeProof(p *build.Proof) []Finding {
	switch p.Verdict {
	case build.Identical, build.IdenticalButSignature:
		return nil
	case build.IdenticalButBuildID:
		return []Finding{{
			Severity: Warn,
			Message:  fmt.Sprintf("the base rebuilt for %s is what runs but for the build id%s", p.Target, because(p.Causes)),
			Remedy:   remedies(p.Causes),
		}}
	case build.Different:
		return []Finding{{Message: fmt.Sprintf("the base rebuilt for %s is not what runs%s", p.Target, because(p.Causes)), Remedy: remedies(p.Causes)}}
	}
	return []Finding{{Message: fmt.Sprintf("cannot tell whether the base rebuilt for %s is what runs%s", p.Target, because(p.Causes)), Remedy: remedies(p.Causes)}}
}

// maxCauses bounds how many causes of a proof are repeated.
const maxCauses = 3

// because is the first causes of a proof, to follow a verdict.
func because(causes []build.Cause) string {
	var texts []string
	for _, c := range causes[:min(len(causes), maxCauses)] {
		texts = append(texts, fmt.Sprintf("%s: %s", c.Kind, c.What))
	}
	if more := len(causes) - maxCauses; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more causes", more))
	}
	if len(texts) == 0 {
		return ", and no cause is known"
	}
	return ": " + strings.Join(texts, "; ")
}

// remedies is what to do about the same causes.
func remedies(causes []build.Cause) string {
	var texts []string
	for _, c := range causes[:min(len(causes), maxCauses)] {
		if c.Remedy != "" && !slices.Contains(texts, c.Remedy) {
			texts = append(texts, c.Remedy)
		}
	}
	if len(texts) == 0 {
		return "find out how the executable that runs was built"
	}
	return strings.Join(texts, "; ")
}
