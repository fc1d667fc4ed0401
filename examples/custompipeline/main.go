// Command custompipeline composes the library's parts by hand: build, pack,
// sign, verify. Copy it to begin a pipeline of your own.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

func main() {
	src, pkg := flag.String("src", ".", "`folder` of the module"), flag.String("pkg", ".", "main `package`")
	product, version := flag.String("product", "app", "its `name`"), flag.String("version", "v0.0.0", "its `version`")
	targets := flag.String("targets", target.Host().String(), "targets and `patterns`, as linux/*,!*/386")
	date, out := flag.String("date", "2026-01-02T03:04:05Z", "`time` of the fix commit"), flag.String("out", "dist", "new `folder`")
	keyFile := flag.String("key", "cosign.key", "private key `file`; its password is in COSIGN_PASSWORD")
	flag.Parse()
	ctx, created := context.Background(), must(time.Parse(time.RFC3339, *date))
	key := must(sign.LoadKey(must(os.ReadFile(*keyFile)), func() ([]byte, error) { return []byte(os.Getenv("COSIGN_PASSWORD")), nil }))

	builder := must(build.New(*src, *pkg))
	artifacts := must(builder.BuildAll(ctx, must(must(target.ParseSet(*targets)).Expand(target.Known()))))
	release := manifest.Release{
		Schema: manifest.ReleaseSchema, Product: *product, Channel: "stable", ID: *product + "-" + *version, Version: *version,
		Sequence: created.Unix(), Created: created, Source: manifest.Source{Package: must(builder.Main(ctx, artifacts[0].Target)).ImportPath},
		Toolchain: artifacts[0].Toolchain, Flags: artifacts[0].Plan.Flags(),
	}
	check(os.Mkdir(*out, 0o755)) // it must be new: what lies in it would be signed for complete
	for _, a := range artifacts {
		input := pack.Input{ID: release.ID, Product: *product, Version: *version, Target: a.Target, Executable: a.Path, Digest: a.Digest}
		release.Packages = append(release.Packages, must(must(pack.New(created)).Pack(ctx, input, *out)).Entry())
	}
	slices.SortFunc(release.Packages, func(a, b manifest.Entry) int { return cmp.Compare(a.Name, b.Name) })
	write := func(name string, data []byte) { check(os.WriteFile(filepath.Join(*out, name), data, 0o644)) }
	write(verify.ReleaseName, must(release.Encode()))
	write(manifest.SumsName, must(release.Sums().Encode()))
	write(verify.BundleName(key.Key().ID()), must(key.Sign(ctx, manifest.NewStatement(release))))
	fmt.Println(must(must(verify.New(verify.WithKeys(key.Key()))).VerifyDist(ctx, os.DirFS(*out))))
}

func must[T any](value T, err error) T { check(err); return value }
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "custompipeline:", err)
		os.Exit(1)
	}
}
