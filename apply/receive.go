package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// slack is room for what is small and not known before a package is open, in bytes:
// manifest, bill of materials, bundles, configuration.
const slack = 8 << 20

// receive copies the smallest package that can be used into staging, checks the copy,
// and unpacks it. It returns the folder of what was unpacked.
func (o *operation) receive(ctx context.Context, d *delivery, host verify.Host) (string, error) {
	usable := candidates(d.Release, host)
	var tried []manifest.Entry
	var errs []error
	for _, e := range usable {
		dir, err := o.unpack(ctx, d, e)
		if err == nil {
			o.text("package %s of %d bytes is verified", e.Name, e.Size)
			return dir, nil
		}
		if !isSkippable(err) {
			return "", err
		}
		tried, errs = append(tried, e), append(errs, err)
	}
	return "", missing(host, tried, errs)
}

// isSkippable says that another package may do: this one did not come along, or its
// base is gone. One that came and is not what was signed is another matter.
func isSkippable(err error) bool {
	var base *pack.MissingBaseError
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, &base)
}

func (o *operation) unpack(ctx context.Context, d *delivery, e manifest.Entry) (string, error) {
	need := e.Size + slack
	if e.Result != nil {
		need += e.Result.Size
	}
	if err := o.store.CheckSpace(need); err != nil {
		return "", err
	}
	if err := o.copyPackage(ctx, d, e); err != nil {
		return "", err
	}
	var options []pack.ReadOption
	if id, v, err := o.current(); err == nil && !id.IsZero() {
		options = append(options, pack.WithBaseFiles(o.store.ExecutablePath(id, v)))
	}
	dir := o.staging("tree")
	_, err := pack.UnpackSmallest(ctx, o.staging("packages"), []manifest.Entry{e}, dir, options...)
	return dir, err
}

// copyPackage copies a package to where nobody else can change it, and checks the
// copy as it is written.
func (o *operation) copyPackage(ctx context.Context, d *delivery, e manifest.Entry) (err error) {
	from, err := d.open(e.Name)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(o.staging("packages"), 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(filepath.Join(o.staging("packages"), e.Name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = d.VerifyContent(ctx, e.Name, io.TeeReader(from, to))
	if err = errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("receiving %s: %w", e.Name, err)
	}
	return nil
}

// staging is a path in the operation's own folder.
func (o *operation) staging(elem ...string) string {
	return o.store.Path(append([]string{"staging", o.record.Operation}, elem...)...)
}

// assemble makes the version of what was unpacked. What the package does not bring
// is that of the version that runs: its executable, and configuration of other names.
// It returns zero for a package with neither, which only has scripts.
func (o *operation) assemble(ctx context.Context, dir string, d *delivery) (manifest.Digest, error) {
	if !has(dir, "bin") && !has(dir, "config") {
		return manifest.Digest{}, nil
	}
	if from := o.record.From; !from.IsZero() {
		tops := []string{"config"}
		if !has(dir, "bin") {
			tops = append(tops, "bin")
		}
		if err := o.store.CarryOver(from, dir, tops...); err != nil {
			return manifest.Digest{}, err
		}
	}
	if err := store.AddBundles(dir, d.bundles); err != nil {
		return manifest.Digest{}, err
	}
	v, err := store.Describe(ctx, dir, o.store.Product(), d.Release.Version)
	if err != nil {
		return manifest.Digest{}, err
	}
	if _, ok := v.Executable(); !ok && o.record.From.IsZero() {
		return manifest.Digest{}, errors.New("the hotfix brings configuration alone, and nothing is installed yet: apply a release with an executable first")
	}
	var id manifest.Digest
	err = o.step("publish the version", func() (err error) {
		id, err = o.store.Publish(ctx, dir, v)
		return err
	})
	return id, err
}

func has(dir, top string) bool {
	info, err := os.Stat(filepath.Join(dir, top))
	return err == nil && info.IsDir()
}

// plan returns the rollback plan of the package that a version came in; an empty one
// if there is none.
func (p *place) plan(id manifest.Digest) (manifest.Rollback, error) {
	data, err := os.ReadFile(filepath.Join(p.store.Folder(id), manifest.RollbackPath))
	if errors.Is(err, fs.ErrNotExist) {
		return manifest.Rollback{}, nil
	}
	if err != nil {
		return manifest.Rollback{}, err
	}
	return manifest.DecodeRollback(data)
}
