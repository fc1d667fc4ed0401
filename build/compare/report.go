package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Report is what differs between two executables. Lists are sorted.
type Report struct {
	Old       Executable `json:"old"`
	New       Executable `json:"new"`
	Identical bool       `json:"identical"` // byte for byte
	Info      []Info     `json:"info"`      // build information that differs
	Functions []Function `json:"functions"` // that differ, by package and name
	Data      []Data     `json:"data"`      // constants, types and variables that differ
	Equal     int        `json:"equal"`     // functions that are the same on both sides
	Unknown   []string   `json:"unknown"`   // what could not be compared, in words
}

// Executable is one side of a comparison.
type Executable struct {
	Path      string          `json:"path"` // as it was given
	Digest    manifest.Digest `json:"digest"`
	Size      int64           `json:"size"` // bytes
	Target    target.Target   `json:"target"`
	Toolchain string          `json:"toolchain"` // as "go1.26.8"
	Functions int             `json:"functions"` // in its function table
}

// Status says what happened to a function.
type Status string

// What can happen to a function.
const (
	Added   Status = "added"
	Removed Status = "removed"
	Edited  Status = "edited"  // its own code differs
	Inlined Status = "inlined" // it differs through inlined copies of functions that were edited

	Emitted  Status = "emitted"  // it was only inlined before, and now has code of its own
	Absorbed Status = "absorbed" // it had code of its own, and is only inlined now
)

// Function is a function that differs.
type Function struct {
	Name      string   `json:"name"`              // as the linker names it: "net/http.(*Server).Serve"
	Package   string   `json:"package"`           // import path; "" for what the compiler made
	Status    Status   `json:"status"`            // what happened to it
	File      string   `json:"file,omitempty"`    // as the compiler recorded it
	Line      int      `json:"line,omitempty"`    // of the func keyword, in the new executable if it is there
	OldSize   int      `json:"oldSize"`           // bytes of code; 0 if it is not there
	NewSize   int      `json:"newSize"`           // bytes of code; 0 if it is not there
	Generated bool     `json:"generated"`         // made by the compiler, not written
	Through   []string `json:"through,omitempty"` // inlined functions that were edited, by name
	Why       string   `json:"why"`               // what differs first, in words
}

// Kind says what a piece of data is.
type Kind string

// Kinds of data.
const (
	Constant Kind = "constant" // read-only: strings, tables
	Type     Kind = "type"     // a type descriptor
	Variable Kind = "variable" // what a variable begins with

	MethodTable Kind = "method table" // by which a type is used as an interface
)

// Data is a piece of data that functions refer to and that differs.
type Data struct {
	Kind     Kind     `json:"kind"`
	Packages []string `json:"packages"` // of the functions that refer to it
	Users    []string `json:"users"`    // functions that refer to it, at most [MaxUsers]
	Old      string   `json:"old"`      // the beginning of its content, quoted
	New      string   `json:"new"`      // the same of the other side
}

// MaxUsers is how many functions are listed that refer to a piece of data.
const MaxUsers = 5

// Info is a line of the build information that differs.
type Info struct {
	Name string `json:"name"` // "toolchain", "main module", "dependency PATH", "setting KEY"
	Old  string `json:"old"`  // "" if it is not there
	New  string `json:"new"`  // the same of the other side
}

// Edited returns the functions that were added, removed or edited, without
// those that the compiler made.
func (r *Report) Edited() []Function {
	written := []Status{Added, Removed, Edited}
	return slices.DeleteFunc(slices.Clone(r.Functions), func(f Function) bool { return f.Generated || !slices.Contains(written, f.Status) })
}

// Packages returns the import paths of the packages that have functions in the
// report, sorted.
func (r *Report) Packages() []string {
	var all []string
	for _, f := range r.Functions {
		all = append(all, f.Package)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *Report) sort() {
	slices.SortFunc(r.Functions, func(a, b Function) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Line, b.Line))
	})
	slices.SortFunc(r.Data, func(a, b Data) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Packages, b.Packages), slices.Compare(a.Users, b.Users), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
}

// String is the report as tables.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s, %d bytes → %s, %d bytes\n", r.New.Target, r.New.Toolchain, r.Old.Digest.Short(), r.Old.Size, r.New.Digest.Short(), r.New.Size)
	if r.Identical {
		b.WriteString("identical, byte for byte\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%d of %d functions are the same, %s\n", r.Equal, r.New.Functions, r.summary())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range r.Functions {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.label(), f.Name, f.sizes(), f.position())
	}
	for _, d := range r.Data {
		fmt.Fprintf(w, "%s\tused by %s\t%s → %s\t\n", d.Kind, strings.Join(d.Users, ", "), d.Old, d.New)
	}
	for _, i := range r.Info {
		fmt.Fprintf(w, "build info\t%s\t%s → %s\t\n", i.Name, cmp.Or(i.Old, "none"), cmp.Or(i.New, "none"))
	}
	_ = w.Flush()
	for _, text := range r.Unknown {
		b.WriteString("cannot tell: " + text + "\n")
	}
	return b.String()
}

func (r *Report) summary() string {
	counts := map[Status]int{}
	for _, f := range r.Functions {
		counts[f.Status]++
	}
	var parts []string
	for _, s := range []Status{Edited, Inlined, Added, Removed, Emitted, Absorbed} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if len(parts) == 0 {
		return "none differs"
	}
	return strings.Join(parts, ", ")
}

func (f Function) label() string {
	label := string(f.Status)
	if f.Generated {
		label += ", generated"
	}
	return label
}

func (f Function) sizes() string { return fmt.Sprintf("%d → %d bytes", f.OldSize, f.NewSize) }

func (f Function) position() string {
	text := f.Why
	if f.Status == Inlined {
		text = "through " + strings.Join(f.Through, ", ")
	}
	if f.File == "" {
		return text
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, text)
}
