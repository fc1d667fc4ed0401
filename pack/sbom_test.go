package pack

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// decodeBOM reads a bill of materials as other software does.
func decodeBOM(t *testing.T, data []byte) *cyclonedx.BOM {
	t.Helper()
	var doc cyclonedx.BOM
	require.NoError(t, cyclonedx.NewBOMDecoder(bytes.NewReader(data), cyclonedx.BOMFileFormatJSON).Decode(&doc))
	assert.Equal(t, cyclonedx.SpecVersion1_6, doc.SpecVersion)
	assert.Empty(t, doc.SerialNumber)
	assert.Equal(t, "2026-03-04T05:06:08Z", doc.Metadata.Timestamp)
	assert.Equal(t, string(data), encodeBOM(t, doc), "as other software writes it")
	return &doc
}

// encodeBOM writes a bill of materials as other software does, so that nothing
// in ours is lost on it.
func encodeBOM(t *testing.T, doc cyclonedx.BOM) string {
	t.Helper()
	var b bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	require.NoError(t, encoder.EncodeVersion(&doc, cyclonedx.SpecVersion1_6))
	return b.String()
}

// buildInfo is what the go command records in a program without cgo.
func buildInfo() *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.26.8 X:experiment",
		Path:      "example.com/payments/cmd/payments",
		Main:      debug.Module{Path: "example.com/payments", Version: "v1.4.3"},
		Deps:      []*debug.Module{{Path: "github.com/klauspost/compress", Version: "v1.20.3", Sum: "h1:x"}, {Path: "example.com/a", Version: "v0.1.0"}},
		Settings:  []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "CGO_ENABLED", Value: "0"}},
	}
}

func TestBillOfMaterials(t *testing.T) {
	in, file := inputOf(t, nil), newFile("bin/payments", manifest.DigestOf([]byte("x")), 1)
	data, err := bom(in, &file, buildInfo(), fixTime)
	require.NoError(t, err)
	again, err := bom(in, &file, buildInfo(), fixTime)
	require.NoError(t, err)
	assert.Equal(t, data, again)

	doc := decodeBOM(t, data)
	assert.Equal(t, "payments", doc.Metadata.Component.Name)
	assert.Equal(t, file.Digest.Hex(), (*doc.Metadata.Component.Hashes)[0].Value)
	refs := map[string]cyclonedx.Component{}
	for _, c := range *doc.Components {
		refs[c.Name] = c
	}
	assert.Equal(t, "pkg:golang/std@1.26.8", refs["std"].PackageURL)
	assert.Equal(t, cyclonedx.CompositionAggregateComplete, (*doc.Compositions)[0].Aggregate)
	assert.Contains(t, *doc.Metadata.Component.Properties, cyclonedx.Property{Name: "hotfix:go:build:-trimpath", Value: "true"})
	compress := refs["github.com/klauspost/compress"]
	assert.Equal(t, "pkg:golang/github.com/klauspost/compress@"+compress.Version, compress.PackageURL)
	assert.Equal(t, "hotfix:go:sum", (*compress.Properties)[0].Name)
	assert.Len(t, *doc.Dependencies, len(*doc.Components)+1)
}

func TestBillOfMaterialsWithoutBuildInfo(t *testing.T) {
	in := inputOf(t, []byte("not a Go program"))
	file := newFile("bin/payments", in.Digest, 16)
	data, err := bom(in, &file, readBuildInfo(in), fixTime)
	require.NoError(t, err)
	doc := decodeBOM(t, data)
	assert.Nil(t, doc.Components)
	assert.Equal(t, cyclonedx.CompositionAggregateUnknown, (*doc.Compositions)[0].Aggregate)
}

// The executable of the test is a Go program.
func TestReadBuildInfo(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	info := readBuildInfo(Input{Executable: path})
	require.NotNil(t, info)
	assert.Equal(t, runtime.Version(), info.GoVersion)
	assert.Nil(t, readBuildInfo(Input{Executable: path + ".missing"}))
}

func TestModuleComponents(t *testing.T) {
	for name, c := range map[string]struct {
		module debug.Module
		want   cdxComponent
	}{
		"plain": {
			debug.Module{Path: "example.com/Big/m", Version: "v1.2.3+incompatible", Sum: "h1:x"},
			cdxComponent{Name: "example.com/Big/m", Version: "v1.2.3+incompatible",
				PackageURL: "pkg:golang/example.com/big/m@v1.2.3%2Bincompatible",
				Properties: []cdxProperty{{Name: "hotfix:go:sum", Value: "h1:x"}}},
		},
		"replaced by a module": {
			debug.Module{Path: "a", Version: "v1.0.0", Sum: "h1:a", Replace: &debug.Module{Path: "b", Version: "v2.0.0", Sum: "h1:b"}},
			cdxComponent{Name: "b", Version: "v2.0.0", PackageURL: "pkg:golang/b@v2.0.0",
				Properties: []cdxProperty{{Name: "hotfix:go:replaced-by", Value: "b@v2.0.0"}, {Name: "hotfix:go:replaces", Value: "a@v1.0.0"}, {Name: "hotfix:go:sum", Value: "h1:b"}}},
		},
		"replaced by a folder": {
			debug.Module{Path: "a", Version: "v1.0.0", Replace: &debug.Module{Path: "./fork"}},
			cdxComponent{Name: "a",
				Properties: []cdxProperty{{Name: "hotfix:go:replaced-by", Value: "./fork"}, {Name: "hotfix:go:replaces", Value: "a@v1.0.0"}}},
		},
		"replaced by a folder, as the go command records it": {
			debug.Module{Path: "a", Version: "v1.0.0", Replace: &debug.Module{Path: "./fork", Version: "(devel)"}},
			cdxComponent{Name: "a",
				Properties: []cdxProperty{{Name: "hotfix:go:replaced-by", Value: "./fork"}, {Name: "hotfix:go:replaces", Value: "a@v1.0.0"}}},
		},
	} {
		c.want.Type, c.want.Scope = "library", "required"
		c.want.Ref = c.module.Path + "@" + c.module.Version
		assert.Equal(t, c.want, moduleComponent(&c.module), name)
	}
}

func TestCompleteness(t *testing.T) {
	file := &manifest.File{}
	cgo := func(v string) *debug.BuildInfo {
		return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "CGO_ENABLED", Value: v}}}
	}
	assert.Equal(t, cdxComplete, completeness(file, cgo("0")))
	assert.Equal(t, cdxIncomplete, completeness(file, cgo("1")))
	assert.Equal(t, cdxUnknown, completeness(file, nil))
	assert.Equal(t, cdxComplete, completeness(nil, nil))
}
