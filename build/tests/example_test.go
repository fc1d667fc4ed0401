package tests_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/target"
)

// A fix mends one test and breaks another. Revisions of a checkout come from
// change.Open.
func ExampleCompare() {
	root, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	base, fix := module(root, "base", "n + 1"), module(root, "fix", "n - 1")
	plan := func(dir string, t target.Target) (build.Plan, error) {
		b, err := build.New(dir, ".")
		if err != nil {
			return build.Plan{}, err
		}
		return b.Plan(t)
	}
	found, err := tests.Compare(context.Background(), base, fix, plan, tests.WithReruns(2))
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range found.Tests {
		fmt.Println(t.Name, t.Base, "->", t.Fix)
	}
	fmt.Println(found.Lines.Covered, "of", found.Lines.Total, "changed lines run")
	findings, err := policy.Check(context.Background(), policy.Case{Tests: found}, policy.NoNewFailures())
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f.Severity, f.Rule)
	}
	// Output:
	// TestDown failed -> passed
	// TestUp passed -> failed
	// 1 of 1 changed lines run
	// block no-new-failures
}

// module writes a module with two tests.
func module(root, side, next string) *change.Tree {
	dir := filepath.Join(root, side)
	files, err := txtar.FS(txtar.Parse([]byte("-- go.mod --\nmodule example.com/pay\n\ngo 1.24\n" +
		"-- main.go --\npackage main\n\nfunc next(n int) int { return " + next + " }\n\nfunc main() { println(next(1)) }\n" +
		"-- main_test.go --\npackage main\n\nimport \"testing\"\n\n" +
		"func TestUp(t *testing.T) {\n\tif next(1) != 2 {\n\t\tt.Fail()\n\t}\n}\n\n" +
		"func TestDown(t *testing.T) {\n\tif next(1) != 0 {\n\t\tt.Fail()\n\t}\n}\n")))
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
