package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// A host that trusts one key checks a folder that it was sent.
func Example() {
	publicKey, folder := exampleDist()

	key, err := verify.ParsePublicKey(publicKey) // such as the content of cosign.pub
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(verify.WithKeys(key))
	if err != nil {
		log.Fatal(err)
	}
	result, err := verifier.VerifyDist(context.Background(), folder) // such as os.DirFS("dist")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s for %d targets may be installed\n", result.Release.ID, len(result.Release.Packages))
	// Output: payments-1.4.3 for 2 targets may be installed
}

// Two of three people must sign.
func ExampleWithThreshold() {
	_, err := verify.New(verify.WithKeys(engineer().key, reviewer().key, edwards().key), verify.WithThreshold(2))
	fmt.Println("two of three:", err)
	_, err = verify.New(verify.WithKeys(engineer().key, engineer().key), verify.WithThreshold(2))
	fmt.Println("one key under two names is refused:", errors.Is(err, verify.ErrUnreachable))
	_, err = verify.New()
	fmt.Println("no key is refused:", errors.Is(err, verify.ErrNoKeys))
	// Output:
	// two of three: <nil>
	// one key under two names is refused: true
	// no key is refused: true
}

func ExampleVerifier_Verify() {
	signed, err := manifest.NewStatement(release()).Encode()
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(verify.WithKeys(engineer().key))
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), [][]byte{stranger().bundle(signed)})
	var refused *verify.ThresholdError
	if errors.As(err, &refused) {
		fmt.Println(len(refused.Signers), "of", refused.Threshold, "signatures,", len(refused.Uncounted), "by an unknown key")
	}
	// Output: 0 of 1 signatures, 1 by an unknown key
}

func ExampleSums() {
	sums, err := manifest.ParseSums([]byte(
		"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae  foo.txt\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verify.Sums(context.Background(), fstest.MapFS{"foo.txt": file([]byte("foo"))}, sums))
	var mismatch *verify.MismatchError
	err = verify.Sums(context.Background(), fstest.MapFS{"foo.txt": file([]byte("bar"))}, sums)
	if errors.As(err, &mismatch) {
		fmt.Println(mismatch.Name, "has", mismatch.Got.Short(), "instead of", mismatch.Want.Short())
	}
	// Output:
	// <nil>
	// foo.txt has fcde2b2edba5 instead of 2c26b46b68ff
}
