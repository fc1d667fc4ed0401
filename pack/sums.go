package pack

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// SumsName is the file that lists the digests of all packages of a folder.
const SumsName = "SHA256SUMS"

// Sums returns the content of SHA256SUMS, as sha256sum writes and checks it:
// for each package its digest in hexadecimal digits, two spaces, the file name
// and a newline, sorted bytewise by name.
func Sums(packages []*Package) ([]byte, error) {
	sorted := slices.Clone(packages)
	slices.SortFunc(sorted, func(a, b *Package) int { return strings.Compare(a.Name(), b.Name()) })
	var b strings.Builder
	for i, p := range sorted {
		if err := manifest.CheckPath(p.Name()); err != nil {
			return nil, fmt.Errorf("listing digests: %w", err)
		}
		if i > 0 && sorted[i-1].Name() == p.Name() {
			return nil, fmt.Errorf("listing digests: two packages are named %s: name them apart", p.Name())
		}
		fmt.Fprintf(&b, "%s  %s\n", p.Digest.Hex(), p.Name())
	}
	return []byte(b.String()), nil
}

// WriteSums writes SHA256SUMS into the folder dir, which should be the folder of
// the packages. An older file is replaced.
func WriteSums(dir string, packages []*Package) error {
	text, err := Sums(packages)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(dir, SumsName), text, packageMode)
}
