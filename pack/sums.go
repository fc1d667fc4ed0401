package pack

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Sums returns the digests of packages, for a SHA256SUMS file.
func Sums(packages []*Package) manifest.Sums {
	sums := make(manifest.Sums, len(packages))
	for i, p := range packages {
		sums[i] = manifest.Sum{Name: p.Name(), Digest: p.Digest}
	}
	slices.SortFunc(sums, func(a, b manifest.Sum) int { return strings.Compare(a.Name, b.Name) })
	return sums
}

// WriteSums writes SHA256SUMS into the folder dir, which should be the folder of
// the packages. An older file is replaced. Two packages of one name are a
// [*manifest.SumsError].
func WriteSums(dir string, packages []*Package) error {
	text, err := Sums(packages).Encode()
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(dir, manifest.SumsName), text, packageMode)
}
