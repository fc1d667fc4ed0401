package build

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/target"
)

// records compares the build info of what runs with that of its rebuild.
type records struct {
	ran, made       *debug.BuildInfo
	ranSet, madeSet map[string]string // settings
	differ          []goexe.InfoDifference
	target          target.Target // of both
	commit          string        // that was rebuilt; "" if unknown
	ldflags         *string       // that the rebuild was linked with; nil if unknown
}

// recorded are the causes that build info records.
func (p *prover) recorded() []reason {
	r := newRecords(p.running.info, p.rebuilt.info)
	r.commit, r.ldflags = p.commit, p.ldflags
	found := r.reasons()
	for i, f := range found {
		if f.Kind == CausePath {
			found[i].What += foldersText(p.running)
		}
	}
	if len(found) == 0 || !found[0].final {
		found = append(found, p.compilers()...)
	}
	return found
}

func newRecords(ran, made *debug.BuildInfo) *records {
	return &records{ran: ran, made: made, ranSet: goexe.SettingsOf(ran), madeSet: goexe.SettingsOf(made), differ: goexe.CompareInfo(ran, made)}
}

func (r *records) reasons() []reason {
	if other := r.otherProgram(); other != nil {
		return other
	}
	return slices.Concat(r.toolchain(), r.checkout(), r.modules(), r.settings())
}

// otherProgram is the cause beside which no other counts.
func (r *records) otherProgram() []reason {
	ran, ranErr := target.FromBuildSettings(r.ran.Settings)
	made, madeErr := target.FromBuildSettings(r.made.Settings)
	r.target = made
	switch {
	case ranErr != nil || madeErr != nil || ran != made:
		return []reason{{final: true, Cause: Cause{
			Kind: CauseTarget, What: fmt.Sprintf("it was built for %s, the rebuild for %s", targetText(ran, ranErr), targetText(made, madeErr)),
			Remedy: "rebuild for the target that it was built for, and make the fix for that one",
		}}}
	case r.ran.Path != r.made.Path:
		return []reason{{final: true, Cause: Cause{
			Kind: CausePackage, What: fmt.Sprintf("it is the main package %s, the rebuild is %s", shown(r.ran.Path), shown(r.made.Path)),
			Remedy: "rebuild the main package " + shown(r.ran.Path),
		}}}
	}
	return nil
}

func targetText(t target.Target, err error) string {
	if err != nil {
		return "a target that cannot be read"
	}
	return t.String()
}

func (r *records) toolchain() []reason {
	if r.sameToolchain() {
		return nil
	}
	return []reason{{code: true, values: true, symbols: true, Cause: Cause{
		Kind: CauseToolchain, What: fmt.Sprintf("it was built by %s, the rebuild by %s", shown(r.ran.GoVersion), shown(r.made.GoVersion)),
		Remedy: pinRemedy(r.ran.GoVersion),
	}}}
}

func (r *records) sameToolchain() bool { return r.ran.GoVersion == r.made.GoVersion }

// pinRemedy reads a toolchain's version, which experiments ("X:synctest") or the
// mark of a distribution can follow.
func pinRemedy(text string) string {
	version, rest, _ := strings.Cut(text, " ")
	experiments, hasExperiments := strings.CutPrefix(rest, "X:")
	switch {
	case CheckToolchain(version) != nil || rest != "" && !hasExperiments:
		return "deploy a base that is built by a released toolchain, since the source of this one is not known"
	case hasExperiments:
		return fmt.Sprintf("pin the toolchain to %s, and build with GOEXPERIMENT=%s", version, shown(experiments))
	}
	return "pin the toolchain to " + version
}

// checkout compares what the go command recorded of the repository.
func (r *records) checkout() []reason {
	var found []reason
	ran, made := recordedCommit(r.ran, r.ranSet), recordedCommit(r.made, r.madeSet)
	if r.commit != "" {
		made = r.commit
	}
	if what := r.dirty(); what != nil {
		found = append(found, *what)
	}
	stamped := r.ranSet["vcs.revision"] != "" || r.ranSet["vcs"] != ""
	switch {
	case ran != "" && made != "" && !sameCommit(ran, made):
		found = append(found, reason{Cause: Cause{
			Kind: CauseRevision, What: fmt.Sprintf("it was built from the commit %s, the rebuild from %s", shown(ran), shown(made)),
			Remedy: fmt.Sprintf("take the commit %s as the base", shown(ran)),
		}})
	case stamped && r.madeSet["vcs"] == "":
		found = append(found, reason{Cause: Cause{
			Kind: CauseFlags, What: fmt.Sprintf("it records the commit %s that it was built from, and the rebuild records none", shown(ran)),
			Remedy: "rebuild in a checkout of that commit with -buildvcs=true",
		}})
	case !stamped && r.madeSet["vcs"] != "":
		found = append(found, reason{Cause: Cause{
			Kind: CauseFlags, What: "it records no commit, and the rebuild does", Remedy: "rebuild with -buildvcs=false",
		}})
	case len(found) == 0 && (r.sameToolchain() || !stamped): // what version a commit has depends on the toolchain
		found = append(found, r.mainModule()...)
	}
	return found
}

