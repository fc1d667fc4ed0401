package hotfix_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// A release tool makes a signed hotfix of what runs in production.
func ExamplePipeline_Run() {
	work, key := exampleModule(), exampleKey()
	defer os.RemoveAll(work)

	p, err := hotfix.New("payments",
		hotfix.WithSource(filepath.Join(work, "src"), "."),
		hotfix.WithBase(hotfix.NoBase()), // or BaseRevision("v1.4.2"), BaseDist(dir), BaseBinaries(…)
		hotfix.WithVersion("v1.4.2"),
		hotfix.WithTargets(target.MustParse("linux/amd64"), target.MustParse("linux/arm64")),
		hotfix.WithSigner(key),
		hotfix.WithCache(filepath.Join(work, "cache")),
		hotfix.WithOutput(filepath.Join(work, "dist")),
	)
	if err != nil {
		log.Fatal(err)
	}
	result, err := p.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range result.Targets {
		fmt.Println(t.Target, t.Package)
	}
	// Output:
	// linux/amd64 payments_v1.4.2_linux_amd64.tar.zst
	// linux/arm64 payments_v1.4.2_linux_arm64.tar.zst
}

// Everything that can be checked without running a tool is checked by New.
func ExampleNew() {
	work := exampleModule()
	defer os.RemoveAll(work)

	_, err := hotfix.New("payments",
		hotfix.WithSource(filepath.Join(work, "src"), "."),
		hotfix.WithBase(hotfix.BaseRevision("v1.4.2")),
		hotfix.WithTargets(target.Host()),
	)
	fmt.Println(err)
	_, err = hotfix.New("payments", hotfix.WithVersion("1.4.3 (urgent)"))
	fmt.Println(strings.HasPrefix(err.Error(), "hotfix: WithVersion: "))
	// Output:
	// hotfix: New: no output folder: give WithOutput
	// true
}

// A dry run says what would be made, and a base says what version that is.
func ExampleWithDryRun() {
	work := exampleModule()
	defer os.RemoveAll(work)

	release := exampleDist(work)
	p, err := hotfix.New("payments",
		hotfix.WithSource(filepath.Join(work, "src"), "."),
		hotfix.WithBase(hotfix.BaseDist(release)),
		hotfix.WithTargets(target.MustParse("linux/amd64")),
		hotfix.WithDryRun(),
	)
	if err != nil {
		log.Fatal(err)
	}
	result, err := p.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.ID, "would fix", result.Base.Version)
	// Output: payments-v1.4.2+hotfix.1 would fix v1.4.2
}

// For hosts that run the base there is a delta package, and with the signatures
// it fits into a message.
func ExampleWithDeltas() {
	work := exampleModule()
	defer os.RemoveAll(work)

	base, key := exampleDist(work), exampleKey()
	p, err := hotfix.New("payments",
		hotfix.WithSource(filepath.Join(work, "src"), "."),
		hotfix.WithBase(hotfix.BaseDist(base)),
		hotfix.WithVersionVariable("main.version"),
		hotfix.WithTargets(target.MustParse("linux/amd64")),
		hotfix.WithDeltas(), // WithDeltas(hotfix.BaseDist("v1.4.1")) for hosts that run that as well
		hotfix.WithSigner(key),
		hotfix.WithCache(filepath.Join(work, "cache")),
		hotfix.WithOutput(filepath.Join(work, "fix")),
	)
	if err != nil {
		log.Fatal(err)
	}
	result, err := p.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	delta := result.Targets[0].Deltas[0]
	fmt.Println(delta.Package, delta.Size < result.Targets[0].Size/100)

	text, err := hotfix.InlineDist(context.Background(), result.Dist)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(verify.WithKeys(key.Key()))
	if err != nil {
		log.Fatal(err)
	}
	verified, err := hotfix.VerifyInline(context.Background(), text, verifier)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.Release.ID, verified.Packages[0].Name == delta.Package)
	// Output:
	// payments_v1.4.2+hotfix.1_linux_amd64_from-v1.4.2.tar.zst true
	// payments-v1.4.2+hotfix.1 true
}

// A hook is a policy of one's own: here a package that is too large for a slow
// line ends the run, and nothing is published.
func ExampleWithAfter() {
	work := exampleModule()
	defer os.RemoveAll(work)

	errTooLarge := errors.New("package is too large for the branch offices")
	p, err := hotfix.New("payments", append(exampleOptions(work),
		hotfix.WithAfter(hotfix.StepPack, func(_ context.Context, sofar *hotfix.Result) error {
			if sofar.Targets[0].Size > 100_000 {
				return errTooLarge
			}
			return nil
		}))...)
	if err != nil {
		log.Fatal(err)
	}
	_, err = p.Run(context.Background())
	fmt.Println(err)
	var failed *hotfix.StepError
	fmt.Println(errors.As(err, &failed) && failed.Step == hotfix.StepPack, errors.Is(err, errTooLarge))
	// Output:
	// pack: hook after it: package is too large for the branch offices
	// true true
}

