package hostilejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// MaxGrowth is by how many bytes a spelling may be longer than its document,
// unless it holds the document, or a part of it, twice.
const MaxGrowth = 1 << 15

// ErrNoObject says that the document to be spelled is no JSON object itself.
var ErrNoObject = errors.New("hostilejson: the document is no JSON object")

// Spellings returns the other spellings of a document, each with a name that
// says what was done and where: "KIND: PLACE".
func Spellings(doc []byte) (iter.Seq2[string, []byte], error) {
	if text := bytes.TrimLeft(doc, " \t\r\n"); !json.Valid(doc) || text[0] != '{' {
		return nil, ErrNoObject
	}
	d := parse(string(doc))
	return func(yield func(name string, spelling []byte) bool) {
		for _, g := range generators() {
			named := func(place string, data []byte) bool { return yield(g.Name+": "+place, data) }
			if !g.run(d, named) {
				return
			}
		}
	}, nil
}

// document is a parsed document.
type document struct {
	text   string
	values []value // in the order of their beginnings
	keys   []span
	tokens []int // where tokens begin and end, each place once
}

type span struct{ start, end int }

func (d document) at(s span) string { return d.text[s.start:s.end] }

// value is one value, with the members of an object or the items of an array.
type value struct {
	span
	members []member
	items   []span
}

type member struct{ key, value span }

// span is that of the whole member.
func (m member) span() span { return span{m.key.start, m.value.end} }

// parse takes valid JSON apart.
func parse(text string) document {
	p := &parser{document: document{text: text}}
	p.space()
	p.value()
	slices.Sort(p.tokens)
	p.tokens = slices.Compact(p.tokens)
	slices.SortStableFunc(p.values, func(a, b value) int { return a.start - b.start })
	return p.document
}

type parser struct {
	document
	pos int
}

func (p *parser) space() {
	p.pos += len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], " \t\r\n"))
}

// token passes n bytes and the space after them.
func (p *parser) token(n int) span {
	s := span{p.pos, p.pos + n}
	p.tokens = append(p.tokens, s.start, s.end)
	p.pos = s.end
	p.space()
	return s
}

// separator passes a comma, or the bracket that ends a list, and reports
// whether the list goes on.
func (p *parser) separator() (end int, more bool) {
	more = p.text[p.pos] == ','
	return p.token(1).end, more
}

func (p *parser) value() span {
	v := value{span: span{start: p.pos}}
	switch p.text[p.pos] {
	case '{':
		p.object(&v)
	case '[':
		p.array(&v)
	case '"':
		v.span = p.token(p.stringLength())
	default:
		v.span = p.token(len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], "+-.0123456789aelnrstufE")))
	}
	p.values = append(p.values, v)
	return v.span
}

func (p *parser) object(v *value) {
	p.token(1)
	if p.text[p.pos] == '}' {
		v.end = p.token(1).end
		return
	}
	for more := true; more; {
		key := p.token(p.stringLength())
		p.keys = append(p.keys, key)
		p.token(1)
		v.members = append(v.members, member{key: key, value: p.value()})
		v.end, more = p.separator()
	}
}

func (p *parser) array(v *value) {
	p.token(1)
	if p.text[p.pos] == ']' {
		v.end = p.token(1).end
		return
	}
	for more := true; more; {
		v.items = append(v.items, p.value())
		v.end, more = p.separator()
	}
}

func (p *parser) stringLength() int {
	for i := p.pos + 1; ; i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '"':
			return i + 1 - p.pos
		}
	}
}

// Parts of a document by what they are.

func (d document) isObject(s span) bool { return d.text[s.start] == '{' }
func (d document) isArray(s span) bool  { return d.text[s.start] == '[' }
func (d document) isString(s span) bool { return d.text[s.start] == '"' }
func (d document) isNumber(s span) bool {
	return strings.IndexByte("-0123456789", d.text[s.start]) >= 0
}

// strings are the keys and the values that are strings.
func (d document) strings() []span {
	all := slices.Clone(d.keys)
	for _, v := range d.values {
		if d.isString(v.span) {
			all = append(all, v.span)
		}
	}
	return all
}

// members are those of all objects.
func (d document) members() []member {
	var all []member
	for _, v := range d.values {
		all = append(all, v.members...)
	}
	return all
}

// put returns the document with another text in the place of a part of it.
func (d document) put(s span, with string) []byte {
	return []byte(d.text[:s.start] + with + d.text[s.end:])
}

// place names a part of the document.
func place(s span, with string) string { return fmt.Sprintf("byte %d, %.40q", s.start, with) }

// each yields the document once for each text in the place of a part. A text
// that changes nothing, or that comes again, is left out.
func (d document) each(yield func(string, []byte) bool, s span, texts ...string) bool {
	for i, with := range texts {
		if with == d.at(s) || slices.Contains(texts[:i], with) {
			continue
		}
		if !yield(place(s, with), d.put(s, with)) {
			return false
		}
	}
	return true
}

// everywhere inserts each text at every place between two tokens.
func (d document) everywhere(yield func(string, []byte) bool, texts ...string) bool {
	for _, at := range d.tokens {
		if !d.each(yield, span{at, at}, texts...) {
			return false
		}
	}
	return true
}
