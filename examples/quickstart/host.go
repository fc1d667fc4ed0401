package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// asHost does what a host does with the dist: it has the public key and
// nothing else of the producer's. It returns the installed executables.
func (s *story) asHost(ctx context.Context, public []byte, result *hotfix.Result) (map[target.Target]string, error) {
	s.say.step("The host: verified by the public key alone, then unpacked")
	key, err := verify.ParsePublicKey(public)
	if err != nil {
		return nil, err
	}
	verifier, err := verify.New(verify.WithKeys(key))
	if err != nil {
		return nil, err
	}
	start := time.Now()
	verified, err := hotfix.VerifyDist(ctx, result.Dist, verifier)
	if err != nil {
		return nil, err
	}
	s.say.line("%s of %s: signature, digests and content are good (%s)", count(len(verified.Release.Packages), "package"), verified.Release.ID, seconds(time.Since(start)))
	s.say.line("Signed by key %s, %d of %d needed", verified.Signers[0].Signer.Short(), len(verified.Signers), verified.Threshold)
	s.say.line("Signed alike: where it comes from (%s, %s)", manifest.ProvenanceName, count(result.Provenance.Inputs, "input"))
	installed := map[target.Target]string{}
	for _, entry := range verified.Release.Packages {
		if entry.Delta {
			continue // for hosts that have the base; see goLive
		}
		if installed[entry.Target], err = s.install(ctx, result.Dist, entry); err != nil {
			return nil, err
		}
	}
	return installed, s.tamper(ctx, result, verifier)
}

// install unpacks a package into a folder named after its executable's digest,
// beside the version that runs: going back is a matter of one link.
func (s *story) install(ctx context.Context, dist string, entry manifest.Entry) (string, error) {
	versions := filepath.Join(s.work, "store", s.program.product, "versions")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return "", err
	}
	dir := filepath.Join(versions, entry.Result.Digest.Hex())
	p, err := pack.Unpack(ctx, filepath.Join(dist, entry.Name), dir, pack.WithDigest(entry.Digest))
	if err != nil {
		return "", err
	}
	if err := verify.Extracted(ctx, os.DirFS(dir), p.Manifest); err != nil {
		return "", err
	}
	executable, _ := p.Manifest.Executable()
	return filepath.Join(dir, filepath.FromSlash(executable.Path)), nil
}

// tamper changes one byte of a copied package: the host refuses it.
func (s *story) tamper(ctx context.Context, result *hotfix.Result, verifier *verify.Verifier) error {
	copied := filepath.Join(s.work, "tampered")
	if err := os.CopyFS(copied, os.DirFS(result.Dist)); err != nil {
		return err
	}
	if err := flipByte(filepath.Join(copied, result.Targets[0].Package)); err != nil {
		return err
	}
	_, err := hotfix.VerifyDist(ctx, copied, verifier)
	if err == nil {
		return errors.New("a package with a changed byte was accepted: report this as a security fault")
	}
	var mismatch *verify.MismatchError
	if !errors.As(err, &mismatch) {
		return err
	}
	s.say.line("With one byte changed: refused, the package's digest is %s and not %s", mismatch.Got.Short(), mismatch.Want.Short())
	return nil
}

func flipByte(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(path, data, 0o644)
}