// An observer draws progress, or logs it.
func ExampleWithObserver() {
	work := exampleModule()
	defer os.RemoveAll(work)

	p, err := hotfix.New("payments", append(exampleOptions(work),
		hotfix.WithObserver(func(e hotfix.Event) {
			switch e := e.(type) {
			case hotfix.StepFinished:
				fmt.Println("done:", e.Step)
			case hotfix.Packed:
				fmt.Println("packed:", e.Package.Name())
			}
		}))...)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// done: source
	// done: base
	// done: prove
	// done: change
	// done: policies
	// done: test
	// done: build
	// done: compare
	// packed: payments_v1.4.2_linux_amd64.tar.zst
	// done: pack
	// done: sign
	// done: verify
	// done: publish
}

// Two people sign apart, and hosts want both.
func ExampleSignDist() {
	work := exampleModule()
	defer os.RemoveAll(work)

	dist, developer, reviewer := exampleDist(work), exampleKey(), exampleKey()
	for _, signer := range []*sign.Signer{developer, reviewer} {
		release, err := hotfix.SignDist(context.Background(), dist, signer)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("signed", release.ID)
	}
	v, err := verify.New(verify.WithKeys(developer.Key(), reviewer.Key()), verify.WithThreshold(2))
	if err != nil {
		log.Fatal(err)
	}
	result, err := hotfix.VerifyDist(context.Background(), dist, v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(result.Signers), "signers")
	// Output:
	// signed payments-v1.4.2
	// signed payments-v1.4.2
	// 2 signers
}

// A host checks a dist folder by the keys that it trusts.
func ExampleVerifyDist() {
	work, key := exampleModule(), exampleKey()
	defer os.RemoveAll(work)

	dist := exampleDist(work, hotfix.WithSigner(key))
	v, err := verify.New(verify.WithKeys(key.Key())) // read from a file by verify.ParsePublicKey
	if err != nil {
		log.Fatal(err)
	}
	result, err := hotfix.VerifyDist(context.Background(), dist, v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Release.Version, "for", result.Release.Packages[0].Target)

	stranger, err := verify.New(verify.WithKeys(exampleKey().Key()))
	if err != nil {
		log.Fatal(err)
	}
	_, err = hotfix.VerifyDist(context.Background(), dist, stranger)
	fmt.Println("a stranger's key is enough:", !errors.Is(err, verify.ErrThreshold))
	// Output:
	// v1.4.2 for linux/amd64
	// a stranger's key is enough: false
}

// A host that fetched its own package and the bundles, and nothing else.
func ExampleVerifyPackage() {
	work, key := exampleModule(), exampleKey()
	defer os.RemoveAll(work)

	dist := exampleDist(work, hotfix.WithSigner(key))
	v, err := verify.New(verify.WithKeys(key.Key()))
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dist, "payments_v1.4.2_linux_amd64.tar.zst")
	result, err := hotfix.VerifyPackage(context.Background(), path, v)
	if err != nil {
		log.Fatal(err)
	}
	// What is unpacked is what was signed: the digest is taken from the release.
	entry, _ := result.Release.Entry(filepath.Base(path))
	p, err := pack.Unpack(context.Background(), path, filepath.Join(work, "store"), pack.WithDigest(entry.Digest))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range p.Manifest.Files {
		fmt.Println(f.Mode, f.Path)
	}
	// Output:
	// 0755 bin/app
	// 0644 rollback.json
	// 0644 sbom.cdx.json
}

// exampleModule returns a new folder with a small program in src.
func exampleModule() string {
	work, err := os.MkdirTemp("", "hotfix-example-*")
	if err != nil {
		log.Fatal(err)
	}
	files := map[string]string{"go.mod": "module example.com/app\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
	if err := os.Mkdir(filepath.Join(work, "src"), 0o755); err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, "src", name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	return work
}

// exampleKey makes a key as cosign does, and reads it.
func exampleKey() *sign.Signer {
	private, _, err := sign.GenerateKeyPair([]byte("a good password"))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := sign.LoadKey(private, func() ([]byte, error) { return []byte("a good password"), nil })
	if err != nil {
		log.Fatal(err)
	}
	return signer
}

func exampleOptions(work string) []hotfix.Option {
	return []hotfix.Option{
		hotfix.WithSource(filepath.Join(work, "src"), "."), hotfix.WithBase(hotfix.NoBase()), hotfix.WithVersion("v1.4.2"),
		hotfix.WithTargets(target.MustParse("linux/amd64")),
		hotfix.WithCache(filepath.Join(work, "cache")), hotfix.WithOutput(filepath.Join(work, "dist")),
	}
}

// exampleDist makes a dist folder, which is not signed unless options say so.
func exampleDist(work string, options ...hotfix.Option) string {
	p, err := hotfix.New("payments", append(exampleOptions(work), options...)...)
	if err != nil {
		log.Fatal(err)
	}
	result, err := p.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	return result.Dist
}
