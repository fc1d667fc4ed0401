package build

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// search looks for the linker's flags with which a source gives the file. If
// they are recorded it makes one attempt. Else the first attempt is made with
// the flags that the file's shape asks for, and its bytes decide:
//
//   - equal but for the build id: only the spelling of the flags is missing
//     ("-s -w" and "-s" give the same code), and others are tried;
//   - different, but every function has the same size: values that the file
//     has and the rebuild has not, as a version or a revision, are assigned to
//     variables (-X). They change data only: a rebuild with other functions is
//     not to be had by flags of the linker.
//
// Variables that a symbol table still names are tried before all that.
func (r *rebuilder) search(ctx context.Context, src *source) error {
	undo, err := r.linkFolders(src)
	if err != nil {
		return err
	}
	return errors.Join(r.searchLinked(ctx, src), undo())
}

func (r *rebuilder) searchLinked(ctx context.Context, src *source) error {
	if r.recipe.ldflags != nil || !r.recipe.trimpath {
		recorded := ""
		if r.recipe.ldflags != nil {
			recorded = *r.recipe.ldflags
		}
		_, err := r.attempt(ctx, src, recorded)
		return err
	}
	for _, given := range r.ldflags {
		if _, err := r.attempt(ctx, src, given); err != nil || r.result.Identical {
			return err
		}
	}
	return r.guessLdflags(ctx, src)
}

func (r *rebuilder) guessLdflags(ctx context.Context, src *source) error {
	strips := stripFlags(r.subject.image)
	if set := linkedVariables(r.subject.image); len(set) > 0 {
		if done, err := r.tryAssignments(ctx, src, strips, set); done || err != nil {
			return err
		}
	}
	plain, err := r.attempt(ctx, src, strips[0])
	if err != nil || r.result.Identical {
		return err
	}
	if plain.attempt.Verdict != Different {
		return r.tryAll(ctx, src, strips[1:])
	}
	if !sameFunctions(r.subject.image, plain.image) {
		return nil
	}
	for _, set := range r.assignments(plain, src) {
		if done, err := r.tryAssignments(ctx, src, strips, set); done || err != nil {
			return err
		}
	}
	return nil
}

// tryAssignments tries a set of -X flags in the usual place, and, if it gives the
// code, in other spellings.
func (r *rebuilder) tryAssignments(ctx context.Context, src *source, strips, set []string) (done bool, err error) {
	if len(r.result.Tried) >= MaxAttempts {
		return true, nil
	}
	b, err := r.attempt(ctx, src, joinNonEmpty(strips[0], strings.Join(set, " ")))
	if err != nil || r.result.Identical {
		return true, err
	}
	if b.attempt.Verdict == Different {
		return false, nil
	}
	return true, r.tryAll(ctx, src, spellings(strips, set)[1:])
}

// tryAll makes attempts until one is identical or there were too many.
func (r *rebuilder) tryAll(ctx context.Context, src *source, candidates []string) error {
	for _, ldflags := range candidates {
		if len(r.result.Tried) >= MaxAttempts {
			return nil
		}
		if _, err := r.attempt(ctx, src, ldflags); err != nil || r.result.Identical {
			return err
		}
	}
	return nil
}

// spellings are orders of the same flags: each changes the build id alone.
func spellings(strips, set []string) []string {
	var all []string
	for _, order := range orders(set) {
		for _, strip := range strips {
			all = append(all, joinNonEmpty(strip, strings.Join(order, " ")))
		}
	}
	for _, strip := range strips {
		if strip != "" {
			all = append(all, joinNonEmpty(strings.Join(set, " "), strip))
		}
	}
	return all
}

// orders returns a list in its own order, reversed, and sorted.
func orders(list []string) [][]string {
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	all := [][]string{list}
	for _, other := range [][]string{reversed, slices.Sorted(slices.Values(list))} {
		if !slices.ContainsFunc(all, func(have []string) bool { return slices.Equal(have, other) }) {
			all = append(all, other)
		}
	}
	return all
}

func joinNonEmpty(parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), " ")
}

// stripFlags returns the flags by which the linker leaves out what the file
// lacks, the usual spelling first.
func stripFlags(img *image) []string {
	noSymbols, noDWARF := img.exe.Stripped()
	var flags []string
	switch {
	case !noDWARF:
		flags = []string{""}
	case noSymbols:
		flags = []string{"-s -w", "-s", "-w -s"}
	default:
		flags = []string{"-w"}
	}
	if img.buildID() != "" {
		return flags
	}
	bare := make([]string, 0, 2*len(flags))
	for _, f := range flags {
		bare = append(bare, joinNonEmpty(f, "-buildid="), joinNonEmpty("-buildid=", f))
	}
	return slices.Compact(bare)
}

// quoteFlag writes one argument as the go command splits -ldflags.
func quoteFlag(arg string) string { return joinFlags([]string{arg}) }
