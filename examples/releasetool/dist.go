package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
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
	var keys list
	flags.Var(&keys, "key", "public key `file` that is trusted; may be given several times")
	threshold := flags.Int("threshold", 1, "how many of the keys must have signed")
	return func(ctx context.Context, args []string) error {
		v, err := loadVerifier(keys, *threshold)
		if err != nil {
			return err
		}
		folder, err := isFolder(args[0])
		if err != nil {
			return err
		}
		check := hotfix.VerifyPackage
		if folder {
			check = hotfix.VerifyDist
		}
		result, err := check(ctx, args[0], v)
		if err != nil {
			return err
		}
		return t.print(*asJSON, result, func() string { return strings.TrimSpace(result.String()) + "\n" })
	}
}

func defineSign(t *tool, flags *flag.FlagSet) action {
	key := flags.String("key", "", "private key `file` to sign with")
	return func(ctx context.Context, args []string) error {
		if *key == "" {
			return fmt.Errorf("no -key: give the private key file to sign with")
		}
		release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(args[0]))
		if err != nil {
			return err
		}
		fmt.Fprint(t.stdout, "about to sign:\n"+describeRelease(release))
		signer, err := t.loadSigner(*key)
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
			return t.print(*asJSON, release, func() string { return describeRelease(release) + notVerified })
		}
		p, err := pack.Open(ctx, args[0])
		if err != nil {
			return err
		}
		return t.print(*asJSON, p.Manifest, func() string { return describePackage(p) + notVerified })
	}
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
	fmt.Fprintln(w, "TARGET\tPACKAGE\tBYTES\tSHA-256\tREPLACES")
	for _, e := range r.Packages {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", e.Target, e.Name, e.Size, e.Digest.Short(), describeBinary(e.Base))
	}
	w.Flush()
	return b.String()
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
	return b.String()
}

func describeBinary(b *manifest.Binary) string {
	if b == nil {
		return "nothing"
	}
	return b.Version + " (" + b.Digest.Short() + ")"
}
