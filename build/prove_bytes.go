package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build/compare"
)

// unrecorded are the causes that only the bytes show, as far as those that are
// recorded do not explain them.
func (p *prover) unrecorded(ctx context.Context, recorded []reason) ([]reason, error) {
	explained := func(by func(reason) bool) bool { return slices.ContainsFunc(recorded, by) }
	var found []reason
	if !explained(func(r reason) bool { return r.symbols }) {
		found = append(p.symbols(), p.givenID()...)
	}
	if explained(func(r reason) bool { return r.code }) {
		return found, nil
	}
	functions, values, err := p.content(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, p.functions(functions, recorded)...)
	if len(functions) == 0 && !explained(func(r reason) bool { return r.values }) {
		found = append(found, p.values(values)...)
	}
	if len(found) == 0 && len(recorded) == 0 {
		found = append(found, p.rest())
	}
	return found, nil
}

// symbols compares what "-s -w" leave out, which -trimpath leaves unrecorded.
func (p *prover) symbols() []reason {
	ranSymbols, ranDebug := p.running.exe.Stripped()
	madeSymbols, madeDebug := p.rebuilt.exe.Stripped()
	if ranSymbols == madeSymbols && ranDebug == madeDebug {
		return nil
	}
	return []reason{{symbols: true, Cause: Cause{
		Kind: CauseSymbols, What: fmt.Sprintf("it has %s, the rebuild has %s", symbolsText(ranSymbols, ranDebug), symbolsText(madeSymbols, madeDebug)),
		Remedy: symbolsRemedy(ranSymbols, ranDebug),
	}}}
}

// givenID is the cause if the linker was told another build id.
func (p *prover) givenID() []reason {
	a, b := p.running.buildID(), p.rebuilt.buildID()
	if a == b || !isGivenID(a) && !isGivenID(b) {
		return nil
	}
	return []reason{{Cause: p.buildIDCause()}}
}

func symbolsText(noSymbols, noDebug bool) string {
	switch {
	case noSymbols && noDebug:
		return "neither symbols nor debug information"
	case noDebug:
		return "symbols and no debug information"
	case noSymbols:
		return "debug information and no symbols"
	}
	return "symbols and debug information"
}

func symbolsRemedy(noSymbols, noDebug bool) string {
	switch {
	case noSymbols && noDebug:
		return "rebuild with -ldflags=\"-s -w\", or, if it was stripped after it was built, deploy it as the go command writes it"
	case noDebug:
		return "rebuild with -ldflags=-w"
	case noSymbols:
		return "rebuild with -ldflags=\"-s -w=0\""
	}
	return "rebuild with -ldflags=\"\""
}

// content lists what differs in functions and in values, in words.
func (p *prover) content(ctx context.Context) (functions, values []string, err error) {
	report, err := compare.Executables(ctx, p.running.path, p.rebuilt.path)
	if errors.Is(err, compare.ErrUnknown) {
		return p.sizes(), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, f := range report.Functions {
		if !f.Generated {
			functions = append(functions, functionText(f))
		}
	}
	return functions, valueTexts(report.Data), nil
}

// valueTexts shows the strings among the values that differ, or all if there are
// none: the length of a string is a value of its own.
func valueTexts(all []compare.Data) []string {
	var strs, others []string
	for _, d := range all {
		text := fmt.Sprintf("%s in it, %s in the rebuild, used by %s", shown(cmp.Or(d.Old, "empty")), shown(cmp.Or(d.New, "empty")), shown(strings.Join(d.Users, ", ")))
		switch {
		case ofLinker(d):
		case strings.HasPrefix(d.Old+d.New, `"`):
			strs = append(strs, text)
		default:
			others = append(others, text)
		}
	}
	if len(strs) > 0 {
		return strs
	}
	return others
}

func functionText(f compare.Function) string {
	text := shown(f.Name)
	if f.File != "" {
		text += fmt.Sprintf(" (%s:%d)", shown(f.File), f.Line)
	}
	switch f.Status {
	case compare.Added:
		return text + ", which it lacks"
	case compare.Removed:
		return text + ", which the rebuild lacks"
	}
	return text
}

// sizes compares functions by their sizes, where code is not understood.
func (p *prover) sizes() []string {
	var texts []string
	for _, d := range functionDifferences(p.running.image, p.rebuilt.image) {
		texts = append(texts, d.What)
	}
	return texts
}

// ofLinker reports whether only the runtime uses a value: the linker sets it, to
// what build info records, or to its length.
func ofLinker(d compare.Data) bool {
	return !slices.ContainsFunc(d.Packages, func(path string) bool { return path != "runtime" && path != "runtime/debug" && path != "" })
}

// functions is the cause if functions differ and no record says why. Changes of
// a tree, or another commit, are said to show in them.
func (p *prover) functions(texts []string, recorded []reason) []reason {
	if len(texts) == 0 {
		return nil
	}
	what := listed("function", texts)
	for i, r := range recorded {
		if r.Kind == CauseDirty || r.Kind == CauseRevision {
			recorded[i].What += ": " + what
			return nil
		}
	}
	return []reason{{code: true, Cause: Cause{
		Kind: CauseCode, What: what + ": the source of these was another when it was built: a dirty tree, or another commit",
		Remedy: "find the source that it was built from, commit it, and take that commit as the base",
	}}}
}

// values is the cause if only values differ.
func (p *prover) values(texts []string) []reason {
	if names := p.variables(); len(names) > 0 {
		return []reason{{values: true, Cause: Cause{
			Kind: CauseVariables, What: "the linker set variables: " + listed("argument", names),
			Remedy: "rebuild with these arguments of the linker",
		}}}
	}
	if len(texts) == 0 {
		return nil
	}
	return []reason{{values: true, Cause: Cause{
		Kind: CauseVariables, What: "every function is the same, and " + listed("value", texts),
		Remedy: "rebuild with the variables that the linker set (-ldflags=-X), or with the files that are embedded",
	}}}
}

// variables names those that the linker set in what runs and not in the rebuild,
// as long as both have symbols.
func (p *prover) variables() []string {
	made := linkedVariables(p.rebuilt.image)
	var names []string
	for _, flag := range linkedVariables(p.running.image) {
		if !slices.Contains(made, flag) {
			names = append(names, shown(flag))
		}
	}
	return names
}

// rest is the cause where nothing was found: it names the parts that differ.
func (p *prover) rest() reason {
	all := sectionDifferences(p.running.image, p.rebuilt.image)
	var texts []string
	for _, d := range all {
		texts = append(texts, d.String())
	}
	if onlySymbols(all) {
		return reason{Cause: Cause{
			Kind: CauseSymbols, What: "only symbols or debug information differ: " + listed("section", texts),
			Remedy: "rebuild with the arguments of the linker that it was built with",
		}}
	}
	return reason{Cause: Cause{
		Kind: CauseUnknown, What: "neither build info nor any function says why " + listed("section", texts),
		Remedy: "rebuild with the arguments of the linker that it was built with, above all its variables (-X), and look whether it was changed after it was built",
	}}
}
