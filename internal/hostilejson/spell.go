package hostilejson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Keys.

func (d document) keyCases(yield func(string, []byte) bool) bool {
	for _, k := range d.keys {
		key := d.at(k)
		texts := []string{strings.ToUpper(key), strings.ToLower(key)}
		for i, r := range key {
			if r < utf8.RuneSelf && unicode.IsLetter(r) {
				texts = append(texts, key[:i]+string(r^0x20)+key[i+1:])
			}
		}
		if strings.Contains(key, `\`) {
			continue // whose escapes have a case too
		}
		if !d.each(yield, k, texts...) {
			return false
		}
	}
	return true
}

// keyFolds uses the two letters outside ASCII that are equal to one inside when
// case is ignored.
func (d document) keyFolds(yield func(string, []byte) bool) bool {
	folds := map[byte]string{'s': "\u017f", 'S': "\u017f", 'k': "\u212a", 'K': "\u212a"}
	for _, k := range d.keys {
		for i := k.start; i < k.end; i++ {
			if with, ok := folds[d.text[i]]; ok && !d.each(yield, span{i, i + 1}, with) {
				return false
			}
		}
	}
	return true
}

// duplicates repeats a member beside itself and at the end of its object.
func (d document) duplicates(yield func(string, []byte) bool) bool {
	for _, v := range d.values {
		for _, m := range v.members {
			again := d.at(m.span())
			if !d.each(yield, m.span(), again+","+again) || !d.each(yield, span{v.end - 1, v.end}, ","+again+"}") {
				return false
			}
		}
	}
	return true
}

// another returns a value like the one given, but not the same.
func (d document) another(s span) string {
	switch text := d.at(s); {
	case d.isString(s):
		return `"x` + text[1:]
	case text == "0":
		return "1"
	case d.isNumber(s):
		return text + "0"
	case text == "true":
		return "false"
	case text == "false":
		return "true"
	case text == "[]":
		return "{}"
	}
	return "[]"
}

// duplicatesFirst puts another value of a scalar before the true one, which a
// lenient reader takes. Of lists and objects it might keep a part.
func (d document) duplicatesFirst(yield func(string, []byte) bool) bool {
	for _, m := range d.members() {
		if d.isObject(m.value) || d.isArray(m.value) {
			continue
		}
		key := d.at(m.key)
		for _, spelled := range []string{key, strings.ToUpper(key)} {
			if strings.Contains(key, `\`) || !d.each(yield, span{m.key.start, m.key.start}, spelled+":"+d.another(m.value)+",") {
				return false
			}
		}
	}
	return true
}

func (d document) duplicatesLast(yield func(string, []byte) bool) bool {
	for _, m := range d.members() {
		with := "," + d.at(m.key) + ":" + d.another(m.value)
		if !d.each(yield, span{m.value.end, m.value.end}, with) {
			return false
		}
	}
	return true
}

func (d document) unknownKeys(yield func(string, []byte) bool) bool {
	for _, v := range d.values {
		if !d.isObject(v.span) {
			continue
		}
		for _, unknown := range []string{`"zz":0`, `"":null`, `"__proto__":{"zz":[]}`, `"zz\u0000":""`} {
			first, last := unknown+",", ","+unknown
			if len(v.members) == 0 {
				first, last = unknown, unknown
			}
			if !d.each(yield, span{v.start + 1, v.start + 1}, first) || !d.each(yield, span{v.end - 1, v.end - 1}, last) {
				return false
			}
		}
	}
	return true
}

// orders exchanges neighbours.
func (d document) orders(yield func(string, []byte) bool) bool {
	for _, v := range d.values {
		for i := 1; i < len(v.members); i++ {
			a, b := v.members[i-1].span(), v.members[i].span()
			between := d.text[a.end:b.start]
			if !d.each(yield, span{a.start, b.end}, d.at(b)+between+d.at(a)) {
				return false
			}
		}
	}
	return true
}

// Strings.

// escapes writes single characters as escapes, with a surrogate pair where one
// is needed.
func (d document) escapes(yield func(string, []byte) bool) bool {
	for _, s := range d.strings() {
		inner := span{s.start + 1, s.end - 1}
		for i := inner.start; i < inner.end; {
			if d.text[i] == '\\' {
				break // the rest of this string is escaped already, or hard to tell
			}
			r, size := utf8.DecodeRuneInString(d.text[i:])
			if !d.each(yield, span{i, i + size}, escapesOf(r)...) {
				return false
			}
			i += size
		}
	}
	return true
}

func escapesOf(r rune) []string {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return []string{fmt.Sprintf(`\u%04x\u%04x`, high, low), fmt.Sprintf(`\u%04X\u%04x`, high, low)}
	}
	lower, upper := fmt.Sprintf(`\u%04x`, r), fmt.Sprintf(`\u%04X`, r)
	texts := []string{lower}
	if upper != lower {
		texts = append(texts, upper)
	}
	if r == '/' {
		texts = append(texts, `\/`)
	}
	return texts
}

func (d document) surrogates(yield func(string, []byte) bool) bool {
	return d.inStrings(yield, `\ud800`, `\udc00`, `\udc00\ud800`)
}

// invalidUTF8 has a byte that is none, one that is missing, a character that is
// longer than it must be, and a surrogate.
func (d document) invalidUTF8(yield func(string, []byte) bool) bool {
	return d.inStrings(yield, "\xff", "\xc3", "\xc1\xa1", "\xed\xa0\x80")
}

// inStrings adds texts at the beginning and the end of each string.
func (d document) inStrings(yield func(string, []byte) bool, texts ...string) bool {
	for _, s := range d.strings() {
		if !d.each(yield, span{s.start + 1, s.start + 1}, texts...) || !d.each(yield, span{s.end - 1, s.end - 1}, texts...) {
			return false
		}
	}
	return true
}

func (d document) quotes(yield func(string, []byte) bool) bool {
	for _, s := range d.strings() {
		inner := d.text[s.start+1 : s.end-1]
		if !d.each(yield, s, "'"+inner+"'", "`"+inner+"`", "x"+inner+"x", `"`+inner, inner+`"`) {
			return false
		}
	}
	return true
}

// Numbers.

// hugeDigits is how long a number is that is too large for every reader.
const hugeDigits = 1000

// numbers are forms that JSON allows, and that have no place in a field for whole
// numbers.
func (d document) numbers(yield func(string, []byte) bool) bool {
	return d.eachNumber(yield, func(n string) []string {
		return []string{n + ".0", n + "e0", n + "E0", n + "e+0", n + ".0e-0", n + ".000", n + "e400", "9" + strings.Repeat("0", hugeDigits), n + "." + strings.Repeat("0", hugeDigits)}
	})
}

func (d document) negativeZeros(yield func(string, []byte) bool) bool {
	return d.eachNumber(yield, func(n string) []string {
		if n != "0" {
			return nil
		}
		return []string{"-0"}
	})
}

func (d document) noNumbers(yield func(string, []byte) bool) bool {
	return d.eachNumber(yield, func(n string) []string {
		return []string{"0" + n, "+" + n, "." + n, n + ".", n + "e", n + "_0", "0x" + n, "--" + n, n + "n", "NaN", "Infinity", "-Infinity"}
	})
}

func (d document) eachNumber(yield func(string, []byte) bool, forms func(string) []string) bool {
	for _, v := range d.values {
		if d.isNumber(v.span) && !d.each(yield, v.span, forms(d.at(v.span))...) {
			return false
		}
	}
	return true
}

// Values.

func (d document) nulls(yield func(string, []byte) bool) bool {
	return d.eachValue(yield, func(string) []string { return []string{"null"} })
}

func (d document) wrongTypes(yield func(string, []byte) bool) bool {
	return d.eachValue(yield, func(text string) []string {
		texts := []string{"[" + text + "]", `{"":` + text + "}"}
		for _, other := range []string{"[]", "{}", "true", "-1", strconv.Quote(text)} {
			if typeOf(other) != typeOf(text) {
				texts = append(texts, other)
			}
		}
		return texts
	})
}

// typeOf returns a letter for the type of a value.
func typeOf(text string) byte {
	switch c := text[0]; c {
	case '"', '{', '[', 'n':
		return c
	case 't', 'f':
		return 't'
	}
	return '0'
}

// Depths: one that every reader takes, and one that encoding/json does not.
const (
	depth    = 100
	tooDeep  = 10_001
	opening  = "["
	closing  = "]"
	opening2 = `{"":`
	closing2 = "}"
)

func (d document) nesting(yield func(string, []byte) bool) bool {
	return d.eachValue(yield, func(text string) []string {
		return []string{
			strings.Repeat(opening, depth) + text + strings.Repeat(closing, depth),
			strings.Repeat(opening2, depth) + text + strings.Repeat(closing2, depth),
		}
	})
}

func (d document) deepNesting(yield func(string, []byte) bool) bool {
	return d.eachValue(yield, func(text string) []string {
		return []string{strings.Repeat(opening, tooDeep) + text + strings.Repeat(closing, tooDeep), strings.Repeat(opening, tooDeep)}
	})
}

func (d document) eachValue(yield func(string, []byte) bool, texts func(string) []string) bool {
	for _, v := range d.values {
		if !d.each(yield, v.span, texts(d.at(v.span))...) {
			return false
		}
	}
	return true
}

// Between tokens, and around the document.

func (d document) whiteSpace(yield func(string, []byte) bool) bool {
	return d.everywhere(yield, " ", "\t", "\n", "\r")
}

func (d document) otherSpace(yield func(string, []byte) bool) bool {
	return d.everywhere(yield, "\v", "\x00", "\u00a0", "\u2028")
}

func (d document) comments(yield func(string, []byte) bool) bool {
	return d.everywhere(yield, "/**/", "//\n", "#\n")
}

func (d document) commas(yield func(string, []byte) bool) bool { return d.everywhere(yield, ",") }

func (d document) encodings(yield func(string, []byte) bool) bool {
	wide := func(high, low int) []byte {
		var data []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + d.text)) {
			pair := []byte{byte(unit >> 8), byte(unit)}
			data = append(data, pair[high], pair[low])
		}
		return data
	}
	return yield("UTF-8 mark", []byte("\ufeff"+d.text)) &&
		yield("UTF-16, big endian", wide(0, 1)) &&
		yield("UTF-16, little endian", wide(1, 0))
}

func (d document) trailing(yield func(string, []byte) bool) bool {
	end := span{len(d.text), len(d.text)}
	return d.each(yield, end, "{}", "[]", "null", "0x", `""`, "}", "]", "\x00", "\x1a", ";", d.text, "\n"+d.text)
}

func (d document) cuts(yield func(string, []byte) bool) bool {
	for _, v := range d.values {
		if !d.each(yield, span{v.end - 1, len(d.text)}, "") || !d.each(yield, span{0, v.start + 1}, "") {
			return false
		}
	}
	return true
}
