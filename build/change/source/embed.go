package source

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// embedded notes that a file which differs is part of an executable by
// //go:embed, for each package in the folders above it that asks for it on
// either side.
func (c *comparison) embedded(f policy.File) error {
	p := f.Path
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		takes, err := c.embeds(dir, p)
		if err != nil {
			return err
		}
		if takes && !Ignored(dir) {
			pkg, err := c.addToPackage(dir, p)
			if err != nil {
				return err
			}
			c.note(policy.Note{Kind: policy.Embed, Status: f.Status, Package: pkg.Path, File: p, Name: path.Base(p)})
		}
		if dir == "." {
			return nil
		}
	}
}

func (c *comparison) embeds(dir, p string) (bool, error) {
	below := p
	if dir != "." {
		below = strings.TrimPrefix(p, dir+"/")
	}
	for _, t := range []*tree{c.base, c.fix} {
		patterns, err := t.embedPatterns(dir)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(patterns, func(pattern string) bool { return takes(pattern, below) }) {
			return true, nil
		}
	}
	return false, nil
}

// maxPatterns bounds the patterns of one package that are matched. A package
// with more is taken to embed all that is below it.
const maxPatterns = 1000

// embedPatterns are those of all Go files of a folder.
func (t *tree) embedPatterns(dir string) ([]string, error) {
	if patterns, ok := t.patterns[dir]; ok {
		return patterns, nil
	}
	var patterns []string
	for _, p := range goFiles(t, dir) {
		found, err := t.embedsOf(p)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, found...)
	}
	if len(patterns) > maxPatterns {
		patterns = []string{"."}
	}
	t.patterns[dir] = patterns
	return patterns, nil
}

// embedsOf parses a file if it can have a directive at all, since most folders
// above a file that differs have not changed.
func (t *tree) embedsOf(p string) ([]string, error) {
	c, err := t.read(p)
	if err != nil || !bytes.Contains(c.data, []byte("//go:embed")) {
		return nil, err
	}
	f, err := t.goFile(p)
	if err != nil {
		return nil, err
	}
	return f.embeds, nil
}

// takes reports whether a pattern matches a file or a folder above it, which is
// embedded with all that it holds. A pattern that is malformed takes all.
func takes(pattern, p string) bool {
	for ; p != "."; p = path.Dir(p) {
		if ok, err := path.Match(path.Clean(pattern), p); ok || err != nil {
			return true
		}
	}
	return path.Clean(pattern) == "."
}
