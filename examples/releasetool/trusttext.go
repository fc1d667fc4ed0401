package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// describeTrust says in words who may do what.
func describeTrust(d manifest.Trust) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d, from %s to %s\n", d.Version, day(d.Created), day(d.Expires))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SIGNER\tID\tKIND\tVALID")
	for _, s := range d.Signers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.ID[:16], signerKind(s), validity(s))
	}
	w.Flush()
	w = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tNEEDED\tOF")
	fmt.Fprintf(w, "the next trust file\t%s\n", describeQuorum(d, d.Root))
	for _, p := range d.Products {
		what := fmt.Sprintf("%s on %s", p.Product, strings.Join(p.Channels, ", "))
		if p.RequireTimestamp {
			what += ", timestamped"
		}
		if p.Minimum != nil {
			what += ", from " + p.Minimum.String()
		}
		if p.MaxAgeSeconds > 0 {
			what += fmt.Sprintf(", not older than %s", time.Duration(p.MaxAgeSeconds)*time.Second)
		}
		if p.Provenance != nil {
			what += ", built by " + strings.Join(p.Provenance.Builders, " or ")
		}
		fmt.Fprintf(w, "%s\t%s\n", what, describeQuorum(d, p.Releases))
		if p.Permits != nil {
			fmt.Fprintf(w, "downgrades of %s\t%s\n", p.Product, describeQuorum(d, *p.Permits))
		}
	}
	w.Flush()
	for _, a := range d.Authorities {
		fmt.Fprintf(&b, "timestamps by %s count\n", a.Name)
	}
	return b.String()
}

func signerKind(s manifest.TrustSigner) string {
	if s.Identity != nil {
		return s.Identity.Subject + " by " + s.Identity.Issuer
	}
	return "key"
}

func validity(s manifest.TrustSigner) string {
	switch {
	case s.Revoked != nil && s.Revoked.Since.IsZero():
		return "revoked: " + s.Revoked.Reason
	case s.Revoked != nil:
		return "revoked since " + day(s.Revoked.Since) + ": " + s.Revoked.Reason
	case s.NotBefore.IsZero() && s.NotAfter.IsZero():
		return "always"
	}
	var parts []string
	if !s.NotBefore.IsZero() {
		parts = append(parts, "from "+day(s.NotBefore))
	}
	if !s.NotAfter.IsZero() {
		parts = append(parts, "to "+day(s.NotAfter))
	}
	return strings.Join(parts, " ")
}

func describeQuorum(d manifest.Trust, q manifest.Quorum) string {
	var names []string
	for _, s := range d.Signers {
		if slices.Contains(q.Signers, s.ID) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("%d\t%s", q.Threshold, strings.Join(names, ", "))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
