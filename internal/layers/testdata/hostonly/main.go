// Hostonly links what a host links that takes releases: it verifies a release,
// from a dist folder or from text, writes the decision down, and unpacks the
// package for this host: hostonly TRUST RELEASE DEST.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/audit"
	"github.com/gohotfix/hotfix/verify/inline"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, trustFile, release, dest string) error {
	text, err := os.ReadFile(trustFile)
	if err != nil {
		return err
	}
	trust, err := verify.ParseTrust(text)
	if err != nil {
		return err
	}
	verifier, err := verify.New(verify.WithTrust(trust))
	if err != nil {
		return err
	}
	log, err := audit.Open(ctx, dest+".audit")
	if err != nil {
		return err
	}
	result, refused := decide(ctx, verifier, release)
	if err := errors.Join(log.Append(ctx, audit.Decision(result, refused)), refused); err != nil {
		return err
	}
	return install(ctx, result.Release.Packages, release, dest)
}

// decide takes a folder or a text.
func decide(ctx context.Context, verifier *verify.Verifier, release string) (*verify.Result, error) {
	text, err := os.ReadFile(release)
	if err != nil {
		return verifier.VerifyRelease(ctx, os.DirFS(release))
	}
	r, err := inline.Verify(ctx, text, verifier)
	if err != nil {
		return nil, err
	}
	return r.Result, nil
}

func install(ctx context.Context, entries []manifest.Entry, release, dest string) error {
	unpacked, err := pack.UnpackSmallest(ctx, release, entries, dest)
	if err != nil {
		return err
	}
	p, err := pack.Open(ctx, release)
	if err != nil {
		return err
	}
	fmt.Println(unpacked, p.Name())
	return nil
}
