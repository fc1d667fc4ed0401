package page

import (
	"fmt"
	"html"
	"strings"
)

// Markdown grows into a text for GitHub. What is given to its methods is shown
// as it is.
type Markdown struct{ text strings.Builder }

// String returns the text.
func (m *Markdown) String() string { return strings.TrimRight(m.text.String(), "\n") + "\n" }

// Heading adds a heading of a level from 1.
func (m *Markdown) Heading(level int, text string) {
	fmt.Fprintf(&m.text, "%s %s\n\n", strings.Repeat("#", level), Escape(text))
}

// Paragraph adds a paragraph.
func (m *Markdown) Paragraph(text string) { m.text.WriteString(Escape(text) + "\n\n") }

// Strong adds a paragraph in bold, and another one.
func (m *Markdown) Strong(text, then string) {
	fmt.Fprintf(&m.text, "**%s**\n\n%s\n\n", Escape(text), Escape(then))
}

// List adds a list.
func (m *Markdown) List(items ...string) {
	for _, item := range items {
		m.text.WriteString("- " + Escape(item) + "\n")
	}
	m.text.WriteString("\n")
}

// Table adds the rows of a table that the limit leaves, and says how many there
// are more.
func (m *Markdown) Table(t *Table, limit int) {
	if len(t.Rows) == 0 {
		return
	}
	var head, line []string
	for _, c := range t.Columns {
		head = append(head, Escape(c.Name))
		line = append(line, map[bool]string{true: "---:", false: "---"}[c.Number])
	}
	m.row(head)
	m.row(line)
	shown := t.Rows[:min(len(t.Rows), t.limit(limit))]
	for _, row := range shown {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = c.markdown()
		}
		m.row(cells)
	}
	m.text.WriteString("\n")
	if more := t.total() - len(shown); more > 0 {
		m.Paragraph(fmt.Sprintf("and %s more: report.json lists all", Count(more)))
	}
}

func (m *Markdown) row(cells []string) {
	m.text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// Fold adds what the function adds, to be shown when it is opened.
func (m *Markdown) Fold(title string, inside func()) {
	// Up to the blank line all is HTML, where backslashes escape nothing.
	fmt.Fprintf(&m.text, "<details>\n<summary>%s</summary>\n\n", html.EscapeString(defuse(title)))
	inside()
	m.text.WriteString("</details>\n\n")
}

func (c Cell) markdown() string {
	text := Escape(c.Text)
	switch {
	case c.Digest != "":
		text = Code(c.Digest)
	case c.Tone != Plain:
		text = c.Tone.Sign() + " " + text
	case c.Code:
		text = Code(c.Text)
	}
	if c.Sub != "" {
		text += "<br>" + Escape(c.Sub)
	}
	return text
}

// Code returns a text as code, or escaped where it holds what would end the
// code or the cell of a table.
func Code(s string) string {
	s = Clean(s)
	if strings.TrimSpace(s) != s || s == "" || strings.ContainsAny(s, "`|\\") {
		return Escape(s)
	}
	return "`" + s + "`"
}

// Escape returns a text that GitHub shows as it is: backslashes and entities
// keep punctuation from being markup.
func Escape(s string) string {
	s = defuse(s)
	var b strings.Builder
	for i, r := range s {
		// What begins a list or underlines a heading does so only at the start.
		starts := strings.ContainsRune("-+=.", r) && strings.Trim(s[:i], "0123456789") == ""
		switch {
		case strings.ContainsRune("&<>|\\`", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case starts || strings.ContainsRune("*_[]()!~#$@", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// defuse breaks mentions, references and addresses. GitHub looks for them in
// what it has rendered, so that no escape helps there, but an invisible
// character that joins words (U+2060) does.
func defuse(s string) string {
	const joiner = "\u2060"
	s = strings.Join(strings.Fields(Clean(s)), " ")
	for _, broken := range []string{"@", "#", "://"} {
		s = strings.ReplaceAll(s, broken, broken+joiner)
	}
	return breakPrefix(breakPrefix(s, "www.", joiner), "gh-", joiner)
}

// breakPrefix puts a text behind each occurrence of an ASCII prefix, however it
// is cased.
func breakPrefix(s, prefix, with string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if len(s)-i >= len(prefix) && strings.EqualFold(s[i:i+len(prefix)], prefix) {
			b.WriteString(s[i:i+len(prefix)] + with)
			i += len(prefix)
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}
