package tests

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/cover"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
)

// maxProfile bounds the coverage profile that is read.
const maxProfile = 64 << 20

// coverage finds which changed lines of code the tests of the fix ran, by the
// profile that they wrote. doubts say why that may not be all.
func (c *comparison) coverage(profile string, doubts []string) {
	blocks, err := readProfile(profile)
	if err != nil {
		doubts = append(doubts, err.Error())
	}
	base, fix := os.DirFS(c.base.Dir()), os.DirFS(c.fix.Dir())
	for _, f := range c.reach.Files {
		code, err := source.ChangedCode(base, fix, f.Path)
		if err != nil {
			doubts = append(doubts, err.Error())
			continue
		}
		// Where no test was built with the package, none of its lines ran.
		covered, known := blocks[f.Package+"/"+path.Base(f.Path)]
		c.count(f.Path, code, func(l source.Code) (bool, bool) {
			if !known {
				return false, true
			}
			return ran(l, covered)
		})
	}
	c.result.Lines.Err = strings.Join(doubts, "; ")
}

// count counts lines of a file by whether they ran, if that can be told.
func (c *comparison) count(file string, code []source.Code, ran func(source.Code) (yes, known bool)) {
	for _, line := range code {
		yes, known := ran(line)
		if !known {
			continue
		}
		c.result.Lines.Total++
		if yes {
			c.result.Lines.Covered++
			continue
		}
		c.uncovered(file, line)
	}
}

// uncovered adds a line, to the one before if they are neighbours.
func (c *comparison) uncovered(file string, line source.Code) {
	if n := len(c.result.Uncovered); n > 0 {
		last := &c.result.Uncovered[n-1]
		if last.File == file && last.Function == line.Function && last.Last+1 == line.Line {
			last.Last = line.Line
			return
		}
	}
	c.result.Uncovered = append(c.result.Uncovered, policy.Uncovered{File: file, First: line.Line, Last: line.Line, Function: line.Function})
}

// ran reports whether all of a line ran: of "if a { b }" both a and b. A line
// that no block of the profile has anything of is not judged.
func ran(line source.Code, blocks []cover.ProfileBlock) (yes, known bool) {
	yes = true
	for _, at := range line.Runs {
		if block, ok := around(at, blocks); ok {
			yes, known = yes && block.Count > 0, true
		}
	}
	return yes && known, known
}

// around finds the block of a position. Blocks are in order, and do not overlap.
func around(at source.Position, blocks []cover.ProfileBlock) (cover.ProfileBlock, bool) {
	after, _ := slices.BinarySearchFunc(blocks, at, func(b cover.ProfileBlock, at source.Position) int {
		if c := compare(b.StartLine, b.StartCol, at); c != 0 {
			return c
		}
		return -1 // one that begins here is around it
	})
	if after == 0 {
		return cover.ProfileBlock{}, false
	}
	b := blocks[after-1]
	return b, compare(b.EndLine, b.EndCol, at) > 0
}

func compare(line, column int, at source.Position) int {
	return cmp.Or(cmp.Compare(line, at.Line), cmp.Compare(column, at.Column))
}

// readProfile returns the blocks by the names of their files, which begin with
// the import paths of their packages. A profile that no test wrote has none.
func readProfile(name string) (map[string][]cover.ProfileBlock, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the coverage profile: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxProfile {
		return nil, fmt.Errorf("the coverage profile is longer than %d bytes", maxProfile)
	}
	profiles, err := cover.ParseProfilesFromReader(f)
	if err != nil {
		return nil, fmt.Errorf("reading the coverage profile: %w", err)
	}
	blocks := map[string][]cover.ProfileBlock{}
	for _, p := range profiles {
		blocks[p.FileName] = p.Blocks
	}
	return blocks, nil
}
