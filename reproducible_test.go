package hotfix_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// Not parallel: umask and environment belong to the process.
func TestSameBytesWhateverTheSurroundings(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	targets := []target.Target{target.Host(), otherTarget()}
	base := hotfix.BaseBinaries(executable(t, module(t, "broken"), target.Host()))
	from := func(t *testing.T, src string, parallel int) map[string]string {
		t.Helper()
		result := setup{src: src, base: base, targets: targets, options: []hotfix.Option{
			hotfix.WithBaseVersion("v1.4.2"), hotfix.WithoutComparison(), hotfix.WithDeltas(),
			hotfix.WithTime(fixDate), hotfix.WithSigner(newSigner(t)), hotfix.WithVersionVariable("main.version"),
			hotfix.WithBuild(build.WithParallel(parallel)),
		}}.run(t)
		return reproduced(t, result.Dist)
	}
	want := from(t, module(t, "fixed"), 1)
	require.Len(t, want, 1+len(targets)+1+3, "packages, one delta, SHA256SUMS, hotfix.json, provenance.json and the folder itself")

	for name, change := range map[string]func(t *testing.T) string{
		"another folder": func(t *testing.T) string {
			return writeModule(t, filepath.Join(t.TempDir(), "a folder", "with spaces"), "fixed")
		},
		"a folder below a workspace": func(t *testing.T) string {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "go.work"), "go 1.24\n\nuse ./other\n")
			return writeModule(t, filepath.Join(dir, "app"), "fixed")
		},
		"a repository": func(t *testing.T) string {
			dir := module(t, "fixed")
			newRepository(t, dir).commit("v9.9.9")
			return dir
		},
		"another umask": func(t *testing.T) string {
			setUmask(t, 0o077)
			return module(t, "fixed")
		},
		"another environment": func(t *testing.T) string {
			for key, value := range map[string]string{
				"TZ": "Pacific/Chatham", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "GOPATH": t.TempDir(),
				"GOFLAGS": "-ldflags=-X=main.version=wrong", "GOAMD64": "v3", "GOARM64": "v9.0", "GODEBUG": "madvdontneed=1",
				"CGO_ENABLED": "1", "GOEXPERIMENT": "nosuchthing", "GOWORK": "/nowhere", "GOOS": "plan9", "SOURCE_DATE_EPOCH": "1",
			} {
				t.Setenv(key, value)
			}
			return module(t, "fixed")
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, want, from(t, change(t), 2))
		})
	}
}

func TestSourceDateEpoch(t *testing.T) {
	t.Parallel()
	at := func(epoch string) setup {
		return setup{options: []hotfix.Option{hotfix.WithEnviron(append(os.Environ(), "SOURCE_DATE_EPOCH="+epoch))}}
	}
	result := at("1700000000").run(t)
	assert.Equal(t, int64(1700000000), result.Created.Unix())
	assert.Equal(t, int64(1700000000), result.Sequence)
	assert.Equal(t, 1980, at("0").run(t).Created.Year(), "no archive can hold an earlier date")
	assert.ErrorContains(t, at("yesterday").fail(t, hotfix.StepBase), "SOURCE_DATE_EPOCH")
	assert.Error(t, at("99999999999").fail(t, hotfix.StepBase), "no archive can hold it")
}
