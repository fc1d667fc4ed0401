package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
)

func isFolder(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return info.IsDir(), nil
}

func defineVerify(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	var f judgeFlags
	f.define(flags)
	var have list
	flags.Var(&have, "have", "`file` of an executable that a host has: say which packages it would take; may be given several times")
	rebuild := flags.Bool("rebuild", false, "also build a dist folder again, from the commit that its provenance names, and compare")
	src := flags.String("src", "", "`folder` in a git repository that has this commit, for -rebuild")
	return func(ctx context.Context, args []string) error {
		if *rebuild != (*src != "") {
			return errors.New("-rebuild and -src belong together: give both, to build again from the repository in a folder, or none")
		}
		j, err := f.verifier(ctx, productOf(args[0]))
		if err != nil {
			return err
		}
		checked, err := verifyPath(ctx, args[0], j.Verifier)
		if err := errors.Join(err, f.record(ctx, checked, err)); err != nil {
			return err
		}
		if *rebuild {
			if err := checked.rebuild(ctx, args[0], *src); err != nil {
				return err
			}
		}
		if len(have) > 0 {
			if checked.Hosts, err = checked.asHosts(ctx, have); err != nil {
				return err
			}
		}
		if err := j.remember(ctx, checked.Result); err != nil {
			return err
		}
		return errors.Join(t.print(*asJSON, checked, checked.text), checked.Rebuilt.Err())
	}
}

// verified is the result of verify.
type verified struct {
	*verify.Result
	Carried []string        `json:"carried,omitempty"` // file names of the packages that a block of text holds
	Hosts   []host          `json:"hosts,omitempty"`
	Rebuilt *hotfix.Rebuilt `json:"rebuilt,omitempty"` // nil unless it was asked for

	entries []manifest.Entry // the packages that were verified
	dir     string           // where they are; "" for a block of text
	inline  *inline.Release  // nil for files
}

func (v *verified) text() string {
	text := describeResult(v.Result)
	for _, name := range v.Carried {
		text += fmt.Sprintf("the text carries %s\n", name)
	}
	for _, h := range v.Hosts {
		text += fmt.Sprintf("a host of %s %s\n", h.Target, h.Took)
	}
	if v.Rebuilt != nil {
		text += v.Rebuilt.String()
	}
	return text
}

// rebuild builds a dist folder again.
func (v *verified) rebuild(ctx context.Context, path, src string) (err error) {
	if folder, err := isFolder(path); err != nil || !folder {
		return errors.Join(err, fmt.Errorf("%s is no dist folder, and -rebuild needs its %s: give the folder", path, manifest.ProvenanceName))
	}
	v.Rebuilt, err = hotfix.Rebuild(ctx, path, v.Release, src)
	return err
}

// verifyPath verifies a dist folder, one package, or a text with a block in it.
func verifyPath(ctx context.Context, path string, v *verify.Verifier) (*verified, error) {
	folder, err := isFolder(path)
	if err != nil {
		return nil, err
	}
	if folder {
		result, err := hotfix.VerifyDist(ctx, path, v)
		if err != nil {
			return nil, err
		}
		return &verified{Result: result, dir: path, entries: result.Release.Packages}, nil
	}
	if text, err := readFile(path, inline.MaxText); err == nil && inline.Found(text) {
		return verifyText(ctx, path, text, v)
	}
	result, err := hotfix.VerifyPackage(ctx, path, v)
	if err != nil {
		return nil, err
	}
	entry, _ := result.Release.Entry(filepath.Base(path))
	return &verified{Result: result, dir: filepath.Dir(path), entries: []manifest.Entry{entry}}, nil
}

func verifyText(ctx context.Context, path string, text []byte, v *verify.Verifier) (*verified, error) {
	r, err := hotfix.VerifyInline(ctx, text, v)
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", path, err)
	}
	checked := &verified{Result: r.Result, inline: r}
	for _, p := range r.Packages {
		checked.Carried = append(checked.Carried, p.Name)
		checked.entries = append(checked.entries, p.Entry)
	}
	return checked, nil
}

