package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/verify"
)

// describeResult says in words, a line for each rule, what was established and what
// was not looked at.
func describeResult(r *verify.Result) string {
	var b strings.Builder
	release := r.Release
	fmt.Fprintf(&b, "accepted: hotfix %s of %s, version %s on channel %s, %s\n", release.ID, release.Product, release.Version, release.Channel, release.Number())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range r.Established {
		fmt.Fprintf(w, "  %s\t%s\n", f.Rule, f.Text)
	}
	for _, u := range r.Uncounted {
		fmt.Fprintf(w, "  not counted\t%s\n", u)
	}
	for _, f := range r.Unchecked {
		fmt.Fprintf(w, "  not checked\t%s\n", f.Text)
	}
	w.Flush()
	return b.String()
}
