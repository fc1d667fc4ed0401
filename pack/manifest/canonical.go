package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxDocument is the size in bytes over which no document is decoded: 4 MiB.
const MaxDocument = 4 << 20

// validator is implemented by every document of this package.
type validator interface{ Validate() error }

// encoding is one of the two canonical layouts of a document.
type encoding struct{ indent string }

var (
	fileForm   = encoding{indent: "  "} // files that people read
	signedForm = encoding{}             // what is signed
)

// encode validates doc and writes its one encoding.
func (e encoding) encode(name string, doc validator) ([]byte, error) {
	data, err := e.render(doc)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", name, err)
	}
	return data, nil
}

func (e encoding) render(doc validator) ([]byte, error) {
	if err := doc.Validate(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", e.indent)
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	if e.indent == "" {
		buf.Truncate(buf.Len() - 1)
	}
	return buf.Bytes(), checkSize(buf.Len())
}

func checkSize(n int) error {
	if n > MaxDocument {
		return fmt.Errorf("%d bytes, at most %d are allowed", n, MaxDocument)
	}
	return nil
}

// decode reads data into doc, which must point to a zero value, and accepts
// only the bytes that encode would have written.
func (e encoding) decode(name string, data []byte, doc validator) error {
	if err := checkSize(len(data)); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if err := json.Unmarshal(data, doc); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	again, err := e.render(doc)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if !bytes.Equal(data, again) {
		return fmt.Errorf("reading %s: %w (first difference at byte %d)", name, ErrNotCanonical, firstDifference(data, again))
	}
	return nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
