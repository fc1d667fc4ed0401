package goexe_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/internal/goexe"
)

func TestCompareInfo(t *testing.T) {
	a := &debug.BuildInfo{
		GoVersion: "go1.26.5", Path: "example.com/m/a", Main: debug.Module{Path: "example.com/m", Version: "v1.0.0"},
		Deps: []*debug.Module{
			{Path: "example.com/changed", Version: "v1.0.0", Sum: "h1:a"},
			{Path: "example.com/gone", Version: "v1.0.0", Sum: "h1:a"},
			{Path: "example.com/replaced", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.0", Sum: "h1:a"}},
			{Path: "example.com/same", Version: "v1.0.0", Sum: "h1:a"},
			{Path: "example.com/vendored", Version: "v1.0.0", Sum: "h1:a"},
		},
		Settings: []debug.BuildSetting{{Key: "-tags", Value: "a"}, {Key: "-trimpath", Value: "true"}, {Key: "GOOS", Value: "linux"}},
	}
	b := &debug.BuildInfo{
		GoVersion: "go1.26.8", Path: "example.com/m/b", Main: debug.Module{Path: "example.com/m"},
		Deps: []*debug.Module{
			{Path: "example.com/vendored", Version: "v1.0.0"},
			{Path: "example.com/same", Version: "v1.0.0", Sum: "h1:a"},
			{Path: "example.com/replaced", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.0", Sum: "h1:b"}},
			{Path: "example.com/changed", Version: "v1.0.1", Sum: "h1:b"},
		},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "-tags", Value: "b"}},
	}
	assert.Equal(t, []goexe.InfoDifference{
		{Kind: goexe.InfoToolchain, Old: "go1.26.5", New: "go1.26.8"},
		{Kind: goexe.InfoPackage, Old: "example.com/m/a", New: "example.com/m/b"},
		{Kind: goexe.InfoModule, Old: "example.com/m v1.0.0", New: "example.com/m (no version)"},
		{Kind: goexe.InfoDependency, Key: "example.com/changed", Old: "v1.0.0", New: "v1.0.1"},
		{Kind: goexe.InfoDependency, Key: "example.com/gone", Old: "v1.0.0"},
		{Kind: goexe.InfoDependency, Key: "example.com/replaced", Old: "v1.0.0 (no checksum) => example.com/fork v1.0.0 h1:a", New: "v1.0.0 (no checksum) => example.com/fork v1.0.0 h1:b", SumOnly: true},
		{Kind: goexe.InfoDependency, Key: "example.com/vendored", Old: "v1.0.0 h1:a", New: "v1.0.0 (no checksum)", SumOnly: true},
		{Kind: goexe.InfoSetting, Key: "-tags", Old: "a", New: "b"},
		{Kind: goexe.InfoSetting, Key: "-trimpath", Old: "true"},
	}, goexe.CompareInfo(a, b))
	assert.Empty(t, goexe.CompareInfo(a, a))
	assert.Equal(t, "setting -tags", goexe.CompareInfo(a, b)[7].Name())
	assert.Equal(t, "toolchain", goexe.CompareInfo(a, b)[0].Name())
}
