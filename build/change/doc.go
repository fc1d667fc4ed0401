// Package change finds everything that differs between a released base and its
// fix: a complete [policy.Change], for policies to judge.
//
// # Guarantee
//
// No list of the result is empty because something could not be found out. What
// a target's program consists of is asked of the go command with the flags and
// the environment of the build itself; where it cannot tell, [policy.Affected]
// says why, and what else is missing is in the change's Unknown. Neither tree,
// nor the repository that it comes from, is written to. The same trees, plans
// and targets give the same change.
//
// # Trees
//
// A [Tree] is one side: a plain folder ([Folder]), a revision of a git checkout,
// which is exported whole into a temporary folder ([Checkout.Revision]), or the
// checkout's work tree as it stands ([Checkout.WorkTree]). In a work tree, files
// that git ignores count only if they lie in the folder of a package or are
// built into the program.
//
// # What is found
//
// Package source, below this one, finds files, packages, functions, imports,
// notes and directives by reading the two trees. This package adds
//
//   - the revisions, and how the two commits stand to each other: not known in
//     a clone that is too shallow to tell;
//   - for each target, the packages of the program that differ. The go command
//     lists each side once a target, without compiling. A package differs if a
//     file differs that is compiled or embedded on this target, or the version
//     of its module, or the language version that it is compiled for. A package
//     that only one of the programs has differs too, unless it is one of the
//     standard library. The main package differs also with default.pgo and the
//     directives of go.mod. Through lists what imports these on either side;
//   - modules, at the versions that the programs are built from, and the licence
//     of those that are new or changed, if the module's folder has exactly one
//     file of a licence and its text is, word for word, a well-known one;
//   - the files of a module that a folder outside of the tree replaces, if each
//     side has a folder of its own;
//   - differences of the exported API of the changed packages of the main
//     module, internal ones among them, for all targets. Where bodies of
//     functions and comments alone differ there can be none, and nothing is
//     asked. Else their types come from the compiler's export data. That
//     compiles what the build compiles, with the same flags, so that the build
//     finds it in its cache; with default.pgo, which makes variants of packages,
//     it does not.
//
// # Tests
//
// [Tests] finds which tests of the main module a change can reach on a target,
// for package tests to run.
//
// # What is not
//
// Headers that C code includes from outside of its package's folder, and what
// tools outside of the Go toolchain do, are not seen.
//
// # Errors
//
// [Between] returns a [*MissingMainError], a [*build.ToolchainError], an error
// of package source, what the plans said, or the context's. [Tests] returns the
// same but the first, or what kept a side from being listed. Constructors of
// trees return [ErrNoModule], [ErrNoRepository] or [ErrNoRevision], wrapped, or
// what git said.
package change
