package change_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/target"
)

// Two folders are compared. Revisions of a checkout come from Open.
func ExampleBetween() {
	root, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	base, fix := service(root, "base", "1"), service(root, "fix", "2")
	plan := func(dir string, t target.Target) (build.Plan, error) {
		b, err := build.New(dir, ".")
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(t)
	}
	c, err := change.Between(context.Background(), base, fix, plan, target.MustParse("linux/amd64"), target.MustParse("windows/amd64"))
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range c.Affected {
		fmt.Println(a.Target, a.Any(), a.Changed)
	}
	// Output:
	// linux/amd64 false []
	// windows/amd64 true [example.com/pay]
}

// service writes a module whose code for Windows differs between the sides.
func service(root, side, code string) *change.Tree {
	dir := filepath.Join(root, side)
	files, err := txtar.FS(txtar.Parse([]byte("-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n" +
		"-- main.go --\npackage main\n\nfunc main() {}\n" +
		"-- exit_windows.go --\npackage main\n\nconst exit = " + code + "\n")))
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		log.Fatal(err)
	}
	tree, err := change.Folder(dir)
	if err != nil {
		log.Fatal(err)
	}
	return tree
}
