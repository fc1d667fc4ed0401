// Verifyonly is the smallest program that a host needs in order to decide:
// verifyonly PUBLICKEY DIST.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gohotfix/hotfix/verify"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, keyFile, dist string) error {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := verify.ParsePublicKey(text)
	if err != nil {
		return err
	}
	verifier, err := verify.New(verify.WithKeys(key))
	if err != nil {
		return err
	}
	result, err := verifier.VerifyDist(ctx, os.DirFS(dist))
	if err != nil {
		return err
	}
	fmt.Println(result)
	return nil
}
