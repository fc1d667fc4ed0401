package build

import (
	"regexp"
	"strings"
)

// FlagOptions returns the options by which [New] plans a build with the given flags
// and variables, as [Plan.Flags] lists them. They override all defaults: what is not
// among the flags is off. A profile is given by its path, which Plan.Flags leaves
// out.
//
// The flags may be those of a stranger's document: what could run a program or write
// a file of its choice is an [*OptionError], as is what no option makes.
func FlagOptions(flags []string) ([]Option, error) {
	r := flagReader{cgo: map[string]string{}}
	for _, f := range flags {
		if err := r.read(f); err != nil {
			return nil, err
		}
	}
	return r.finish()
}

// flagReader collects what a list of flags says.
type flagReader struct {
	options          []Option
	trimpath         bool
	module           string
	ldflags, gcflags []string
	cgo              map[string]string // variables
}

func (r *flagReader) read(f string) (err error) {
	name, value, _ := strings.Cut(f, "=")
	switch name {
	case "-trimpath":
		r.trimpath = true
	case "-buildvcs":
		if value == "true" {
			r.options = append(r.options, WithVCSStamp())
		}
	case "-race":
		r.options = append(r.options, WithRace())
	case "-mod":
		r.module = value
	case "-buildmode":
		r.options = append(r.options, WithBuildMode(value))
	case "-tags":
		r.options = append(r.options, WithTags(strings.Split(value, ",")...))
	case "-gcflags":
		r.gcflags, err = arguments(name, value)
	case "-ldflags":
		r.ldflags, err = arguments(name, value)
	case "-pgo":
		r.options = append(r.options, WithPGO(value))
	case "CGO_CFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS":
		r.cgo[name] = value
		_, err = arguments(name, value)
	case "CC", "CXX", "AR", "PKG_CONFIG":
		r.cgo[name] = value
		err = checkProgram(name, value)
	case "CGO_ENABLED":
		r.cgo[name] = value
	default:
		return noOption(f)
	}
	return err
}

func noOption(f string) error {
	return optionError("FlagOptions", "no option gives %s: build it by hand, as it was built at first", shown(f))
}

func harmful(name, value string) error {
	return optionError("FlagOptions", "%s has %s, which could run a program or write a file of its choice: build it by hand if you trust it", name, shown(value))
}

// arguments reads what joinFlags wrote, and passes only what is known to be harmless.
func arguments(name, value string) ([]string, error) {
	if bad, ok := refusedArgument(name, value); ok {
		return nil, harmful(name, bad)
	}
	args, _ := splitFlags(value)
	return args, nil
}

// checkProgram passes compilers and their tools that are found by their names, with
// harmless arguments.
func checkProgram(name, value string) error {
	program, rest, _ := strings.Cut(value, " ")
	tool := regexp.MustCompile(`^([a-z0-9_.]+-)*(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ar|llvm-ar|gcc-ar|pkg-config|pkgconf)(-[0-9.]+)?$`)
	if !tool.MatchString(program) {
		return harmful(name, program)
	}
	_, err := arguments(name, rest)
	return err
}

func (r *flagReader) finish() ([]Option, error) {
	if !r.trimpath {
		return nil, optionError("FlagOptions", "-trimpath is missing, and no option leaves it out")
	}
	options := append(r.options, WithLdflags(r.ldflags...), WithGcflags(r.gcflags...))
	switch r.module {
	case "vendor":
		options = append(options, WithVendor())
	case "readonly":
	default:
		return nil, noOption("-mod=" + r.module)
	}
	if r.cgo["CGO_ENABLED"] == "1" {
		return append(options, WithCgo(Cgo{
			CC: r.cgo["CC"], CXX: r.cgo["CXX"], AR: r.cgo["AR"], CFLAGS: r.cgo["CGO_CFLAGS"], CXXFLAGS: r.cgo["CGO_CXXFLAGS"],
			LDFLAGS: r.cgo["CGO_LDFLAGS"], PkgConfig: r.cgo["PKG_CONFIG"],
		})), nil
	}
	if r.cgo["CGO_ENABLED"] != "0" || len(r.cgo) > 1 {
		return nil, optionError("FlagOptions", "the variables of cgo are not those that a plan has: CGO_ENABLED is 0 and there are no others, or it is 1")
	}
	return options, nil
}
