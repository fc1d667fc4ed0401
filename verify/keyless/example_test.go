package keyless_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

// A host has the trusted root of a Sigstore instance, and checks who signed a release.
func Example() {
	root, err := os.ReadFile("testdata/trusted_root.json")
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/v1.sigstore.json") // such as a file of a dist folder
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := keyless.New(root)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := verifier.VerifyBundle(context.Background(), bundle)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signed.Name)
	fmt.Println("at", signed.Time)

	// Anybody can sign: whether it counts is for the trust policy to say.
	trusted := verify.IdentityID("https://accounts.example.com", "release@example.com")
	fmt.Println("trusted:", signed.Signer == trusted)
	// Output:
	// release@example.com (issued by https://accounts.example.com)
	// at 2026-09-21 14:20:00 +0000 UTC
	// trusted: true
}

// A trust file lists the identity, and the core's verifier counts it as it counts a
// key.
func Example_trustFile() {
	root, err := os.ReadFile("testdata/trusted_root.json")
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/v1.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	identities, err := keyless.New(root)
	if err != nil {
		log.Fatal(err)
	}
	trust, err := verify.NewTrust(trustFile("https://accounts.example.com", "release@example.com"))
	if err != nil {
		log.Fatal(err)
	}
	v, err := verify.New(verify.WithTrust(trust), verify.WithBundleVerifier(identities), verify.WithClock(theNextDay))
	if err != nil {
		log.Fatal(err)
	}
	result, err := v.Verify(context.Background(), [][]byte{bundle})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Release.ID, "is signed by the", result.Signers[0].Name)
	// Output: payments-1.4.3 is signed by the release workflow
}

// Two logs and a timestamp authority must vouch for the signature.
func ExampleNew() {
	root, err := os.ReadFile("testdata/trusted_root.json")
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := keyless.New(root, keyless.WithTransparencyLog(2), keyless.WithTimestampAuthority(1))
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/v2.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.VerifyBundle(context.Background(), bundle)
	fmt.Println(errors.Is(err, keyless.ErrLog))
	// Output: true
}