// host says which package a host takes.
type host struct {
	Target target.Target `json:"target"`
	Took   string        `json:"took"` // which and why none of the smaller ones, in words
}

// asHosts unpacks, for each target, what a host would that has the given
// executables.
func (v *verified) asHosts(ctx context.Context, have []string) (hosts []host, err error) {
	temp, err := os.MkdirTemp("", "releasetool-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dir := v.dir
	if v.inline != nil {
		dir = temp
		for _, p := range v.inline.Packages {
			if err := os.WriteFile(filepath.Join(dir, p.Name), p.Content, 0o644); err != nil {
				return nil, err
			}
		}
	}
	if err := os.Mkdir(filepath.Join(temp, "host"), 0o755); err != nil {
		return nil, err
	}
	byTarget := map[target.Target][]manifest.Entry{}
	for _, e := range v.entries {
		byTarget[e.Target] = append(byTarget[e.Target], e)
	}
	var none *pack.SkippedError
	for _, t := range slices.SortedFunc(maps.Keys(byTarget), target.Compare) {
		u, err := pack.UnpackSmallest(ctx, dir, byTarget[t], filepath.Join(temp, "host", t.FileName()), pack.WithBaseFiles(have...))
		switch {
		case err == nil:
			hosts = append(hosts, host{Target: t, Took: u.String()})
		case errors.As(err, &none) && len(byTarget) > 1:
			hosts = append(hosts, host{Target: t, Took: "can take none: " + err.Error()})
		default:
			return nil, err
		}
	}
	return hosts, nil
}

func defineSign(t *tool, flags *flag.FlagSet) action {
	key := flags.String("key", "", "private key `file` to sign with")
	var stamps stampFlags
	stamps.define(flags)
	return func(ctx context.Context, args []string) error {
		if *key == "" {
			return fmt.Errorf("no -key: give the private key file to sign with")
		}
		if folder, err := isFolder(args[0]); err == nil && !folder {
			return t.countersign(ctx, args[0], *key, &stamps)
		}
		release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(args[0]))
		if err != nil {
			return err
		}
		provenance, err := hotfix.DistProvenance(ctx, args[0], release)
		if err != nil {
			return err
		}
		fmt.Fprint(t.stdout, "about to sign:\n"+describeRelease(release)+describeProvenance(provenance))
		signer, err := t.loadSigner(*key, &stamps)
		if err != nil {
			return err
		}
		if _, err := hotfix.SignDist(ctx, args[0], signer); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.stdout, "signed by key %s: %s\n", signer.Key().ID().Short(), filepath.Join(args[0], verify.BundleName(signer.Key().ID())))
		return err
	}
}

func defineInspect(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, args []string) error {
		folder, err := isFolder(args[0])
		if err != nil {
			return err
		}
		if folder {
			release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(args[0]))
			if err != nil {
				return err
			}
			provenance, err := hotfix.DistProvenance(ctx, args[0], release)
			if err != nil {
				return err
			}
			return t.print(*asJSON, inspected{release, provenance}, func() string { return describeRelease(release) + describeProvenance(provenance) + notVerified })
		}
		p, err := pack.Open(ctx, args[0])
		if err != nil {
			return err
		}
		return t.print(*asJSON, p.Manifest, func() string { return describePackage(p) + notVerified })
	}
}

// inspected is what inspect finds in a dist folder.
type inspected struct {
	manifest.Release
	Provenance *manifest.Provenance `json:"provenance,omitempty"` // nil if there is none
}

const notVerified = "This is what it says of itself: no signature was looked at. See releasetool verify.\n"

