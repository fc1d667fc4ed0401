package build

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// Plan is everything that determines the bytes of one executable. It is plain
// data: a test of a policy writes it as a literal.
type Plan struct {
	Target    target.Target
	Dir       string   // folder of the module that holds the main package
	Package   string   // main package: an import path, or a path beginning with "./"
	Output    string   // where the executable goes
	Toolchain string   // Go version, as "go1.26.8"; empty for the one that go.mod asks for
	Trimpath  bool     // no path of the host in the executable
	StampVCS  bool     // revision, time and state of the checkout in the build info
	Module    string   // -mod: "readonly", "vendor" or "mod"
	Workspace string   // path of a go.work file; empty for none
	Tags      []string // build tags, sorted
	Ldflags   []string // arguments of the linker, one an element
	Gcflags   []string // arguments of the compiler for the module's own packages
	BuildMode string   // -buildmode; empty for the target's default
	PGO       string   // -pgo: empty for Go's default ("auto"), "off", or a profile's path
	Race      bool     // the race detector
	Cgo       *Cgo     // nil for CGO_ENABLED=0

	// Places are the variables of the host that pass into the build, since
	// they only say where things are.
	Places []string
}

// Cgo says how C code in the program is compiled. Its fields become the
// variables of the same names; empty ones are left to the go command.
type Cgo struct {
	CC        string // C compiler with its arguments, as "x86_64-w64-mingw32-gcc"
	CXX       string // C++ compiler
	AR        string // archiver
	CFLAGS    string // CGO_CFLAGS: arguments of the C compiler
	CXXFLAGS  string // CGO_CXXFLAGS: arguments of the C++ compiler
	LDFLAGS   string // CGO_LDFLAGS: arguments of the C linker
	PkgConfig string // PKG_CONFIG
}

func (c *Cgo) environ() []string {
	if c == nil {
		return []string{"CGO_ENABLED=0"}
	}
	env := []string{"CGO_ENABLED=1"}
	for _, v := range []struct{ key, value string }{
		{"CC", c.CC}, {"CXX", c.CXX}, {"AR", c.AR}, {"CGO_CFLAGS", c.CFLAGS}, {"CGO_CXXFLAGS", c.CXXFLAGS},
		{"CGO_LDFLAGS", c.LDFLAGS}, {"PKG_CONFIG", c.PkgConfig},
	} {
		if v.value != "" {
			env = append(env, v.key+"="+v.value)
		}
	}
	return env
}

// Argv returns the exact command line.
func (p Plan) Argv() []string {
	argv := append([]string{"go", "build", "-v"}, p.ListFlags()...)
	return append(argv, "-o", p.Output, p.Package)
}

// Flags returns the flags and variables that determine the bytes, without any
// path of the host, in a fixed order: what a manifest records.
func (p Plan) Flags() []string {
	pgo := p.PGO
	if pgo != "" && pgo != "auto" && pgo != "off" {
		pgo = filepath.Base(pgo)
	}
	return append(p.flags(pgo), p.Cgo.environ()...)
}

// ListFlags returns the flags of Argv that "go list" takes as well: a package
// that is listed with them, and with Environ, is the one that is built, and what
// listing compiles is in the cache for the build.
func (p Plan) ListFlags() []string { return p.flags(p.PGO) }

func (p Plan) flags(pgo string) []string {
	var flags []string
	add := func(name, value string) {
		if value != "" {
			flags = append(flags, name+"="+value)
		}
	}
	if p.Trimpath {
		flags = append(flags, "-trimpath")
	}
	if p.StampVCS {
		flags = append(flags, "-buildvcs=true")
	} else {
		flags = append(flags, "-buildvcs=false")
	}
	if p.Race {
		flags = append(flags, "-race")
	}
	add("-mod", p.Module)
	add("-buildmode", p.BuildMode)
	add("-tags", strings.Join(p.Tags, ","))
	add("-gcflags", joinFlags(p.Gcflags))
	add("-ldflags", joinFlags(p.Ldflags))
	add("-pgo", pgo)
	return flags
}

// Environ returns the complete environment, sorted.
func (p Plan) Environ() []string {
	toolchain := p.Toolchain
	if toolchain == "" {
		toolchain = "auto"
	}
	workspace := p.Workspace
	if workspace == "" {
		workspace = "off"
	}
	fixed := []string{
		"GOENV=off", "GOFLAGS=", "GO111MODULE=on", "GOTELEMETRY=off", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GOTOOLCHAIN=" + toolchain, "GOWORK=" + workspace,
	}
	return gocmd.With(p.Places, slices.Concat(fixed, p.Target.Environ(), p.Cgo.environ())...)
}

// joinFlags writes a list of arguments as the go command's -ldflags and
// -gcflags read it: separated by spaces, quoted where needed. An argument with
// both kinds of quotes cannot be written; options refuse it.
func joinFlags(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		switch {
		case !strings.ContainsAny(arg, " \t\n\"'"):
			quoted[i] = arg
		case strings.Contains(arg, "'"):
			quoted[i] = `"` + arg + `"`
		default:
			quoted[i] = "'" + arg + "'"
		}
	}
	return strings.Join(quoted, " ")
}
