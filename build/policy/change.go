package policy

import (
	"github.com/gohotfix/hotfix/target"
)

// Change is the difference from a base to its fix. It is plain data, which a
// test writes as a literal; package change finds it in two source trees. Lists
// are sorted and nil if they are empty. An empty list says that nothing of the
// kind differs; what could not be found out is in Unknown.
type Change struct {
	Base       Revision    `json:"base"`
	Fix        Revision    `json:"fix"`
	Ancestry   Ancestry    `json:"ancestry"` // how the fix's commit stands to the base's
	Module     string      `json:"module"`   // path of the main module
	Main       string      `json:"main"`     // import path of the main package
	Files      []File      `json:"files"`
	Packages   []Package   `json:"packages"`   // of the main module, with changed files
	Affected   []Affected  `json:"affected"`   // one a target
	Modules    []Module    `json:"modules"`    // that were added, removed or changed in the build list
	Directives []Directive `json:"directives"` // of go.mod that changed
	API        []API       `json:"api"`
	Imports    []Import    `json:"imports"` // that are new
	Notes      []Note      `json:"notes"`
	Unknown    []Unknown   `json:"unknown"`
}

// Revision is one of the two trees that are compared.
type Revision struct {
	Name    string `json:"name"`    // as it was asked for: "v1.4.2", "HEAD", a folder
	Commit  string `json:"commit"`  // hash; "" for a plain folder
	Version string `json:"version"` // highest version tag that points to the commit, or ""
	Dirty   bool   `json:"dirty"`   // the tree holds changes that are in no commit
}

// Ancestry says how the fix's commit stands to the base's. The zero value is
// "not known", so that nothing passes by it.
type Ancestry string

// What the fix's commit can be to the base's.
const (
	UnknownAncestry Ancestry = ""         // not known: no commits, or a clone that is too shallow to tell
	Descends        Ancestry = "descends" // the base's commit or one that descends from it
	Precedes        Ancestry = "precedes" // an ancestor of the base's commit: older code
	Diverged        Ancestry = "diverged" // each has commits that the other lacks
)

// Part is a part of a [Change] that may be incomplete.
type Part string

// Parts that cannot always be found out. What is missing of Affected is in
// [Affected].Err.
const (
	PartSource  Part = "declarations" // Functions, Imports and Notes, of a file that cannot be read as Go
	PartModules Part = "module versions"
	PartAPI     Part = "exported API"
)

// Unknown is something that could not be found out about a change. Policies
// that depend on it block.
type Unknown struct {
	Part Part   `json:"part"`
	File string `json:"file"` // as in [File].Path; "" if the part as a whole is not known
	Why  string `json:"why"`  // as the end of a sentence: "a.go:3:1: expected declaration"
}

// Status says on which side something exists.
type Status string

// What can happen to something between base and fix.
const (
	Added   Status = "added"
	Removed Status = "removed"
	Changed Status = "changed"
)

// File is a file of the tree that differs.
type File struct {
	Path    string `json:"path"` // slash-separated, below the module's folder; "../" leads out of it
	Status  Status `json:"status"`
	Added   int    `json:"added"`   // lines; 0 for a binary file
	Removed int    `json:"removed"` // lines; 0 for a binary file
	Binary  bool   `json:"binary"`  // not text
	Test    bool   `json:"test"`    // _test.go, or below a folder named testdata
	Gen     bool   `json:"gen"`     // marked "Code generated … DO NOT EDIT." on either side
}

// Package is a package of the main module with files that differ.
type Package struct {
	Path      string   `json:"path"` // import path
	Status    Status   `json:"status"`
	Files     []string `json:"files"`     // paths of the files that differ, as in [File].Path
	Functions []string `json:"functions"` // functions whose source differs, as "(*Server).Serve"; without tests
}

// Affected says what a target's executable is made of that differs.
type Affected struct {
	Target   target.Target `json:"target"`
	Changed  []string      `json:"changed"`  // import paths of the packages in the program whose own files differ for the target
	Through  []string      `json:"through"`  // import paths of the packages in the program that import those, directly or not
	Excluded []string      `json:"excluded"` // files that differ and are not part of the program on this target
	Err      string        `json:"err"`      // why this could not be found out; "" if it could
}

// Any reports whether the target's executable can differ at all.
func (a Affected) Any() bool { return a.Err != "" || len(a.Changed) > 0 }

// Module is a change of the build list.
type Module struct {
	Path     string `json:"path"`     // as it is required
	Old      string `json:"old"`      // version; "" where the module is not in the build list
	New      string `json:"new"`      // version; "" where the module is not in the build list
	OldPath  string `json:"oldPath"`  // what replaces it: a module path with version, or a folder; "" for nothing
	NewPath  string `json:"newPath"`  // what replaces it: a module path with version, or a folder; "" for nothing
	Indirect bool   `json:"indirect"` // not imported by the main module itself
	License  string `json:"license"`  // SPDX identifier of the new side, "" if it is not known
}

// Directive is a line of go.mod that changed.
type Directive struct {
	Name string `json:"name"` // "module", "go", "toolchain", "godebug NAME"
	Old  string `json:"old"`  // "" where it is absent
	New  string `json:"new"`  // "" where it is absent
}

// API is one difference in what a package exports.
type API struct {
	Package    string `json:"package"`    // import path
	Message    string `json:"message"`    // as golang.org/x/exp/apidiff words it
	Compatible bool   `json:"compatible"` // callers go on compiling
}

// Import is a package that a package of the main module did not import before.
type Import struct {
	Package string `json:"package"` // import path of the importer
	Path    string `json:"path"`    // import path of what is imported
	File    string `json:"file"`    // one that imports it
	Line    int    `json:"line"`    // of the import in it
}

// Kind is what a [Note] is about.
type Kind string

// Kinds of notes: changes that do more than their lines show.
const (
	Init       Kind = "init function"      // runs before main
	Variable   Kind = "package variable"   // initialised before main
	Constraint Kind = "build constraint"   // //go:build, or the file's name
	Embed      Kind = "embedded file"      // a file that //go:embed puts into the program, or the directive
	Linkname   Kind = "go:linkname"        // reaches into another package
	Generated  Kind = "generated code"     // somebody must change its source too
	Cgo        Kind = "cgo"                // C code or its flags
	Assembly   Kind = "assembly"           // not checked by the compiler
	Profile    Kind = "profile"            // default.pgo: changes code all over the program
	Directives Kind = "compiler directive" // any other //go: comment
)

// Note is a change that deserves a look.
type Note struct {
	Kind    Kind   `json:"kind"`
	Status  Status `json:"status"`
	Package string `json:"package"` // import path; "" if the file belongs to none
	File    string `json:"file"`    // as in [File].Path
	Line    int    `json:"line"`    // in the fix, or in the base for what was removed; 0 for the file as a whole
	Name    string `json:"name"`    // of the variable, the directive or the embedded file
}
