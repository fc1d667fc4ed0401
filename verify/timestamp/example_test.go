package timestamp_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// A producer has an authority stamp a signature; a host that trusts the
// authority knows from then on when that signature existed.
func Example() {
	at := time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC)
	tsa, err := timestamptest.New(timestamptest.At(at)) // in production: package tsa
	if err != nil {
		log.Fatal(err)
	}
	signature := []byte("the bytes of a signature")
	response, err := tsa.Stamp(context.Background(), signature)
	if err != nil {
		log.Fatal(err)
	}

	authority, err := timestamp.NewAuthority("our TSA", tsa.Chain()) // on the host
	if err != nil {
		log.Fatal(err)
	}
	stamp, err := timestamp.Verify(response, signature, []timestamp.Authority{authority})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stamp.Time, "by", stamp.Authority)
	// Output: 2026-09-21 14:13:20 +0000 UTC by our TSA
}
