package manifest_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func ExampleDecodePackage() {
	data, err := goodPackage().Encode()
	if err != nil {
		log.Fatal(err)
	}
	p, err := manifest.DecodePackage(data)
	fmt.Println(p.Product, p.Version, err)

	_, err = manifest.DecodePackage(append(data, ' '))
	fmt.Println(errors.Is(err, manifest.ErrNotCanonical))
	// Output:
	// payments 1.4.3 <nil>
	// true
}

func ExampleNewStatement() {
	s := manifest.NewStatement(goodRelease())
	for _, subject := range s.Subject {
		fmt.Println(subject.Name)
	}
	// Output:
	// a.zip
	// b.zip
	// b_from-1.4.2.zip
}

func ExampleCheckPath() {
	fmt.Println(manifest.CheckPath("config/app.json"))
	fmt.Println(manifest.CheckPath("../app.json"))
	// Output:
	// <nil>
	// manifest: path "../app.json" is not a relative path without "." and ".." elements
}
