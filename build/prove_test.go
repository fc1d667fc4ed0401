package build_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

// proven is a program with all that a build can change: a tag, a variable, a
// function in a package of its own.
const proven = `
-- go.mod --
module example.com/proven

go 1.25
-- main.go --
package main

import "example.com/proven/limit"

var version = "dev"

func main() { println(version, edition, limit.Of(len(version))) }
-- plain.go --
//go:build !extra

package main

const edition = "plain"
-- extra.go --
//go:build extra

package main

const edition = "extra"
-- limit/limit.go --
package limit

//go:noinline
func Of(n int) int { return n + 3 }
`

// asReleased are the flags of a release: those of a plan by default.
func asReleased(more ...string) []string {
	return append([]string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w"}, more...)
}

func prove(t testing.TB, running string, rebuilt *build.Artifact, opts ...build.ProveOption) *build.Proof {
	t.Helper()
	proof, err := build.Prove(t.Context(), running, rebuilt, opts...)
	require.NoError(t, err)
	assert.Equal(t, rebuilt.Target, proof.Target)
	assert.Equal(t, rebuilt.Digest, proof.Rebuilt)
	return proof
}

// kinds are the causes' kinds, in their order.
func kinds(proof *build.Proof) []build.CauseKind {
	var all []build.CauseKind
	for _, c := range proof.Causes {
		all = append(all, c.Kind)
	}
	return all
}

func TestProve(t *testing.T) {
	skipHeavy(t)
	rebuilt := mustBuild(t, newBuilder(t, writeTree(t, proven), "."))
	edited := func(old, replacement string) string { return strings.Replace(proven, old, replacement, 1) }
	for _, test := range []struct {
		name, archive string
		flags         []string
		want          []build.CauseKind
		what, remedy  string // parts of the first cause
	}{
		{"the same", proven, asReleased(), nil, "", ""},
		{"a tag", proven, asReleased("-tags=extra"), []build.CauseKind{build.CauseFlags}, `-tags is "extra" in it, not set in the rebuild`, "rebuild with -tags=extra"},
		{"unoptimised", proven, asReleased("-gcflags=-N -l"), []build.CauseKind{build.CauseFlags}, `-gcflags is "-N -l" in it`, `rebuild with -gcflags="-N -l"`},
		{"folders", proven, asReleased("-trimpath=false"), []build.CauseKind{build.CausePath}, "it holds the folders of its build host", "deploy a base that is built with -trimpath"},
		{"recorded arguments of the linker", proven, asReleased("-trimpath=false", "-ldflags=-w -X main.version=v9"), []build.CauseKind{build.CauseFlags, build.CausePath},
			`-ldflags is "-w -X main.version=v9" in it, "-s -w" in the rebuild`, `rebuild with -ldflags="-w -X main.version=v9"`},
		{"symbols", proven, asReleased("-ldflags="), []build.CauseKind{build.CauseSymbols}, "it has symbols and debug information, the rebuild has neither", `rebuild with -ldflags=""`},
		{"no debug information", proven, asReleased("-ldflags=-w"), []build.CauseKind{build.CauseSymbols}, "it has symbols and no debug information", "rebuild with -ldflags=-w"},
		{"a variable", proven, asReleased("-ldflags=-s -w -X main.version=v9"), []build.CauseKind{build.CauseVariables}, `every function is the same, and 1 value differs: "v9" in it, "dev" in the rebuild, used by main.main`, "(-ldflags=-X)"},
		{"another build id", proven, asReleased("-ldflags=-s -w -buildid=release"), []build.CauseKind{build.CauseBuildID}, "the linker was given another -buildid", "rebuild with -ldflags=-buildid=release"},
		{"no build id", proven, asReleased("-ldflags=-s -w -buildid="), []build.CauseKind{build.CauseBuildID}, "only one of the two has a Go build id", "rebuild with -ldflags=-buildid= "},
		{"another godebug", edited("go 1.25\n", "go 1.25\n\ngodebug tlsmlkem=0\n"), asReleased(), []build.CauseKind{build.CauseFlags}, `DefaultGODEBUG is`, "godebug lines"},
		{"another statement", edited("n + 3", "n + 4"), asReleased(), []build.CauseKind{build.CauseCode}, "1 function differs: example.com/proven/limit.Of (example.com/proven/limit/limit.go:4): the source of these was another", "find the source"},
		{"another statement and folders", edited("n + 3", "n + 4"), asReleased("-trimpath=false"), []build.CauseKind{build.CausePath, build.CauseCode}, "it holds the folders", "deploy a base"},
		{"another function", edited("func main()", "func init() { println() }\n\nfunc main()"), asReleased(), []build.CauseKind{build.CauseCode}, "main.init.0 (example.com/proven/main.go:7), which the rebuild lacks", "find the source"},
		{"a constant", edited(`"plain"`, `"pla1n"`), asReleased(), []build.CauseKind{build.CauseCode}, "main.main (example.com/proven/main.go:7)", "find the source"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			running := publish(t, writeTree(t, test.archive), ".", test.flags...)
			proof := prove(t, running, rebuilt)
			require.Equal(t, test.want, kinds(proof), proof)
			if test.want == nil {
				assert.Equal(t, build.Identical, proof.Verdict)
				assert.Equal(t, proof.Executable, proof.Rebuilt)
				return
			}
			assert.Equal(t, build.Different, proof.Verdict)
			assert.Contains(t, proof.Causes[0].What, test.what)
			assert.Contains(t, proof.Causes[0].Remedy, test.remedy)
			assert.Contains(t, proof.String(), proof.Causes[0].String())
		})
	}
}

