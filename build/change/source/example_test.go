package source_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/gohotfix/hotfix/build/change/source"
)

// Two folders are compared with os.DirFS; here they are in memory.
func ExampleCompare() {
	module := &fstest.MapFile{Data: []byte("module example.com/pay\n\ngo 1.26\n")}
	base := fstest.MapFS{"go.mod": module, "auth/auth.go": {Data: []byte("package auth\n\nfunc Check(token string) bool { return true }\n")}}
	fix := fstest.MapFS{"go.mod": module, "auth/auth.go": {Data: []byte("package auth\n\nfunc Check(token string) bool { return token != \"\" }\n")}}
	c, err := source.Compare(base, fix)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range c.Packages {
		fmt.Println(p.Status, p.Path, p.Functions)
	}
	for _, f := range c.Files {
		fmt.Printf("%s +%d -%d\n", f.Path, f.Added, f.Removed)
	}
	// Output:
	// changed example.com/pay/auth [Check]
	// auth/auth.go +1 -1
}
