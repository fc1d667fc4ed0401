// Package source finds what differs between two source trees by reading them,
// without the go command, a compiler or a network.
//
// # Guarantee
//
// [Compare] returns the same [policy.Change] for the same bytes: it looks at
// nothing but the two trees, and all lists are sorted. It never leaves a file
// out in silence. Every file that differs is in Files; a Go file that cannot be
// read as Go is also in Unknown, with the reason, so that policies which depend
// on its declarations block. Where a rule of the language is matched in part
// (which files "//go:embed" takes, whether code is generated), more is reported
// rather than less.
//
// Trees may come from strangers: memory and time are bounded by [MaxFiles],
// [MaxFileSize] and the size of the files that differ, symbolic links are
// compared and never followed, and nothing in a tree is executed.
//
// # What is read
//
// A package is a folder with Go files, below the go.mod file nearest to it;
// its path is that module's path and the folder, and for vendored code what
// follows "vendor/". As the go command does, it is not looked for in folders
// named testdata or beginning with "_" or ".". Functions, imports and notes are
// those of all files but tests, whatever the target. Two declarations are equal
// if their tokens are: formatting and comments are no difference, and compiler
// directives are notes of their own.
//
// Modules are the require and replace lines of go.mod. Before go 1.17 these do
// not list all modules of the build, which is then in Unknown.
//
// # What is not
//
// Which targets a change affects, what it changes of the exported API and
// whether modules are what they were takes types, a load by the go command and
// a module cache: Affected is empty, the API is in Unknown, licences are empty,
// and so are the revisions and the main package.
//
// Nothing outside the trees is looked at. A folder there that replaces a module
// is in Unknown; what a symbolic link leads to there is not seen at all. A
// program that imports a package from a folder named testdata is not understood.
package source
