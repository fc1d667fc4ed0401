package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

//go:embed page.css page.tmpl
var files embed.FS

// document is what the template is given.
type document struct {
	Page
	Style  template.CSS
	Policy string
}

// HTML returns the page as one file.
func (p Page) HTML() ([]byte, error) {
	style, err := files.ReadFile("page.css")
	if err != nil {
		return nil, fmt.Errorf("the style of the page: %w", err)
	}
	maps := 0
	t, err := template.New("page.tmpl").Funcs(template.FuncMap{
		"clean": Clean, "pieces": pieces, "output": CleanOutput, "count": Count[int],
		"drawings": func(m *Map) []Drawing { maps++; return m.Drawings(fmt.Sprintf("map%d", maps)) },
	}).ParseFS(files, "page.tmpl")
	if err != nil {
		return nil, fmt.Errorf("the template of the page: %w", err)
	}
	// A style sheet's hash is over what is between its tags, to the last byte.
	css := "\n" + strings.TrimSpace(string(style)) + "\n"
	var buf bytes.Buffer
	if err := t.Execute(&buf, document{Page: p, Style: template.CSS(css), Policy: contentPolicy(css)}); err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return buf.Bytes(), nil
}

// contentPolicy forbids everything but the style sheet.
func contentPolicy(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}
