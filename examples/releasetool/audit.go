package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/audit"
)

// record adds what was decided to the audit log, if there is one. A decision that
// cannot be recorded does not count.
func (f *judgeFlags) record(ctx context.Context, checked *verified, refusal error) (err error) {
	if f.audit == "" {
		return nil
	}
	var options []audit.Option
	if f.host != "" {
		options = append(options, audit.WithHost(f.host))
	}
	log, err := audit.Open(ctx, f.audit, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	var result *verify.Result
	if checked != nil {
		result = checked.Result
	}
	return log.Append(ctx, audit.Decision(result, refusal))
}

func defineAudit(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	head := flags.String("head", "", "`N,DIGEST` of a line that was the last one once, to notice that the end was cut off")
	return func(ctx context.Context, args []string) error {
		known, err := knownHead(*head)
		if err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		summary, err := audit.Verify(ctx, f, known...)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if _, err := f.Seek(0, 0); err != nil {
			return err
		}
		var lines []audit.Line
		for line, err := range audit.Lines(f) {
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
		return t.print(*asJSON, lines, func() string {
			return describeAudit(lines) + fmt.Sprintf("%d lines, nothing was changed; the head is %d %s\n", summary.Lines, summary.Head.N, summary.Head.Digest)
		})
	}
}

// knownHead is the option for a head that was written down; none for "".
func knownHead(text string) ([]audit.Option, error) {
	if text == "" {
		return nil, nil
	}
	n, digest, _ := strings.Cut(text, ",")
	number, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("-head: %q is not N,DIGEST", text)
	}
	d, err := manifest.ParseDigest(digest)
	if err != nil {
		return nil, fmt.Errorf("-head: %w", err)
	}
	return []audit.Option{audit.WithHead(audit.Head{N: number, Digest: d})}, nil
}

func describeAudit(lines []audit.Line) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "N\tTIME\tEVENT\tHOST\tHOTFIX\tRULE\tWHY")
	for _, l := range lines {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.N, day(l.Time), l.Event, l.Host, l.Hotfix, l.Rule, l.Reason)
	}
	w.Flush()
	return b.String()
}
