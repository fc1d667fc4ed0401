package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// generate returns the schema, with the comments of the sources below root.
func generate(root string) ([]byte, error) {
	schema, err := jsonschema.For[hotfix.Result](&jsonschema.ForOptions{TypeSchemas: texts()})
	if err != nil {
		return nil, err
	}
	d := describer{root: root, packages: map[string]*comments{}}
	if err := d.describe(schema, reflect.TypeFor[hotfix.Result]()); err != nil {
		return nil, err
	}
	name := any(hotfix.ReportSchema)
	schema.Properties["schema"].Const = &name
	schema.Schema, schema.Title = "https://json-schema.org/draft/2020-12/schema", "Report of a hotfix, "+hotfix.ReportSchema
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(schema)
	return buf.Bytes(), err
}

// texts are the schemas of types that are written as texts.
func texts() map[reflect.Type]*jsonschema.Schema {
	const hex = "[0-9a-f]{64}$"
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
		reflect.TypeFor[manifest.Digest](): {Type: "string", Pattern: "^sha256:" + hex},
		reflect.TypeFor[verify.KeyID]():    {Type: "string", Pattern: "^" + hex},
		reflect.TypeFor[target.Target]():   {Type: "string", Pattern: "^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.+,]+)?$"},
	}
}

// describer adds to a schema what reflection does not tell: the comments of
// fields and types, and the constants of types that enumerate.
type describer struct {
	root     string
	packages map[string]*comments // by import path
}

// describe goes through a schema and the type that it was made from.
func (d *describer) describe(s *jsonschema.Schema, t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer:
		return d.describe(s, t.Elem())
	case t.Kind() == reflect.Slice:
		return d.describe(s.Items, t.Elem())
	case t.PkgPath() == "" || s.Pattern != "" || s.Format != "":
		return nil
	}
	c, err := d.of(t.PkgPath())
	if err != nil {
		return err
	}
	s.Description = c.types[t.Name()]
	if t.Kind() == reflect.Struct {
		return d.describeFields(s, t, c)
	}
	for _, value := range c.constants[t.Name()] {
		s.Enum = append(s.Enum, value)
	}
	return nil
}

func (d *describer) describeFields(s *jsonschema.Schema, t reflect.Type, c *comments) error {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		property := s.Properties[name]
		if property == nil {
			continue // "-"
		}
		if err := d.describe(property, field.Type); err != nil {
			return err
		}
		if comment := c.fields[t.Name()+"."+field.Name]; comment != "" {
			property.Description = comment
		}
	}
	return nil
}
