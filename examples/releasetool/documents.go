package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// releaseToSign reads the release of a dist folder, and the digest of what was
// signed over it.
func releaseToSign(ctx context.Context, dir string) (manifest.Release, manifest.Digest, error) {
	release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(dir))
	if err != nil {
		return manifest.Release{}, manifest.Digest{}, err
	}
	statement, err := manifest.NewStatement(release).Encode()
	return release, manifest.DigestOf(statement), err
}

// documentFlags say where a new document goes, why it is made, and who signs it.
type documentFlags struct {
	reason, out, key string
	stamps           stampFlags
}

func (f *documentFlags) define(flags *flag.FlagSet) {
	flags.StringVar(&f.reason, "reason", "", "why, in words")
	flags.StringVar(&f.out, "out", "", "`file` to write")
	flags.StringVar(&f.key, "key", "", "private key `file` to sign with")
	f.stamps.define(flags)
}

// newDocument writes a document to sign, as its statement, and signs it.
func (t *tool) newDocument(ctx context.Context, document manifest.Attestation, words string, f *documentFlags) error {
	if f.out == "" || f.key == "" {
		return errors.New("no -out or no -key: give the file to write, and the private key to sign it with")
	}
	data, err := document.Encode()
	if err != nil {
		return err
	}
	fmt.Fprint(t.stdout, "about to sign:\n"+words)
	if err := writeNew(f.out, data, 0o644); err != nil {
		return err
	}
	return t.signDocument(ctx, document, f.out, f.key, &f.stamps)
}

func definePermit(t *tool, flags *flag.FlagSet) action {
	host := flags.String("host", "", "`name` of the one host")
	hours := flags.Int("hours", 24, "how long it holds; at most a week")
	var f documentFlags
	f.define(flags)
	return func(ctx context.Context, args []string) error {
		release, statement, err := releaseToSign(ctx, args[0])
		if err != nil {
			return err
		}
		from := time.Now().UTC().Truncate(time.Second)
		p := manifest.Permit{
			Schema: manifest.PermitSchema, Product: release.Product, Host: *host, Release: release.ID, Statement: statement,
			NotBefore: from, Expires: from.Add(time.Duration(*hours) * time.Hour), Reason: f.reason,
		}
		return t.newDocument(ctx, manifest.NewStatement(p), describePermit(p), &f)
	}
}

func describePermit(p manifest.Permit) string {
	return fmt.Sprintf("host %s may install %s %s (%s) although it is older, from %s to %s: %s\n", p.Host, p.Product, p.Release, p.Statement.Short(), day(p.NotBefore), day(p.Expires), p.Reason)
}

func defineWithdraw(t *tool, flags *flag.FlagSet) action {
	var f documentFlags
	f.define(flags)
	return func(ctx context.Context, args []string) error {
		release, statement, err := releaseToSign(ctx, args[0])
		if err != nil {
			return err
		}
		n := manifest.Notice{
			Schema: manifest.NoticeSchema, Product: release.Product, Channel: release.Channel, Created: time.Now().UTC().Truncate(time.Second),
			Withdrawals: []manifest.Withdrawal{{ID: release.ID, Reason: f.reason}}, Statements: []manifest.Digest{statement},
		}
		return t.newDocument(ctx, manifest.NewStatement(n), describeNotice(n), &f)
	}
}

func describeNotice(n manifest.Notice) string {
	var b strings.Builder
	for i, w := range n.Withdrawals {
		fmt.Fprintf(&b, "%s %s (%s) is taken back: %s\n", n.Product, w.ID, n.Statements[i].Short(), w.Reason)
	}
	return b.String()
}

// countersign signs a document that somebody else wrote, after it has shown what
// it says.
func (t *tool) countersign(ctx context.Context, path, key string, stamps *stampFlags) error {
	data, err := readFile(path, manifest.MaxDocument)
	if err != nil {
		return err
	}
	document, words, err := readDocument(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprint(t.stdout, "about to sign:\n"+words)
	return t.signDocument(ctx, document, path, key, stamps)
}

// readDocument reads a permit, a notice or a trust file, and says in words what it
// is.
func readDocument(data []byte) (manifest.Attestation, string, error) {
	if s, err := manifest.DecodeStatement[manifest.Permit](data); err == nil {
		return s, describePermit(s.Predicate), nil
	}
	if s, err := manifest.DecodeStatement[manifest.Notice](data); err == nil {
		return s, describeNotice(s.Predicate), nil
	}
	if trust, err := verify.ParseTrust(data); err == nil {
		return manifest.NewStatement(trust.Document()), describeTrust(trust.Document()), nil
	}
	return nil, "", errors.New("is no permit, notice or trust file: give one as permit, withdraw or trust add wrote it, or a dist folder")
}
