package build_test

import (
	"context"
	"fmt"

	"github.com/gohotfix/hotfix/build"
)

// Rebuild an executable as it was downloaded, from the module and with the
// toolchain that it names, and compare.
func ExampleReproduce() {
	r, err := build.Reproduce(context.Background(), "downloads/lefthook")
	if err != nil {
		fmt.Println(err) // no executable, or not one of Go
		return
	}
	switch r.Verdict {
	case build.Identical:
		fmt.Println("built from", r.Module, "by", r.Toolchain)
	case build.CannotTell:
		fmt.Println("cannot tell:", r.Err())
	default:
		fmt.Println(r)
	}
}
