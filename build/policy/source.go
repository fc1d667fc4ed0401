package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Kinds are all kinds of notes.
func Kinds() []Kind {
	return []Kind{Init, Variable, Constraint, Embed, Linkname, Generated, Cgo, Assembly, Profile, Directives}
}

// NoHiddenEffects forbids changes that do more than their lines show: notes of
// all [Kinds].
func NoHiddenEffects() Policy { return withoutNotes("no-hidden-effects", Kinds()) }

// NoNotes forbids changes that have notes of these kinds.
func NoNotes(kinds ...Kind) Policy {
	return withoutNotes("no-notes", slices.Clone(kinds)).unless(checkKinds(kinds))
}

func checkKinds(kinds []Kind) error {
	for _, k := range kinds {
		if !slices.Contains(Kinds(), k) {
			return argumentError("NoNotes", "%q is no kind of note: use one of Kinds", k)
		}
	}
	if len(kinds) == 0 {
		return argumentError("NoNotes", "no kinds of notes: give at least one, or use NoHiddenEffects")
	}
	return nil
}

func withoutNotes(name string, kinds []Kind) rule {
	return of(name, func(c Case) []Finding {
		found := cannotTell(c, PartSource)
		for _, n := range notes(c.Change) {
			if slices.Contains(kinds, n.Kind) {
				found = append(found, Finding{
					File: n.File, Line: n.Line,
					Message: fmt.Sprintf("%s %s: %s", n.subject(), n.Status, n.Kind.why()),
					Remedy:  "do without it in the hotfix, or have it reviewed and waive the rule",
				})
			}
		}
		return found
	})
}

// notes are those of the change, and one for each generated file that has none.
func notes(c Change) []Note {
	all := slices.Clone(c.Notes)
	noted := map[string]bool{}
	for _, n := range c.Notes {
		if n.Kind == Generated {
			noted[n.File] = true
		}
	}
	for _, f := range c.Files {
		if f.Gen && !noted[f.Path] {
			all = append(all, Note{Kind: Generated, Status: f.Status, File: f.Path})
		}
	}
	return all
}

// subject is what the note is about, as "package variable retries".
func (n Note) subject() string { return strings.TrimSpace(string(n.Kind) + " " + n.Name) }

// why is the end of the sentence "a note of this kind deserves a look: …".
func (k Kind) why() string {
	switch k {
	case Init:
		return "it runs before main in every program that links the package, called or not"
	case Variable:
		return "it is set before main, and all of the package can read and write it"
	case Constraint:
		return "the file is now built for other targets than before"
	case Embed:
		return "the executable holds its bytes, which no compiler checks"
	case Linkname:
		return "it reaches into another package past what that exports"
	case Generated:
		return "the next run of its generator undoes the change, unless its source changes too"
	case Cgo:
		return "C code is not held by Go's memory safety, and depends on the C compiler of the build"
	case Assembly:
		return "no compiler checks it"
	case Profile:
		return "it makes the compiler optimise code all over the program in another way"
	case Directives:
		return "it tells the compiler to treat the code that follows in another way"
	}
	return "it does more than its lines show"
}
