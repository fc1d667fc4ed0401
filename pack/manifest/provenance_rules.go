package manifest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/target"
)

// Validate reports the first rule that p breaks, as an [*InvalidError].
func (p Provenance) Validate() error {
	d := p.BuildDefinition
	if d.BuildType != BuildType {
		return &InvalidError{Field: "buildDefinition.buildType", Value: d.BuildType, Reason: fmt.Sprintf("is not %q, the one that this version reads", BuildType)}
	}
	if err := d.ExternalParameters.validate(); err != nil {
		return within("buildDefinition.externalParameters", err)
	}
	if err := checkText("buildDefinition.internalParameters.toolchain", d.InternalParameters.Toolchain); err != nil {
		return err
	}
	if err := p.checkDependencies(); err != nil {
		return within("buildDefinition", err)
	}
	return within("runDetails", p.RunDetails.validate(d.ExternalParameters.Targets))
}

func (e ExternalParameters) validate() error {
	checks := []func() error{
		func() error { return within("release", e.Release.validate()) },
		func() error { return within("source", e.Source.validate()) },
		e.checkTargets,
		e.checkFlags,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (r BuiltRelease) validate() error {
	if err := checkIdentity(r.ID, r.Product, r.Version); err != nil {
		return err
	}
	return checkTime("created", r.Created)
}

func (s BuiltSource) validate() error {
	if err := checkText("package", s.Package); err != nil {
		return err
	}
	if s.Commit != "" {
		if err := CheckVersion(s.Commit); err != nil {
			return rename("commit", err)
		}
	}
	for _, p := range []struct{ field, path string }{{"directory", s.Directory}, {"workspace", s.Workspace}, {"profile", s.Profile}} {
		if p.path == "" {
			continue
		}
		if err := CheckPath(p.path); err != nil {
			return rename(p.field, err)
		}
	}
	return nil
}

func (e ExternalParameters) checkTargets() error {
	if len(e.Targets) == 0 || len(e.Targets) > MaxPackages {
		return &InvalidError{Field: "targets", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", len(e.Targets), MaxPackages)}
	}
	for i, t := range e.Targets {
		field := fmt.Sprintf("targets[%d]", i)
		if err := t.Validate(); err != nil {
			return &InvalidError{Field: field, Value: t.String(), Reason: "is not a target: " + err.Error()}
		}
		if i > 0 && target.Compare(e.Targets[i-1], t) >= 0 {
			return &InvalidError{Field: field, Value: t.String(), Reason: "is out of order or stands twice"}
		}
	}
	return nil
}

// checkFlags also requires that each flag is where [SplitFlags] puts it.
func (e ExternalParameters) checkFlags() error {
	for _, l := range []struct {
		field string
		list  []string
	}{{"flags", e.Flags}, {"tags", e.Tags}, {"environment", e.Environment}} {
		if err := checkTexts(l.field, l.list); err != nil {
			return err
		}
	}
	for i, f := range e.Flags {
		if flags, _, _ := SplitFlags([]string{f}); flags == nil {
			return &InvalidError{Field: fmt.Sprintf("flags[%d]", i), Value: f, Reason: "is not a flag, or one of the tags"}
		}
	}
	for i, tag := range e.Tags {
		if strings.Contains(tag, ",") || i > 0 && e.Tags[i-1] >= tag {
			return &InvalidError{Field: fmt.Sprintf("tags[%d]", i), Value: tag, Reason: "is not one tag, is out of order or stands twice"}
		}
	}
	for i, v := range e.Environment {
		if strings.HasPrefix(v, "-") || strings.Index(v, "=") < 1 {
			return &InvalidError{Field: fmt.Sprintf("environment[%d]", i), Value: v, Reason: "is not a variable, as CGO_ENABLED=0"}
		}
	}
	return nil
}

func (p Provenance) checkDependencies() error {
	list := p.BuildDefinition.ResolvedDependencies
	if len(list) == 0 || len(list) > MaxDependencies {
		return &InvalidError{Field: "resolvedDependencies", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", len(list), MaxDependencies)}
	}
	for i, d := range list {
		field := fmt.Sprintf("resolvedDependencies[%d]", i)
		if err := d.validate(); err != nil {
			return within(field, err)
		}
		if i > 0 && list[i-1].Name >= d.Name {
			return &InvalidError{Field: field + ".name", Value: d.Name, Reason: "is out of order or stands twice"}
		}
	}
	for _, name := range []string{GoModInput, SourceInput, ToolchainInput} {
		if _, ok := p.Input(name); !ok {
			return &InvalidError{Field: "resolvedDependencies", Value: name, Reason: "is missing"}
		}
	}
	return p.checkCommit()
}

// checkCommit requires that both places name the same commit: none if the tree had
// changes, since then it is not that commit that was built.
func (p Provenance) checkCommit() error {
	want := p.BuildDefinition.ExternalParameters.Source.Commit
	if !IsCommit(want) {
		want = ""
	}
	if source, _ := p.Input(SourceInput); source.Digest.GitCommit != want {
		return &InvalidError{Field: "resolvedDependencies", Value: source.Digest.GitCommit, Reason: "has another commit as the source than the parameters"}
	}
	return nil
}

func (d Dependency) validate() error {
	if !knownInput(d.Name) && !strings.Contains(d.Name, "@") {
		return &InvalidError{Field: "name", Value: d.Name, Reason: "is neither the name of an input nor PATH@VERSION of a module"}
	}
	if err := checkText("name", d.Name); err != nil {
		return err
	}
	if d.URI == "" && d.Digest == (DependencyDigest{}) {
		return &InvalidError{Field: "uri", Reason: "is needed where there is no digest"}
	}
	for _, optional := range []struct{ field, text string }{{"uri", d.URI}, {"annotations.replacedBy", d.Annotations.ReplacedBy}} {
		if optional.text == "" {
			continue
		}
		if err := checkText(optional.field, optional.text); err != nil {
			return err
		}
	}
	return within("digest", d.Digest.validate(d.Name))
}

func knownInput(name string) bool {
	return slices.Contains([]string{SourceInput, ToolchainInput, GoModInput, GoSumInput, GoWorkInput, ProfileInput}, name)
}

// validate requires the kind of digest that the input has.
func (d DependencyDigest) validate(name string) error {
	var allowed string
	switch name {
	case ToolchainInput:
	case SourceInput:
		allowed = "gitCommit"
	case GoModInput, GoSumInput, GoWorkInput, ProfileInput:
		allowed = "sha256"
	default:
		allowed = "dirHash"
	}
	for _, f := range []struct {
		field, value string
		ok           bool
	}{
		{"sha256", d.SHA256, isHex(d.SHA256, 64)}, {"gitCommit", d.GitCommit, IsCommit(d.GitCommit)}, {"dirHash", d.DirHash, isHex(d.DirHash, 64)},
	} {
		switch {
		case f.value == "" && f.field == "sha256" && allowed == "sha256":
			return &InvalidError{Field: f.field, Reason: "is missing"}
		case f.value == "":
		case f.field != allowed:
			return &InvalidError{Field: f.field, Value: f.value, Reason: "is not a digest that this input has"}
		case !f.ok:
			return &InvalidError{Field: f.field, Value: f.value, Reason: "is not as many lower-case hexadecimal digits as it has"}
		}
	}
	return nil
}

func (r RunDetails) validate(targets []target.Target) error {
	if err := CheckBuilderID(r.Builder.ID); err != nil {
		return rename("builder.id", err)
	}
	if len(r.Builder.Version) > MaxList {
		return &InvalidError{Field: "builder.version", Reason: fmt.Sprintf("has %d entries, at most %d are allowed", len(r.Builder.Version), MaxList)}
	}
	for part, version := range r.Builder.Version {
		if err := rename("builder.version", CheckProduct(part)); err != nil { // lower case: "A" and "a" are not two parts
			return err
		}
		if err := checkText("builder.version", version); err != nil {
			return err
		}
	}
	if err := r.Metadata.validate(); err != nil {
		return within("metadata", err)
	}
	return r.checkByproducts(targets)
}

func (m BuildMetadata) validate() error {
	if m.InvocationID != "" {
		if err := checkText("invocationId", m.InvocationID); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		field string
		at    time.Time
	}{{"startedOn", m.StartedOn}, {"finishedOn", m.FinishedOn}} {
		if t.at.IsZero() {
			continue
		}
		if err := checkTime(t.field, t.at); err != nil {
			return err
		}
	}
	if !m.FinishedOn.IsZero() && m.FinishedOn.Before(m.StartedOn) {
		return &InvalidError{Field: "finishedOn", Value: m.FinishedOn.Format(time.RFC3339), Reason: "is before startedOn"}
	}
	return nil
}

// checkByproducts requires one executable for each target.
func (r RunDetails) checkByproducts(targets []target.Target) error {
	if len(r.Byproducts) != len(targets) {
		return &InvalidError{Field: "byproducts", Reason: fmt.Sprintf("has %d entries, must have one for each of %d targets", len(r.Byproducts), len(targets))}
	}
	for i, b := range r.Byproducts {
		field := fmt.Sprintf("byproducts[%d]", i)
		if b.Name != targets[i].String() {
			return &InvalidError{Field: field + ".name", Value: b.Name, Reason: fmt.Sprintf("is not %s, the target at this place", targets[i])}
		}
		if _, err := ParseHexDigest(b.Digest.SHA256); err != nil {
			return rename(field+".digest.sha256", err)
		}
	}
	return nil
}