func TestProveCheckout(t *testing.T) {
	t.Parallel()
	skipHeavy(t)
	// The stamp is of another length than none, and the program reads it.
	dir := writeTree(t, strings.NewReplacer("import \"", "import \"runtime/debug\"\nimport \"", "println(version", "_, _ = debug.ReadBuildInfo(); println(version").Replace(proven))
	first := repository(t, dir, "v1.2.3")
	stamped := asReleased("-buildvcs=true")
	clean := publish(t, dir, ".", stamped...)
	rebuilt := mustBuild(t, newBuilder(t, dir, ".", build.WithVCSStamp()))
	unstamped := mustBuild(t, newBuilder(t, dir, "."))
	assert.Equal(t, build.Identical, prove(t, clean, rebuilt, build.WithCommit(first)).Verdict)

	proof := prove(t, clean, unstamped, build.WithCommit(first))
	assert.Equal(t, []build.CauseKind{build.CauseFlags}, kinds(proof))
	assert.Contains(t, proof.Causes[0].What, first)
	assert.Contains(t, proof.Causes[0].Remedy, "-buildvcs=true")

	path := filepath.Join(dir, "limit", "limit.go")
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(source, []byte("n + 3"), []byte("n * 3"), 1), 0o644))
	dirty := publish(t, dir, ".", stamped...)
	proof = prove(t, dirty, rebuilt, build.WithCommit(first))
	assert.Equal(t, []build.CauseKind{build.CauseDirty}, kinds(proof), proof)
	assert.Contains(t, proof.Causes[0].What, "vcs.modified is \"true\"")
	assert.Contains(t, proof.Causes[0].What, "1 function differs: example.com/proven/limit.Of")
	assert.Contains(t, proof.Causes[0].Remedy, "commit them")

	run(t, dir, "git", "commit", "--quiet", "--all", "-m", "second")
	later := publish(t, dir, ".", stamped...)
	proof = prove(t, later, unstamped, build.WithCommit(first))
	assert.Equal(t, []build.CauseKind{build.CauseRevision}, kinds(proof), proof)
	assert.Contains(t, proof.Causes[0].What, "the rebuild from "+first)
	assert.Contains(t, proof.Causes[0].What, "limit.Of")
}

