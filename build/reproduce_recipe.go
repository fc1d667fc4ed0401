package build

import (
	"fmt"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/gohotfix/hotfix/target"
)

// recipe is what build info says about how an executable was built.
type recipe struct {
	target    target.Target
	toolchain string // "go1.26.8"
	pkg       string // import path of the main package; empty if only files were named
	module    string // path of the main module; empty for a command of the toolchain
	main      debug.Module
	deps      []*debug.Module
	flags     []string // of the go command, without -ldflags
	ldflags   *string  // nil if not recorded
	env       []string // beyond what the target sets
	trimpath  bool
	cgo       bool
	vendored  bool
	profile   string // file name of the profile of -pgo; empty for none
	stamp     *stamp
}

// stamp is what the go command recorded of a repository.
type stamp struct {
	system   string // "git"
	revision string
	time     time.Time
	modified bool
}

// filesOnly is the path that the go command records when it is given files
// instead of a package.
const filesOnly = "command-line-arguments"

func newRecipe(info *debug.BuildInfo) (*recipe, error) {
	r := &recipe{pkg: info.Path, main: info.Main, deps: info.Deps, module: info.Main.Path}
	if err := r.readVersion(info.GoVersion); err != nil {
		return nil, err
	}
	if err := checkPaths(info.Path, info.Main.Path); err != nil {
		return nil, err
	}
	for _, s := range info.Settings {
		if err := checkSetting(s.Key, s.Value); err != nil {
			return nil, err
		}
		if err := r.readSetting(s.Key, s.Value); err != nil {
			return nil, err
		}
	}
	var err error
	if r.target, err = target.FromBuildSettings(info.Settings); err != nil {
		return nil, &MissingError{What: "the build info names no target", Err: err}
	}
	return r, r.readModule()
}

// checkPaths refuses paths that the go command could take for flags.
func checkPaths(paths ...string) error {
	for _, p := range paths {
		if p == "" || p == filesOnly {
			continue
		}
		if err := module.CheckImportPath(p); err != nil {
			return &MissingError{What: "the build info names no package", Err: err}
		}
	}
	return nil
}

// checkSetting checks the settings that reach tools as flags.
func checkSetting(key, value string) error {
	switch key {
	case "-ldflags", "-gcflags", "-asmflags", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS":
		return checkRecorded(key, value)
	}
	return nil
}

// readVersion reads the toolchain's version, with the experiments that follow
// it: "go1.24.1 X:synctest".
func (r *recipe) readVersion(text string) error {
	version, rest, _ := strings.Cut(text, " ")
	if !regexp.MustCompile(`^go1(\.\d+){1,2}((rc|beta)\d+)?$`).MatchString(version) {
		return missing("", "the toolchain %q is not a release of Go, and its source is not known", text)
	}
	r.toolchain = version
	if experiments, ok := strings.CutPrefix(rest, "X:"); ok {
		r.env = append(r.env, "GOEXPERIMENT="+experiments)
	} else if rest != "" {
		return missing("", "the toolchain %q was built from changed sources", text)
	}
	return nil
}

