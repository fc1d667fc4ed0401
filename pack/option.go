package pack

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Option changes how a [Packer] packs.
type Option func(*config) error

// config is what the options set.
type config struct {
	format   Format
	name     *nameTemplate
	verify   []byte
	files    fs.FS
	restart  *manifest.Restart
	check    *manifest.Check
	cache    *cache
	parallel int
}

// WithFormat sets the format: [TarGz], [TarZst] or [Zip]. The default is
// TarZst, which is the smallest at about the same speed.
func WithFormat(f Format) Option {
	return func(c *config) error {
		if err := f.check(packageFormats()); err != nil {
			return fmt.Errorf("WithFormat: %w", err)
		}
		c.format = f
		return nil
	}
}

// WithNameTemplate sets the file name of packages, without the extension, as a
// text/template over [NameFields]. The default is [DefaultNameTemplate].
// Packages of different targets must get different names. A delta package's
// name goes on with "_from-" and the version of its base, whatever the template.
func WithNameTemplate(text string) Option {
	return func(c *config) error {
		t, err := parseNameTemplate(text)
		if err != nil {
			return fmt.Errorf("WithNameTemplate: %w", err)
		}
		c.name = t
		return nil
	}
}

// WithVerifyScript adds scripts/verify, which the host runs before it switches
// to the new version and which must then exit 0. The default is none.
func WithVerifyScript(content []byte) Option {
	return func(c *config) error {
		if len(content) == 0 || len(content) > maxScript {
			return fmt.Errorf("WithVerifyScript: the script has %d bytes, must have 1 to %d", len(content), maxScript)
		}
		c.verify = bytes.Clone(content)
		return nil
	}
}

// WithFiles adds all regular files of fsys, which must lie below config/ or
// scripts/. Those in scripts/ get mode 0755 and those in config/ 0644, whatever
// fsys says, since not every host has such modes. The default is none. The
// files are read again for each call of [Packer.Pack] or [Packer.PackAll].
func WithFiles(fsys fs.FS) Option {
	return func(c *config) error {
		if fsys == nil {
			return fmt.Errorf("WithFiles: the file system is nil")
		}
		c.files = fsys
		return nil
	}
}

// WithRestart records in rollback.json what is to be restarted after going
// back. The default is nothing, for callers who swap processes themselves.
func WithRestart(r manifest.Restart) Option {
	return func(c *config) error {
		r.Command = slices.Clone(r.Command)
		c.restart = &r
		return nil
	}
}

// WithCheck records in rollback.json what must hold after going back. The
// default is nothing.
func WithCheck(check manifest.Check) Option {
	return func(c *config) error {
		check.Command = slices.Clone(check.Command)
		c.check = &check
		return nil
	}
}

// WithCache keeps a copy of each package below dir, which is made if needed, so
// that an unchanged input is not packed again: the copy is used, after its
// digest has been checked against the recorded one. Of a delta package the patch
// is kept, so that it is made once for the same two executables. The newest
// [CacheEntries] packages and patches of each product and target are kept. The
// folder must be as trustworthy as the folder of the packages. The default is no
// cache.
func WithCache(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return fmt.Errorf("WithCache: the folder is missing")
		}
		c.cache = &cache{dir: dir}
		return nil
	}
}

// WithParallel sets how many packages [Packer.PackAll] packs at once, each with
// one CPU and about 25 MB of memory, besides what patches need. The default is
// the number of CPUs.
func WithParallel(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("WithParallel: %d, must be at least 1", n)
		}
		c.parallel = n
		return nil
	}
}