// dirty is the cause if either was built from a tree with changes.
func (r *records) dirty() *reason {
	switch {
	case isDirty(r.ran, r.ranSet):
		return &reason{Cause: Cause{
			Kind: CauseDirty, What: fmt.Sprintf("it was built from a tree with changes that are in no commit (vcs.modified is %s, its version %s)", value(r.ranSet["vcs.modified"]), shown(r.ran.Main.Version)),
			Remedy: "find these changes, commit them, and take that commit as the base",
		}}
	case isDirty(r.made, r.madeSet):
		return &reason{Cause: Cause{
			Kind: CauseDirty, What: "the rebuild was made from a tree with changes that are in no commit", Remedy: "rebuild from a clean checkout",
		}}
	}
	return nil
}

func isDirty(info *debug.BuildInfo, settings map[string]string) bool {
	return settings["vcs.modified"] == "true" || strings.HasSuffix(info.Main.Version, "+dirty")
}

// recordedCommit returns the commit that build info names: as the stamp of the
// checkout, or as the end of a pseudo-version, which has its first 12 digits.
func recordedCommit(info *debug.BuildInfo, settings map[string]string) string {
	if commit := settings["vcs.revision"]; commit != "" {
		return commit
	}
	commit, err := module.PseudoVersionRev(strings.TrimSuffix(info.Main.Version, "+dirty"))
	if err != nil {
		return ""
	}
	return commit
}

