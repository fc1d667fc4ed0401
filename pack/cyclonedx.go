package pack

import (
	"bytes"
	"encoding/json"
)

// The part of CycloneDX 1.6 (ECMA-424) that sbom.cdx.json uses, in its JSON form
// and the order of its schema. A library with the whole model would be linked into
// every host, which writes no such document.
type (
	cdxDocument struct {
		Schema       string           `json:"$schema"`
		Format       string           `json:"bomFormat"`
		SpecVersion  string           `json:"specVersion"`
		Version      int              `json:"version"`
		Metadata     cdxMetadata      `json:"metadata"`
		Components   []cdxComponent   `json:"components,omitempty"`
		Dependencies []cdxDependency  `json:"dependencies,omitempty"`
		Compositions []cdxComposition `json:"compositions"`
	}
	cdxMetadata struct {
		Timestamp string       `json:"timestamp"`
		Component cdxComponent `json:"component"`
	}
	cdxComponent struct {
		Ref        string        `json:"bom-ref"`
		Type       string        `json:"type"`
		Name       string        `json:"name"`
		Version    string        `json:"version,omitempty"`
		Scope      string        `json:"scope,omitempty"`
		Hashes     []cdxHash     `json:"hashes,omitempty"`
		PackageURL string        `json:"purl,omitempty"`
		Properties []cdxProperty `json:"properties,omitempty"`
	}
	cdxHash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	cdxProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	cdxDependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn,omitempty"`
	}
	cdxComposition struct {
		Aggregate  cdxAggregate `json:"aggregate"`
		Assemblies []string     `json:"assemblies"`
	}
)

// What the schema calls the things that are described.
const (
	cdxApplication = "application"
	cdxLibrary     = "library"
	cdxRequired    = "required"
	cdxSHA256      = "SHA-256"
)

// cdxAggregate says whether a document lists all that is in the product.
type cdxAggregate string

const (
	cdxComplete   cdxAggregate = "complete"
	cdxIncomplete cdxAggregate = "incomplete"
	cdxUnknown    cdxAggregate = "unknown"
)

func newDocument(m cdxMetadata) cdxDocument {
	return cdxDocument{
		Schema:      "http://cyclonedx.org/schema/bom-1.6.schema.json",
		Format:      "CycloneDX",
		SpecVersion: "1.6",
		Version:     1,
		Metadata:    m,
	}
}

// encode returns the document as people read it, too.
func (d cdxDocument) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return b.Bytes(), err
}