func (r *recipe) readSetting(key, value string) error {
	switch key {
	case "-trimpath", "-race", "-msan", "-asan", "-cover":
		if value == "true" {
			r.flags = append(r.flags, key)
			r.trimpath = r.trimpath || key == "-trimpath"
		}
	case "-gcflags", "-asmflags":
		r.flags = append(r.flags, key+"="+value)
	case "-tags":
		r.addTags(value)
	case "-buildmode":
		if value != "exe" { // the target's default
			r.flags = append(r.flags, "-buildmode="+value)
		}
	case "-ldflags":
		r.ldflags = &value
	case "-pgo":
		r.profile = path.Base(strings.ReplaceAll(value, `\`, "/"))
	case "-compiler":
		if value != "gc" {
			return missing("", "it was compiled by %s, which is not part of Go's toolchain", value)
		}
	case "CGO_ENABLED":
		r.cgo = value == "1"
	case "DefaultGODEBUG": // follows from go.mod
	default:
		return r.readVariable(key, value)
	}
	return nil
}

// readVariable reads the settings that are named after variables, and those of
// the repository.
func (r *recipe) readVariable(key, value string) error {
	switch {
	case key == "vcs":
		r.repository().system = value
	case key == "vcs.revision":
		r.repository().revision = value
	case key == "vcs.modified":
		r.repository().modified = value == "true"
	case key == "vcs.time":
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return missing("", "the time of the revision, %q, cannot be read", value)
		}
		r.repository().time = t
	case key == "GOEXPERIMENT" || key == "GOFIPS140" || strings.HasPrefix(key, "CGO_") && value != "":
		r.env = append(r.env, key+"="+value)
	case strings.HasPrefix(key, "GO") || strings.HasPrefix(key, "CGO_"):
	default:
		return missing("", "the build info has the setting %s=%s, which Go's own toolchain does not write: it was built by a changed one", key, value)
	}
	return nil
}

func (r *recipe) repository() *stamp {
	if r.stamp == nil {
		r.stamp = &stamp{}
	}
	return r.stamp
}

// addTags leaves out the tag that the go command adds for GOFIPS140.
func (r *recipe) addTags(value string) {
	tags := slices.DeleteFunc(strings.Split(value, ","), func(tag string) bool { return strings.HasPrefix(tag, "fips140v") })
	if len(tags) > 0 {
		r.flags = append(r.flags, "-tags="+strings.Join(tags, ","))
	}
}

// readModule finds the main module, and whether it was built from its vendor
// folder.
func (r *recipe) readModule() error {
	for _, dep := range r.deps {
		if dep.Version == "(devel)" && dep.Replace == nil && r.pkg == filesOnly && r.module == "" && checkPaths(dep.Path) == nil {
			r.module = dep.Path
		}
		if dep.Sum == "" && dep.Replace == nil && dep.Version != "(devel)" {
			r.vendored = true
		}
	}
	switch {
	case r.module != "" || r.isStandard():
		return nil
	case r.pkg == filesOnly:
		return missing("give its source with WithSource", "it was built from files that belong to no module")
	default:
		return missing("distributions of Linux build their packages like this; rebuild with the distribution's own tools",
			"%s was built without modules, so that the versions of its source are not recorded", r.pkg)
	}
}

// workspaceModule returns the path of another module that was taken from a
// workspace (go.work), "" if there was none.
func (r *recipe) workspaceModule() string {
	for _, dep := range r.deps {
		if dep.Version == "(devel)" && dep.Replace == nil && dep.Path != r.module {
			return dep.Path
		}
	}
	return ""
}

// isStandard reports whether the executable is a command of the toolchain.
func (r *recipe) isStandard() bool {
	return r.module == "" && (r.pkg == "cmd" || strings.HasPrefix(r.pkg, "cmd/"))
}

// packageArgument is the main package as the go command takes it in the folder
// of the main module.
func (r *recipe) packageArgument() (string, error) {
	if r.pkg == r.module {
		return ".", nil
	}
	rest, ok := strings.CutPrefix(r.pkg, r.module+"/")
	if !ok {
		return "", missing("", "the package %s is not part of the module %s", r.pkg, r.module)
	}
	return "./" + rest, nil
}

// plan is the environment of the go command.
func (r *recipe) plan(places []string) Plan {
	p := Plan{Target: r.target, Toolchain: r.toolchain, Places: slices.Concat(places, r.env)}
	if r.cgo {
		p.Cgo = &Cgo{}
	}
	return p
}

// describe returns the flags and variables, for people.
func (r *recipe) describe(flags []string) []string {
	cgo := "CGO_ENABLED=0"
	if r.cgo {
		cgo = "CGO_ENABLED=1"
	}
	return slices.Concat(flags, []string{cgo}, r.env)
}

// isGit reports whether the revision is a full hash of git.
func (s *stamp) isGit() bool {
	return s.system == "git" && regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(s.revision)
}

func (s *stamp) String() string { return fmt.Sprintf("%s revision %s", s.system, s.revision) }
