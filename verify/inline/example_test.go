package inline_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
)

// A block is quoted in a message, and still found and verified.
func Example() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := sign.New(key)
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(context.Background(), manifest.NewStatement(release()))
	if err != nil {
		log.Fatal(err)
	}
	text, err := inline.Encode([][]byte{bundle}, [][]byte{deltaOf(0)})
	if err != nil {
		log.Fatal(err)
	}
	message := "Tonight's fix:\n> " + strings.ReplaceAll(string(text), "\n", "\n> ")

	verifier, err := verify.New(verify.WithKeys(signer.Key()))
	if err != nil {
		log.Fatal(err)
	}
	got, err := inline.Verify(context.Background(), []byte(message), verifier)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Release.ID, got.Packages[0].Name)
	// Output: payments-api-v1.4.2+hotfix.1 payments-api_v1.4.2+hotfix.1_linux_amd64_from-v1.4.2.tar.zst
}
