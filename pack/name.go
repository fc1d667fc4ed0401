package pack

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// DefaultNameTemplate gives names like payments_1.4.3_linux_amd64_v3.
const DefaultNameTemplate = "{{.Product}}_{{.Version}}_{{.Target}}"

// NameFields is what the template of a package's name can use.
type NameFields struct {
	ID      string // of the hotfix
	Product string // as [Input] names it
	Version string // of the result
	Target  string // as [target.Target.FileName] gives it: "linux_amd64_v3"
	OS      string // "linux"
	Arch    string // "amd64"
	Variant string // "v3"; empty for the default
	Format  string // "tar.zst"; the name is extended by it in any case
}

// nameTemplate makes file names of packages.
type nameTemplate struct {
	t *template.Template
}

// parseNameTemplate also tries the template, so that a misspelled field is
// found before anything is built.
func parseNameTemplate(text string) (*nameTemplate, error) {
	t, err := template.New("name").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the template %q cannot be parsed: %w", clip(text), err)
	}
	n := &nameTemplate{t: t}
	sample := Input{ID: "fix-1", Product: "product", Version: "1.0.0", Target: target.MustParse("linux/amd64/v3")}
	if _, err := n.name(sample, TarZst); err != nil {
		return nil, err
	}
	return n, nil
}

// name returns the file name of the package for in.
func (n *nameTemplate) name(in Input, f Format) (string, error) {
	var b strings.Builder
	err := n.t.Execute(&b, NameFields{
		ID:      in.ID,
		Product: in.Product,
		Version: in.Version,
		Target:  in.Target.FileName(),
		OS:      in.Target.OS,
		Arch:    in.Target.Arch,
		Variant: in.Target.Variant,
		Format:  f.String(),
	})
	if err != nil {
		return "", fmt.Errorf("the name template fails: %w", err)
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("the name template gives an empty name for %s", in.Target)
	}
	name := b.String() + deltaSuffix(in, b.Len()+len(f.Extension())) + f.Extension()
	if err := manifest.CheckPath(name); err != nil {
		return "", fmt.Errorf("the name template gives a name that is not portable: %w", err)
	}
	if strings.Contains(name, "/") {
		return "", fmt.Errorf("the name template gives %q, which is not a file name alone: leave out the slash", clip(name))
	}
	return name, nil
}

// deltaSuffix is what the name of a delta package has in addition: the version
// of its base or, where the name would get too long, the beginning of its
// digest.
func deltaSuffix(in Input, length int) string {
	const from = "_from-"
	switch {
	case in.Old == "":
		return ""
	case length+len(from)+len(in.Base.Version) > manifest.MaxElement:
		return from + in.Base.Digest.Short()
	}
	return from + in.Base.Version
}
