package store

import (
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// hasModes says that files have no permissions like 0755.
const hasModes = false

// A link is a file with the text of one: links need a right that services lack.
func readLink(path string) (string, error) {
	data, err := readSmall(path, 256)
	return strings.TrimSuffix(string(data), "\n"), err
}

func writeLink(path, text string) error {
	return atomicfile.WriteFile(path, []byte(text+"\n"), 0o644)
}
