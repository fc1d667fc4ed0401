package compare

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// judge reports the functions that differ, and says of each whether it was
// edited itself or differs through copies of others.
func (c *comparison) judge() {
	var differ []*judged
	for _, m := range c.matches {
		if m.why == "" {
			c.report.Equal++
			continue
		}
		differ = append(differ, c.look(m))
	}
	edited := c.editedNames(differ)
	for _, f := range c.report.Edited() {
		edited[f.Name] = true
	}
	for _, j := range differ {
		c.report.Functions = append(c.report.Functions, j.verdict(edited))
	}
}

// judged is a function that differs, with where its code comes from.
type judged struct {
	*match
	old, new     origin
	detail       goexe.Detail
	file         string
	generated    bool
	ownLinesSame bool
	ownCodeSame  bool
}

// ownSame reports whether the function itself seems to be as it was.
func (j *judged) ownSame() bool { return j.ownLinesSame || j.ownCodeSame }

// origin is where the code of a function comes from: its own source, and that
// of the functions that were inlined, by name.
type origin struct {
	own     part
	inlined map[string]*part
}

// part is the code of a function that comes from one source.
type part struct {
	lines map[int]bool // each counted from the line of the func keyword
	code  []byte       // without addresses
}

func (p *part) add(line int, code []byte) {
	if p.lines == nil {
		p.lines = map[int]bool{}
	}
	p.lines[line] = true
	p.code = append(p.code, code...)
}

func (c *comparison) look(m *match) *judged {
	before, after := c.old.details.Of(m.old.Function), c.new.details.Of(m.new.Function)
	j := &judged{match: m, old: originOf(m.old, before), new: originOf(m.new, after), detail: after}
	j.file, j.generated = source(after)
	j.ownLinesSame = maps.Equal(j.old.own.lines, j.new.own.lines)
	j.ownCodeSame = !m.constant && bytes.Equal(j.old.own.code, j.new.own.code)
	return j
}

func originOf(f *function, d goexe.Detail) origin {
	o := origin{inlined: map[string]*part{}}
	for _, call := range d.Inlined {
		if o.inlined[call.Name] == nil && !isClosureOf(call.Name, f.Name) {
			o.inlined[call.Name] = &part{}
		}
	}
	masked := code.Mask(f.code, f.refs)
	for _, span := range d.Spans {
		run := masked[min(int(span.Start), len(masked)):min(int(span.End), len(masked))]
		if span.Inlined < 0 || span.Inlined >= len(d.Inlined) || isClosureOf(d.Inlined[span.Inlined].Name, f.Name) {
			o.own.add(span.Line-d.StartLine, run)
			continue
		}
		call := d.Inlined[span.Inlined]
		o.inlined[call.Name].add(span.Line-call.StartLine, run)
	}
	return o
}

// isClosureOf reports whether the compiler named a function as a literal inside
// another.
func isClosureOf(name, outer string) bool { return strings.HasPrefix(name, outer+".func") }

// editedNames returns the functions that were edited for certain: those whose
// own lines moved against each other, those whose copies in others did, and
// those that differ and hold no copy of another that differs.
func (c *comparison) editedNames(differ []*judged) map[string]bool {
	edited, differing := map[string]bool{}, map[string]bool{}
	// What has code of its own that is the same on both sides was not edited.
	onlyCopies := func(name string) bool {
		return differing[name] || c.old.byName[name] == nil || c.new.byName[name] == nil
	}
	for _, j := range differ {
		differing[j.match.new.Name] = true
		if !j.ownSame() {
			edited[j.match.new.Name] = true
		}
	}
	for _, j := range differ {
		if j.ownSame() {
			j.addCopies(edited, onlyCopies)
		}
	}
	addShared(edited, onlyCopies, differ)
	for _, j := range differ {
		if !j.holdsAny(differing) && !j.holdsAny(edited) {
			edited[j.match.new.Name] = true
		}
	}
	return edited
}

// addCopies adds the functions whose inlined copies come from other lines than
// before, or have other code while the code around them is the same. They need
// not exist on their own.
func (j *judged) addCopies(edited map[string]bool, can func(string) bool) {
	for name, after := range j.new.inlined {
		before, ok := j.old.inlined[name]
		if ok && can(name) && (!maps.Equal(before.lines, after.lines) || j.ownCodeSame && !bytes.Equal(before.code, after.code)) {
			edited[name] = true
		}
	}
}

// addShared adds functions whose copies have other code in several functions:
// that all of those were edited is less likely.
func addShared(edited map[string]bool, can func(string) bool, differ []*judged) {
	holders := map[string]int{}
	for _, j := range differ {
		if !j.ownSame() || j.holdsAny(edited) {
			continue
		}
		for name, after := range j.new.inlined {
			if before, ok := j.old.inlined[name]; ok && can(name) && !bytes.Equal(before.code, after.code) {
				holders[name]++
			}
		}
	}
	for name, n := range holders {
		if n > 1 {
			edited[name] = true
		}
	}
}

// holdsAny reports whether one of the functions was inlined.
func (j *judged) holdsAny(names map[string]bool) bool {
	for name := range j.new.inlined {
		if names[name] && name != j.match.new.Name {
			return true
		}
	}
	return false
}

// verdict decides between edited and inlined. A function whose own lines are
// the same, and in which an edited one was inlined, differs through that.
func (j *judged) verdict(edited map[string]bool) Function {
	f := Function{
		Name: j.match.new.Name, Package: j.match.new.Package(), Status: Edited, File: j.file, Line: j.detail.StartLine,
		OldSize: len(j.match.old.code), NewSize: len(j.match.new.code), Generated: j.generated, Why: j.why,
	}
	if !j.ownSame() {
		return f
	}
	for _, name := range slices.Sorted(maps.Keys(j.new.inlined)) {
		if edited[name] && name != f.Name {
			f.Through = append(f.Through, name)
		}
	}
	if len(f.Through) > 0 {
		f.Status = Inlined
	}
	return f
}

// source returns the file of a function's own code, and whether the compiler
// made it.
func source(d goexe.Detail) (file string, generated bool) {
	for _, span := range d.Spans {
		if span.Inlined < 0 && span.File != "" {
			return span.File, strings.HasPrefix(span.File, "<")
		}
	}
	return "", true
}
