package hotfix_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// fixDate dates the releases of tests whose source is a plain folder.
var fixDate = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// writeModule writes a program that prints a text and its version, and compiles
// within a moment.
func writeModule(t testing.TB, dir, text string) string {
	t.Helper()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/app\n\ngo 1.24\n")
	writeFile(t, filepath.Join(dir, "main.go"), fmt.Sprintf(`package main

import "os"

var version = "dev"

func main() { os.Stdout.WriteString(%q + " " + version + "\n") }
`, text))
	return dir
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// module is writeModule in a new folder.
func module(t testing.TB, text string) string { return writeModule(t, t.TempDir(), text) }

func newSigner(t testing.TB) *sign.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signer, err := sign.New(key)
	require.NoError(t, err)
	return signer
}

func newVerifier(t testing.TB, threshold int, signers ...hotfix.Signer) *verify.Verifier {
	t.Helper()
	keys := make([]verify.Key, len(signers))
	for i, s := range signers {
		keys[i] = s.Key()
	}
	v, err := verify.New(verify.WithKeys(keys...), verify.WithThreshold(threshold))
	require.NoError(t, err)
	return v
}

// setup is how a test makes a release. What is empty gets a default.
type setup struct {
	src     string          // a module that prints "fixed"
	out     string          // a new folder
	cache   string          // a new folder
	base    hotfix.Base     // none
	targets []target.Target // this machine
	options []hotfix.Option
}

func (s setup) pipeline(t testing.TB) *hotfix.Pipeline {
	t.Helper()
	if s.src == "" {
		s.src = module(t, "fixed")
	}
	if s.out == "" {
		s.out = filepath.Join(t.TempDir(), "dist")
	}
	if s.cache == "" {
		s.cache = t.TempDir()
	}
	if s.base == nil {
		s.base = hotfix.NoBase()
	}
	if len(s.targets) == 0 {
		s.targets = []target.Target{target.Host()}
	}
	p, err := hotfix.New("app", append([]hotfix.Option{
		hotfix.WithSource(s.src, "."), hotfix.WithBase(s.base), hotfix.WithTargets(s.targets...),
		hotfix.WithCache(s.cache), hotfix.WithOutput(s.out),
	}, s.options...)...)
	require.NoError(t, err)
	return p
}

func (s setup) run(t testing.TB) *hotfix.Result {
	t.Helper()
	result, err := s.pipeline(t).Run(context.Background())
	require.NoError(t, err)
	return result
}

// fail runs a pipeline that must fail in the given step.
func (s setup) fail(t testing.TB, step hotfix.Step) error {
	t.Helper()
	_, err := s.pipeline(t).Run(context.Background())
	var failed *hotfix.StepError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, step, failed.Step, "%v", err)
	return err
}

// executable builds a source, as whoever released it did.
func executable(t testing.TB, src string, on target.Target, options ...build.Option) string {
	t.Helper()
	b, err := build.New(src, ".", append(options, build.WithOutput(t.TempDir()))...)
	require.NoError(t, err)
	a, err := b.Build(context.Background(), on)
	require.NoError(t, err)
	return a.Path
}

// otherTarget is cheap to build, and is not this machine.
func otherTarget() target.Target {
	if t := target.MustParse("linux/arm64"); t != target.Host() {
		return t
	}
	return target.MustParse("linux/amd64")
}

func readRelease(t testing.TB, dist string) manifest.Release {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dist, verify.ReleaseName))
	require.NoError(t, err)
	release, err := manifest.DecodeRelease(data)
	require.NoError(t, err)
	return release
}

// snapshot is everything below a folder: path to mode and content.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		if entry.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(data)
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = text
		return err
	}))
	return files
}

// reproduced is the part of a dist that must not differ between two runs: all
// but the signatures and the report.
func reproduced(t testing.TB, dist string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, text := range snapshot(t, dist) {
		if name != verify.ReportHTMLName && filepath.Ext(name) != ".json" || name == verify.ReleaseName || name == manifest.ProvenanceName {
			files[name] = text
		}
	}
	return files
}