// describeRelease says in words what a release is.
func describeRelease(r manifest.Release) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name string, value any) {
		if text := fmt.Sprint(value); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	row("product", r.Product)
	row("version", r.Version)
	row("hotfix", r.ID)
	row("channel", r.Channel)
	row("sequence", fmt.Sprintf("%d, epoch %d", r.Sequence, r.Epoch))
	row("created", r.Created)
	if !r.NotBefore.IsZero() {
		row("not before", r.NotBefore)
	}
	if !r.Expires.IsZero() {
		row("expires", r.Expires)
	}
	row("prerequisites", strings.Join(r.Prerequisites, ", "))
	row("supersedes", strings.Join(r.Supersedes, ", "))
	for _, withdrawal := range r.Withdrawals {
		row("withdraws", withdrawal.ID+": "+withdrawal.Reason)
	}
	row("source", strings.TrimSpace(r.Source.Package+" "+r.Source.Commit))
	row("toolchain", r.Toolchain)
	row("flags", strings.Join(r.Flags, " "))
	w.Flush()
	w = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tPACKAGE\tBYTES\tSHA-256\tREPLACES\tKIND")
	for _, e := range r.Packages {
		kind := "full"
		if e.Delta {
			kind = "delta"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", e.Target, e.Name, e.Size, e.Digest.Short(), describeBinary(e.Base), kind)
	}
	w.Flush()
	return b.String()
}

// describeProvenance says in words how a release was made.
func describeProvenance(p *manifest.Provenance) string {
	if p == nil {
		return "It does not say how it was made.\n"
	}
	var b strings.Builder
	parameters, inputs := p.BuildDefinition.ExternalParameters, p.BuildDefinition.ResolvedDependencies
	fmt.Fprintf(&b, "Built by %s with %s", p.RunDetails.Builder.ID, p.BuildDefinition.InternalParameters.Toolchain)
	switch commit := parameters.Source.Commit; {
	case manifest.IsCommit(commit):
		fmt.Fprintf(&b, ", from commit %s", commit)
	default:
		b.WriteString(", from a source that is no commit")
	}
	if dir := parameters.Source.Directory; dir != "" {
		fmt.Fprintf(&b, ", folder %s", dir)
	}
	b.WriteString(":\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "INPUT\tDIGEST")
	for _, d := range inputs {
		name := d.Name
		if d.Name == manifest.ToolchainInput || d.Name == manifest.SourceInput {
			name += " " + d.URI
		}
		if by := d.Annotations.ReplacedBy; by != "" {
			name += ", replaced by " + by
		}
		fmt.Fprintf(w, "%s\t%s\n", name, describeDigest(d.Digest))
	}
	w.Flush()
	return b.String()
}

// describeDigest names the kind of a digest, and the beginning of it.
func describeDigest(d manifest.DependencyDigest) string {
	for _, k := range []struct{ kind, value string }{{"SHA-256 of the file", d.SHA256}, {"git commit", d.GitCommit}, {"h1 of go.sum", d.DirHash}} {
		if k.value != "" {
			return k.kind + " " + k.value[:12]
		}
	}
	return "none"
}

// describePackage says in words what one package holds.
func describePackage(p *pack.Package) string {
	var b strings.Builder
	m := p.Manifest
	fmt.Fprintf(&b, "%s %s for %s, hotfix %s, replaces %s\n", m.Product, m.Version, m.Target, m.ID, describeBinary(m.Base))
	fmt.Fprintf(&b, "%s, %d bytes, %s\n", p.Format, p.Size, p.Digest)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODE\tBYTES\tSHA-256\tFILE")
	for _, f := range m.Files {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", f.Mode, f.Size, f.Digest.Short(), f.Path)
	}
	w.Flush()
	if f, ok := m.Executable(); ok && p.Patch != nil {
		fmt.Fprintf(&b, "%s is a patch of %d bytes (%s), for hosts that run %s\n", f.Path, f.Delta.Size, p.Patch.Coder, describeBinary(m.Base))
	}
	return b.String()
}

func describeBinary(b *manifest.Binary) string {
	if b == nil {
		return "nothing"
	}
	return b.Version + " (" + b.Digest.Short() + ")"
}