func sameCommit(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// mainModule compares the versions of the main module where no commit tells the
// two apart.
func (r *records) mainModule() []reason {
	i := slices.IndexFunc(r.differ, func(d goexe.InfoDifference) bool { return d.Kind == goexe.InfoModule })
	if i < 0 {
		return nil
	}
	remedy := "rebuild that version of the module, from where it was built: a checkout with its tags, or the module proxy"
	return []reason{{Cause: Cause{
		Kind: CauseRevision, What: fmt.Sprintf("its main module is %s, the rebuild's is %s", shown(r.differ[i].Old), shown(r.differ[i].New)), Remedy: remedy,
	}}}
}

// modules is one cause for all dependencies that differ.
func (r *records) modules() []reason {
	var found []reason
	vendored := isVendored(r.ran)
	if vendored != isVendored(r.made) && len(r.ran.Deps) > 0 && len(r.made.Deps) > 0 {
		found = append(found, vendorReason(vendored))
	}
	var texts []string
	for _, d := range r.differ {
		if d.Kind == goexe.InfoDependency && !(d.SumOnly && len(found) > 0) {
			texts = append(texts, fmt.Sprintf("%s is %s, %s in the rebuild", shown(d.Key), moduleShown(d.Old), moduleShown(d.New)))
		}
	}
	if len(texts) == 0 {
		return found
	}
	return append(found, reason{code: true, values: true, symbols: true, Cause: Cause{
		Kind: CauseModules, What: listed("module", texts),
		Remedy: "rebuild with the go.mod, go.sum and go.work files that it was built with",
	}})
}

// isVendored reports whether modules came from a vendor folder, where they have
// no checksums.
func isVendored(info *debug.BuildInfo) bool {
	return slices.ContainsFunc(info.Deps, func(d *debug.Module) bool { return d.Sum == "" && d.Replace == nil && d.Version != "(devel)" })
}

func vendorReason(vendored bool) reason {
	c := Cause{Kind: CauseFlags, What: "its modules came from the vendor folder, those of the rebuild did not", Remedy: "rebuild with -mod=vendor"}
	if !vendored {
		c.What, c.Remedy = "its modules did not come from the vendor folder, those of the rebuild did", "rebuild with -mod=readonly"
	}
	return reason{Cause: c}
}

func moduleShown(text string) string {
	if text == "" {
		return "absent"
	}
	return shown(text)
}

// listed says that things differ, names the first of them and counts the others.
func listed(noun string, texts []string) string {
	what := "1 " + noun + " differs"
	if len(texts) > 1 {
		what = fmt.Sprintf("%d %ss differ", len(texts), noun)
	}
	text := what + ": " + strings.Join(texts[:min(len(texts), maxNamed)], "; ")
	if more := len(texts) - maxNamed; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// settings are the other settings that differ.
func (r *records) settings() []reason {
	found := r.linkerFlags()
	for _, d := range r.differ {
		if d.Kind == goexe.InfoSetting && !r.toldElsewhere(d) {
			found = append(found, settingReason(d.Key, d.Old, d.New))
		}
	}
	return found
}

// toldElsewhere reports whether a setting follows from another cause.
func (r *records) toldElsewhere(d goexe.InfoDifference) bool {
	variant, _ := r.target.VariantVariable()
	switch d.Key {
	case "GOOS", "GOARCH", variant, "-ldflags", "vcs", "vcs.revision", "vcs.time", "vcs.modified":
		return true
	case "DefaultGODEBUG", "GOEXPERIMENT":
		return !r.sameToolchain()
	case "-pgo": // -trimpath leaves out the folder
		return filepath.Base(filepath.ToSlash(d.Old)) == filepath.Base(filepath.ToSlash(d.New))
	case "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS": // nor does it record these
		return r.ranSet["-trimpath"] != r.madeSet["-trimpath"]
	}
	return false
}

func settingReason(key, ran, made string) reason {
	f := reason{code: true, values: true, symbols: true, Cause: Cause{
		Kind: CauseFlags, What: fmt.Sprintf("%s is %s in it, %s in the rebuild", shown(key), value(ran), value(made)), Remedy: settingRemedy(key, ran),
	}}
	switch {
	case key == "-trimpath":
		f.Kind, f.code, f.symbols = CausePath, false, false
		if ran == "" {
			f.What, f.Remedy = "it holds the folders of its build host, since it was built without -trimpath", "deploy a base that is built with -trimpath; until then rebuild without it, in the same folders"
		} else {
			f.What = "the rebuild holds the folders of this host, since it was built without -trimpath, and it does not"
		}
	case strings.HasPrefix(key, "CGO_"):
		f.Kind = CauseCgo
	case key == "DefaultGODEBUG":
		f.code, f.symbols = false, false
		f.Remedy = "rebuild with the go and godebug lines of the go.mod file that it was built with"
	}
	return f
}

func settingRemedy(key, value string) string {
	if value == "" {
		return "rebuild without " + shown(key)
	}
	if strings.ContainsAny(value, " \t") {
		return fmt.Sprintf("rebuild with %s=%q", shown(key), shown(value))
	}
	return fmt.Sprintf("rebuild with %s=%s", shown(key), shown(value))
}

// plannedLdflags are the arguments of the linker in a plan, nil for the plan of
// an artifact that was not built here.
func plannedLdflags(p Plan) *string {
	if p.Package == "" {
		return nil
	}
	text := joinFlags(p.Ldflags)
	return &text
}

// linkerFlags compares the flags of the linker, which -trimpath leaves out.
func (r *records) linkerFlags() []reason {
	if r.ranSet["-trimpath"] != "" {
		return nil
	}
	ran, made := r.ranSet["-ldflags"], r.madeSet["-ldflags"]
	if r.madeSet["-trimpath"] != "" {
		if r.ldflags == nil {
			return nil
		}
		made = *r.ldflags
	}
	first, firstOK := splitFlags(ran)
	second, secondOK := splitFlags(made)
	if firstOK && secondOK && slices.Equal(first, second) {
		return nil
	}
	f := settingReason("-ldflags", ran, made)
	f.code = !firstOK || !secondOK || !slices.Equal(codeFlags(first), codeFlags(second))
	return []reason{f}
}

// codeFlags are the arguments of the linker that can change what functions are
// made of: all but -s, -w, -X and -buildid.
func codeFlags(args []string) []string {
	var rest []string
	for i := 0; i < len(args); i++ {
		name, _, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch name {
		case "s", "w":
		case "X", "buildid":
			if !hasValue {
				i++
			}
		default:
			rest = append(rest, args[i])
		}
	}
	return rest
}

// compilers compares the C compilers, whose names are in the section .comment.
func (p *prover) compilers() []reason {
	ran, made := compilerOf(p.running.image), compilerOf(p.rebuilt.image)
	if ran == made || ran == "" || made == "" {
		return nil
	}
	return []reason{{values: true, symbols: true, Cause: Cause{
		Kind: CauseCgo, What: fmt.Sprintf("its C code was compiled by %q, that of the rebuild by %q", ran, made),
		Remedy: "rebuild with the same C compiler and C library, as in the image that it was built in",
	}}}
}

// foldersText names the folders that are in an executable.
func foldersText(s *subject) string {
	r := &recipe{pkg: s.info.Path, main: s.info.Main, deps: s.info.Deps, module: s.info.Main.Path, trimpath: goexe.SettingsOf(s.info)["-trimpath"] != ""}
	if text := r.folders(s.exe).String(); text != "" {
		return ": " + shown(text)
	}
	return ""
}

// maxShownValue bounds how much of a recorded value is shown.
const maxShownValue = 160

// shown is a recorded text, which is not trusted: cut, and quoted unless it is
// plain.
func shown(text string) string {
	if len(text) > maxShownValue {
		text = text[:maxShownValue] + "…"
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// value is a recorded setting.
func value(text string) string {
	if text == "" {
		return "not set"
	}
	if len(text) > maxShownValue {
		text = text[:maxShownValue] + "…"
	}
	return fmt.Sprintf("%q", text)
}
