package sign_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// A key pair as cosign makes and reads it, and a release signed with it.
func Example() {
	private, public, err := sign.GenerateKeyPair([]byte("a good password"))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := sign.LoadKey(private, func() ([]byte, error) { return []byte("a good password"), nil })
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(context.Background(), manifest.NewStatement(release()))
	if err != nil {
		log.Fatal(err)
	}

	key, err := verify.ParsePublicKey(public) // on the host
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(verify.WithKeys(key))
	if err != nil {
		log.Fatal(err)
	}
	result, err := verifier.Verify(context.Background(), [][]byte{bundle})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Release.ID, "is signed by", len(result.Signers), "trusted key")
	// Output: payments-1.4.3 is signed by 1 trusted key
}

// Two people sign apart. Each of them signs the same bytes and adds a bundle.
func ExampleSigner_Sign() {
	var keys []verify.Key
	var bundles [][]byte
	for _, password := range []string{"engineer's", "reviewer's"} {
		private, _, err := sign.GenerateKeyPair([]byte(password))
		if err != nil {
			log.Fatal(err)
		}
		signer, err := sign.LoadKey(private, func() ([]byte, error) { return []byte(password), nil })
		if err != nil {
			log.Fatal(err)
		}
		bundle, err := signer.Sign(context.Background(), manifest.NewStatement(release()))
		if err != nil {
			log.Fatal(err)
		}
		keys, bundles = append(keys, signer.Key()), append(bundles, bundle)
	}

	verifier, err := verify.New(verify.WithKeys(keys...), verify.WithThreshold(2))
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), bundles[:1])
	fmt.Println("one of two is enough:", err == nil)
	_, err = verifier.Verify(context.Background(), bundles)
	fmt.Println("two of two are enough:", err == nil)
	// Output:
	// one of two is enough: false
	// two of two are enough: true
}
