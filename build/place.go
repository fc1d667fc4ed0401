package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// place is where one executable goes, with what stands around it while it is
// built:
//
//	DIR/NAME           the executable, complete or absent
//	DIR/NAME.sha256    its recorded digest, as sha256sum writes it
//	DIR/.lock          held while it is built, so that two builds take turns
//	DIR/.work-*/       the build's own temporary folder, gone afterwards
//
// An executable whose digest is not the recorded one is not shown to the go
// command, which would take it for up to date.
type place struct {
	lock     *filelock.Lock
	final    string
	temp     string // temporary folder, on the same file system
	staging  string // where the go command writes
	recorded manifest.Digest
}

// openPlace waits until no other build writes the same executable.
func openPlace(ctx context.Context, final string) (*place, error) {
	dir := filepath.Dir(final)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the output folder: %w: choose another with WithOutput", err)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return nil, fmt.Errorf("using the output folder: %w: choose another with WithOutput", err)
	}
	removeLeftovers(dir)
	temp, err := os.MkdirTemp(dir, workPrefix+"*")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a temporary folder for the build: %w", err), lock.Release())
	}
	p := &place{lock: lock, final: final, temp: temp, staging: filepath.Join(temp, "out", filepath.Base(final))}
	if err := p.prepare(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// prepare shows the existing executable to the go command if it is what was
// recorded when it was built.
func (p *place) prepare() error {
	if err := os.Mkdir(filepath.Dir(p.staging), 0o755); err != nil {
		return fmt.Errorf("making a temporary folder for the build: %w", err)
	}
	if p.recorded = p.readRecord(); p.recorded.IsZero() {
		return nil
	}
	return p.stage()
}

const workPrefix = ".work-"

// removeLeftovers removes temporary folders of builds that were killed. The
// lock is held, so that none belongs to a build that runs.
func removeLeftovers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), workPrefix) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

func (p *place) record() string { return p.final + ".sha256" }

// readRecord returns the recorded digest if the executable still has it.
func (p *place) readRecord() manifest.Digest {
	line, err := os.ReadFile(p.record())
	if err != nil {
		return manifest.Digest{}
	}
	text, _, _ := strings.Cut(string(line), " ")
	recorded, err := manifest.ParseHexDigest(text)
	if err != nil {
		return manifest.Digest{}
	}
	actual, _, err := manifest.DigestFile(p.final)
	if err != nil || actual != recorded {
		return manifest.Digest{}
	}
	return recorded
}

// stage gives the existing executable a second name, which the go command may
// replace; where that is not to be had, a copy. Windows gets a copy always: a
// name of an executable that runs cannot be removed there.
func (p *place) stage() error {
	if runtime.GOOS != "windows" && os.Link(p.final, p.staging) == nil {
		return nil
	}
	if err := copyFile(p.final, p.staging); err != nil {
		return fmt.Errorf("staging the earlier executable: %w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, source)
	return errors.Join(err, copied.Close())
}

// publish records the staged executable's digest and renames it to its place.
// The record goes first: after a crash between the two it does not fit the
// executable, and the target is linked again.
func (p *place) publish() (_ manifest.Digest, size int64, cached bool, err error) {
	digest, size, err := manifest.DigestFile(p.staging)
	if err != nil {
		return digest, 0, false, fmt.Errorf("hashing the executable: %w", err)
	}
	if digest == p.recorded {
		return digest, size, true, p.restoreMode()
	}
	if err := makeDurable(p.staging); err != nil {
		return digest, 0, false, fmt.Errorf("publishing the executable: %w", err)
	}
	line := digest.Hex() + "  " + filepath.Base(p.final) + "\n"
	if err := atomicfile.WriteFile(p.record(), []byte(line), 0o644); err != nil {
		return digest, 0, false, err
	}
	return digest, size, false, atomicfile.Replace(p.staging, p.final)
}

const executableMode = 0o755

// restoreMode makes an executable that is kept as it would be if it were new.
func (p *place) restoreMode() error {
	info, err := os.Stat(p.final)
	if err == nil && info.Mode().Perm() != executableMode && runtime.GOOS != "windows" {
		err = os.Chmod(p.final, executableMode)
	}
	if err != nil {
		return fmt.Errorf("keeping the executable: %w", err)
	}
	return nil
}

// makeDurable sets an executable's mode whatever the umask, and writes it to
// the disk.
func makeDurable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(executableMode), f.Sync(), f.Close())
}

// close removes the temporary folder and gives the place up.
func (p *place) close() error {
	err := os.RemoveAll(p.temp)
	if err != nil {
		err = fmt.Errorf("removing the build's temporary folder: %w", err)
	}
	return errors.Join(err, p.lock.Release())
}
