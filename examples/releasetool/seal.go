package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// Seal signs any file as a package of a dist folder, good or bad, with a key
// that is made for it. It is how the verification is tried: what verify then
// refuses, it refuses although the signature is valid.
func defineSeal(t *tool, flags *flag.FlagSet) action {
	return func(ctx context.Context, args []string) error {
		format, err := pack.ParseFormat(args[0])
		if err != nil {
			return &exitError{code: noSuchFormat, err: err}
		}
		if err := seal(ctx, format, args[1], args[2]); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.stdout, "sealed %s in %s by a test key: releasetool verify -key %s.pub %s\n", args[1], args[2], args[2], args[2])
		return err
	}
}

func seal(ctx context.Context, format pack.Format, file, out string) (err error) {
	if err := os.Mkdir(out, 0o755); err != nil {
		return fmt.Errorf("making the dist folder: %w: give a path that does not exist", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(out))
		}
	}()
	name := "sealed_1_" + target.Host().FileName() + format.Extension()
	if err := copyFile(file, filepath.Join(out, name)); err != nil {
		return err
	}
	release, sums, err := sealedRelease(ctx, filepath.Join(out, name))
	if err != nil {
		return err
	}
	data, err := release.Encode()
	if err != nil {
		return err
	}
	for file, content := range map[string][]byte{verify.ReleaseName: data, manifest.SumsName: sums} {
		if err := os.WriteFile(filepath.Join(out, file), content, 0o644); err != nil {
			return err
		}
	}
	return signSealed(ctx, release, out)
}

func copyFile(from, to string) error {
	src, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(filepath.Clean(to), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		return errors.Join(err, dst.Close())
	}
	return dst.Close()
}

// sealedRelease describes the file as the package that it claims to be, or, if
// it is none, as one of a made-up product.
func sealedRelease(ctx context.Context, path string) (manifest.Release, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return manifest.Release{}, nil, err
	}
	defer f.Close()
	digest, size, err := manifest.DigestReader(f)
	if err != nil {
		return manifest.Release{}, nil, err
	}
	name := filepath.Base(path)
	about := manifest.Package{ID: "sealed-1", Product: "sealed", Version: "1"}
	entry := manifest.Entry{Name: name, Digest: digest, Size: size, Target: target.Host()}
	if p, err := pack.Open(ctx, path); err == nil {
		about, entry = p.Manifest, p.Entry()
	}
	sums := []byte(digest.Hex() + "  " + name + "\n")
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: about.Product, Channel: "test", ID: about.ID, Version: about.Version,
		Sequence: 1, Created: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Packages: []manifest.Entry{entry},
		Source: manifest.Source{Package: "sealed"}, Toolchain: "none", Flags: []string{},
	}, sums, nil
}

// signSealed makes a key, signs, writes the public key beside the dist folder
// and forgets the private one.
func signSealed(ctx context.Context, release manifest.Release, out string) error {
	password := []byte("sealed")
	private, public, err := sign.GenerateKeyPair(password)
	if err != nil {
		return err
	}
	signer, err := sign.LoadKey(private, func() ([]byte, error) { return password, nil })
	if err != nil {
		return err
	}
	bundle, err := signer.Sign(ctx, manifest.NewStatement(release))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, verify.BundleName(signer.Key().ID())), bundle, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(out)+".pub", public, 0o644)
}
