package build

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// place is where one executable goes, with what stands around it while it is
// built:
//
//	DIR/NAME           the executable, complete or absent
//	DIR/NAME.sha256    its recorded digest, as sha256sum writes it
//	DIR/.work-*/       the build's own temporary folder, gone afterwards
//
// An executable whose digest is not the recorded one is not shown to the go
// command, which would take it for up to date.
type place struct {
	final    string
	temp     string // temporary folder, on the same file system
	staging  string // where the go command writes
	recorded manifest.Digest
}

func openPlace(final string) (*place, error) {
	dir := filepath.Dir(final)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the output folder: %w", err)
	}
	removeLeftovers(dir)
	temp, err := os.MkdirTemp(dir, workPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder for the build: %w", err)
	}
	p := &place{final: final, temp: temp, staging: filepath.Join(temp, "out", filepath.Base(final))}
	if err := os.Mkdir(filepath.Dir(p.staging), 0o755); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if p.recorded = p.readRecord(); !p.recorded.IsZero() {
		if err := p.stage(); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

const workPrefix = ".work-"

// removeLeftovers removes temporary folders of builds that were killed. Two
// builds of one target in one folder do not run at once.
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
	actual, _, err := digestFile(p.final)
	if err != nil || actual != recorded {
		return manifest.Digest{}
	}
	return recorded
}

// stage shows the existing executable to the go command, by a second name so
// that the first is never half-written; by a copy where links are not to be had.
func (p *place) stage() error {
	if os.Link(p.final, p.staging) == nil {
		return nil
	}
	from, err := os.Open(p.final)
	if err != nil {
		return fmt.Errorf("staging the earlier executable: %w", err)
	}
	defer from.Close()
	to, err := os.OpenFile(p.staging, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return fmt.Errorf("staging the earlier executable: %w", err)
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(fmt.Errorf("staging the earlier executable: %w", err), to.Close())
	}
	return to.Close()
}

// publish records the staged executable's digest and renames it to its place.
// The record goes first: after a crash between the two it does not fit the
// executable, and the target is linked again.
func (p *place) publish() (_ manifest.Digest, size int64, cached bool, err error) {
	digest, size, err := digestFile(p.staging)
	if err != nil {
		return digest, 0, false, fmt.Errorf("hashing the executable: %w", err)
	}
	if digest == p.recorded {
		return digest, size, true, nil
	}
	line := digest.Hex() + "  " + filepath.Base(p.final) + "\n"
	if err := atomicfile.WriteFile(p.record(), []byte(line), 0o644); err != nil {
		return digest, 0, false, err
	}
	if err := os.Chmod(p.staging, 0o755); err != nil {
		return digest, 0, false, fmt.Errorf("publishing the executable: %w", err)
	}
	return digest, size, false, atomicfile.Replace(p.staging, p.final)
}

// close removes the temporary folder.
func (p *place) close() error {
	if err := os.RemoveAll(p.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the build's temporary folder: %w", err)
	}
	return nil
}

func digestFile(path string) (manifest.Digest, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return manifest.Digest{}, 0, err
	}
	defer f.Close()
	return manifest.DigestReader(f)
}