func TestProveRefusesFiles(t *testing.T) {
	rebuilt := mustBuild(t, newBuilder(t, writeTree(t, hello), "."))
	data, err := os.ReadFile(rebuilt.Path)
	require.NoError(t, err)
	write := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "running")
		require.NoError(t, os.WriteFile(path, data, 0o644))
		return path
	}
	for name, test := range map[string]struct {
		path string
		want error
	}{
		"absent": {filepath.Join(t.TempDir(), "absent"), os.ErrNotExist},
		"folder": {t.TempDir(), build.ErrNotExecutable},
		"text":   {write([]byte("#!/bin/sh\n")), build.ErrNotExecutable},
		"cut":    {write(data[:len(data)/2]), build.ErrNotExecutable},
	} {
		_, err := build.Prove(t.Context(), test.path, rebuilt)
		assert.ErrorIs(t, err, test.want, name)
		assert.ErrorContains(t, err, "proving the base for "+rebuilt.Target.String(), name)
	}

	noInfo := bytes.ReplaceAll(data, []byte("\xff Go buildinf:"), []byte("\xff no buildinf:"))
	for want, running := range map[string]string{"left out by a changed linker": write(noInfo), "packed by UPX": write(append(noInfo, "UPX!"...))} {
		proof := prove(t, running, rebuilt)
		assert.Equal(t, build.CannotTell, proof.Verdict)
		require.Equal(t, []build.CauseKind{build.CauseRecords}, kinds(proof))
		assert.Contains(t, proof.Causes[0].What, want)
	}

	changed := *rebuilt
	changed.Path = write(noInfo)
	_, err = build.Prove(t.Context(), rebuilt.Path, &changed)
	assert.ErrorContains(t, err, "has changed since it was built")

	_, err = build.Prove(t.Context(), rebuilt.Path, rebuilt, build.WithCommit("v1.2.3"))
	var option *build.OptionError
	require.ErrorAs(t, err, &option)
	assert.Equal(t, "WithCommit", option.Option)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = build.Prove(ctx, write(append(data, 0)), rebuilt)
	assert.ErrorIs(t, err, context.Canceled)
}

// Verdicts between the two ends: bytes that are put on after the build, and the
// hash of inputs that have no effect.
func TestProveNearlyIdentical(t *testing.T) {
	skipHeavy(t)
	dir := writeTree(t, proven)
	proof := prove(t, publish(t, dir, ".", asReleased("-ldflags=-w -s")...), mustBuild(t, newBuilder(t, dir, ".")))
	assert.Equal(t, build.IdenticalButBuildID, proof.Verdict)
	assert.Equal(t, []build.CauseKind{build.CauseBuildID}, kinds(proof))
	assert.Contains(t, proof.Causes[0].What, "the linker's flags are spelled otherwise")

	rebuilt, err := newBuilder(t, dir, ".").Build(t.Context(), target.MustParse("darwin/arm64"))
	require.NoError(t, err)
	signed, err := os.ReadFile(rebuilt.Path)
	require.NoError(t, err)
	signed[len(signed)-1] ^= 1
	running := filepath.Join(t.TempDir(), "running")
	require.NoError(t, os.WriteFile(running, signed, 0o755))
	proof = prove(t, running, rebuilt)
	assert.Equal(t, build.IdenticalButSignature, proof.Verdict)
	assert.Equal(t, []build.CauseKind{build.CauseSignature}, kinds(proof))
}

// Where machine code is not understood, sizes are compared.
func TestProveOtherProcessor(t *testing.T) {
	skipHeavy(t)
	on := target.MustParse("linux/386")
	built := func(archive string, opts ...build.Option) *build.Artifact {
		artifact, err := newBuilder(t, writeTree(t, archive), ".", opts...).Build(t.Context(), on)
		require.NoError(t, err)
		return artifact
	}
	rebuilt := built(proven)
	proof := prove(t, built(strings.Replace(proven, "return n + 3", "return n*n*n + n/7", 1)).Path, rebuilt)
	require.Equal(t, []build.CauseKind{build.CauseCode}, kinds(proof), proof)
	assert.Contains(t, proof.Causes[0].What, "example.com/proven/limit (1)")

	proof = prove(t, built(proven, build.WithVariable("main.version", "v9")).Path, rebuilt)
	require.Equal(t, []build.CauseKind{build.CauseUnknown}, kinds(proof), proof)
	assert.Contains(t, proof.Causes[0].What, "neither build info nor any function says why")
	assert.Contains(t, proof.Causes[0].Remedy, "arguments of the linker")
}

// ExampleProve says why what runs is not what its source makes.
func ExampleProve() {
	rebuilt := &build.Artifact{Target: target.MustParse("linux/amd64"), Path: "dist/payments"}
	proof, err := build.Prove(context.Background(), "/srv/payments/current/bin/payments", rebuilt)
	if err != nil {
		fmt.Println(errors.Is(err, os.ErrNotExist))
		return
	}
	for _, cause := range proof.Causes {
		fmt.Println(cause.What, cause.Remedy)
	}
	// Output: true
}
