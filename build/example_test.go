package build_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// A release is built for all its targets at once, under a memory budget.
func ExampleBuilder_BuildAll() {
	b, err := build.New(".", "./cmd/payments",
		build.WithToolchainOf("/srv/payments/current/payments"),
		build.WithVariable("main.version", "v1.4.3"),
		build.WithMemoryBudget(4<<30),
		build.WithOutput("out"))
	if err != nil {
		log.Fatal(err)
	}
	artifacts, err := b.BuildAll(context.Background(), []target.Target{
		target.MustParse("linux/amd64"), target.MustParse("linux/arm64"), target.MustParse("windows/amd64"),
	})
	var compile *build.CompileError
	if errors.As(err, &compile) {
		for _, p := range compile.Packages {
			for _, d := range p.Diagnostics {
				fmt.Printf("%s: %s\n", p.ImportPath, d)
			}
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range artifacts {
		fmt.Println(a.Target, a.Digest, a.Size, a.Cached)
	}
}

// A policy on how programs are built is tested without a compiler.
func ExampleBuilder_Plan() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/payments\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	b, err := build.New(dir, "./cmd/payments", build.WithToolchain("go1.26.8"), build.WithTags("netgo"))
	if err != nil {
		log.Fatal(err)
	}
	plan, err := b.Plan(target.MustParse("linux/arm64"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Toolchain, plan.Trimpath, plan.Cgo == nil)
	fmt.Println(strings.Join(plan.Flags(), " "))
	// Output:
	// go1.26.8 true true
	// -trimpath -buildvcs=false -mod=readonly -tags=netgo -ldflags=-s -w CGO_ENABLED=0
}

// Where the bytes of an executable are, also of one that is stripped.
func ExampleSizes() {
	report, err := build.Sizes("/srv/payments/current/payments")
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range report.Packages[:10] {
		fmt.Println(p.ImportPath, p.Code)
	}
	fmt.Print(report)
}
