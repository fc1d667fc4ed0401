package pack_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// commitTime is the time of the fix, which all files of a package get.
var commitTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// temporary returns a folder for one example, and removes it afterwards.
func temporary() (string, func()) {
	dir, err := os.MkdirTemp("", "pack")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// build stands for the builder: it leaves an executable in dir.
func build(dir string) (path string, digest manifest.Digest) {
	content := []byte("the new version\n")
	path = filepath.Join(dir, "payments")
	if err := os.WriteFile(path, content, 0o755); err != nil {
		log.Fatal(err)
	}
	return path, manifest.DigestOf(content)
}

func ExampleNew() {
	packer, err := pack.New(commitTime,
		pack.WithFormat(pack.Zip),
		pack.WithVerifyScript([]byte("#!/bin/sh\nexec \"$1\" -version\n")),
		pack.WithFiles(fstest.MapFS{"config/limits.json": {Data: []byte("{}\n")}}),
		pack.WithRestart(manifest.Restart{Unit: "payments.service"}))
	if err != nil {
		log.Fatal(err)
	}
	name, err := packer.Name(pack.Input{ID: "fix-7", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/arm64")})
	fmt.Println(name, err)
	// Output: payments_1.4.3_linux_arm64.zip <nil>
}

func ExamplePacker_Pack() {
	dir, remove := temporary()
	defer remove()
	executable, digest := build(dir)

	packer, err := pack.New(commitTime)
	if err != nil {
		log.Fatal(err)
	}
	p, err := packer.Pack(context.Background(), pack.Input{
		ID: "fix-7", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/amd64"),
		Executable: executable, Digest: digest,
	}, dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Name())
	for _, f := range p.Manifest.Files {
		fmt.Println(f.Mode, f.Path)
	}
	// Output:
	// payments_1.4.3_linux_amd64.tar.zst
	// 0755 bin/payments
	// 0644 rollback.json
	// 0644 sbom.cdx.json
}

func ExamplePacker_PackAll() {
	dir, remove := temporary()
	defer remove()
	executable, digest := build(dir)

	packer, err := pack.New(commitTime, pack.WithFormat(pack.TarGz))
	if err != nil {
		log.Fatal(err)
	}
	var inputs []pack.Input
	for _, t := range []string{"linux/amd64", "linux/arm64"} {
		inputs = append(inputs, pack.Input{
			ID: "fix-7", Product: "payments", Version: "1.4.3", Target: target.MustParse(t), Executable: executable, Digest: digest,
		})
	}
	packages, err := packer.PackAll(context.Background(), inputs, dir)
	if err != nil {
		log.Fatal(err)
	}
	if err := pack.WriteSums(dir, packages); err != nil {
		log.Fatal(err)
	}
	for _, p := range packages {
		fmt.Println(p.Name())
	}
	// Output:
	// payments_1.4.3_linux_amd64.tar.gz
	// payments_1.4.3_linux_arm64.tar.gz
}

// packed packs an executable into dir.
func packed(dir string) *pack.Package {
	executable, digest := build(dir)
	packer, err := pack.New(commitTime)
	if err != nil {
		log.Fatal(err)
	}
	p, err := packer.Pack(context.Background(), pack.Input{
		ID: "fix-7", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/amd64"), Executable: executable, Digest: digest,
	}, dir)
	if err != nil {
		log.Fatal(err)
	}
	return p
}

func ExampleOpen() {
	dir, remove := temporary()
	defer remove()
	path := packed(dir).Path

	p, err := pack.Open(context.Background(), path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Manifest.Product, p.Manifest.Version, p.Manifest.Target)

	// One more byte, and it is no package any more.
	data, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(data, 0), 0o600); err != nil {
		log.Fatal(err)
	}
	_, err = pack.Open(context.Background(), path)
	var refused *pack.RefusedError
	fmt.Println(errors.As(err, &refused))
	// Output:
	// payments 1.4.3 linux/amd64
	// true
}

func ExampleUnpack() {
	dir, remove := temporary()
	defer remove()
	p := packed(dir)

	dest := filepath.Join(dir, "dest")
	if _, err := pack.Unpack(context.Background(), p.Path, dest, pack.WithDigest(p.Digest)); err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dest, "bin", "payments"))
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// the new version
	// <nil>
}

func ExampleUnpackSmallest() {
	dir, remove := temporary()
	defer remove()
	full := packed(dir)

	// The version that runs on the hosts, and the delta from it.
	runs := filepath.Join(dir, "payments-1.4.2")
	content := []byte("the old version\n")
	if err := os.WriteFile(runs, content, 0o755); err != nil {
		log.Fatal(err)
	}
	executable, digest := build(dir)
	packer, err := pack.New(commitTime)
	if err != nil {
		log.Fatal(err)
	}
	delta, err := packer.Pack(context.Background(), pack.Input{
		ID: "fix-7", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/amd64"), Executable: executable, Digest: digest,
		Base: &manifest.Binary{Version: "1.4.2", Digest: manifest.DigestOf(content), Size: int64(len(content))}, Old: runs,
	}, dir)
	if err != nil {
		log.Fatal(err)
	}

	// A host has verified a release with both, and takes what it can.
	entries := []manifest.Entry{full.Entry(), delta.Entry()}
	u, err := pack.UnpackSmallest(context.Background(), dir, entries, filepath.Join(dir, "one"), pack.WithBaseFiles(runs))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Package.Name())

	// Another host runs something else.
	if u, err = pack.UnpackSmallest(context.Background(), dir, entries, filepath.Join(dir, "another")); err != nil {
		log.Fatal(err)
	}
	var missing *pack.MissingBaseError
	fmt.Println(u.Package.Name(), errors.As(u.Skipped[0].Err, &missing))
	// Output:
	// payments_1.4.3_linux_amd64_from-1.4.2.tar.zst
	// payments_1.4.3_linux_amd64.tar.zst true
}

func ExampleExtract() {
	dir, remove := temporary()
	defer remove()

	archive := filepath.Join(dir, "archive.tar")
	if err := os.WriteFile(archive, []byte("not a tar archive"), 0o600); err != nil {
		log.Fatal(err)
	}
	err := pack.Extract(context.Background(), pack.Tar, archive, filepath.Join(dir, "dest"))
	var refused *pack.RefusedError
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason)
	}
	// Output: is cut off: fetch the archive again
}
