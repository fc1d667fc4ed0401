package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles net/http")
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // TMP on Windows
	t.Setenv("TMP", temp)
	out := filepath.Join(t.TempDir(), "dist")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-targets", target.Host().String(), "-out", out}, &stdout, newProgress(&stderr, false)))

	story := stdout.String()
	for _, want := range []string{
		"1. The release in production: payments v1.4.2\n",
		"payments v1.4.2 listens on http://127.0.0.1:",
		"session ended an hour ago  200 acct-7: 1,250.00 EUR   <- the fault\n",
		"- const leeway = 90 * time.Hour\n",
		"+ const leeway = 90 * time.Second\n",
		"payments-v1.4.2+hotfix.1",
		"Tested: 0 newly fail; the fault is shown by 1 test, failed with the code of v1.4.2 and passed with the fix.\n",
		"payments v1.4.2+hotfix.1 listens on",
		"session ended an hour ago  401 the session has expired",
		"With one byte changed: refused",
	} {
		assert.Contains(t, story, want)
	}
	if hotswap.Supported() {
		assert.Regexp(t, `hotfix applied +v1\.4\.2\+hotfix\.1 +401 Unauthorized`, story)
		assert.Regexp(t, `rolled back +v1\.4\.2 +200 OK`, story)
		assert.Regexp(t, `answered [1-9][0-9]+ times; requests that failed: 0\.`, story)
	}
	assert.Equal(t, 1, strings.Count(story, "<- the fault"))
	assert.NotContains(t, story, "Warning")
	assertVerifies(t, out)
	left, err := filepath.Glob(filepath.Join(temp, "hotfix-quickstart-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func assertVerifies(t *testing.T, dist string) {
	t.Helper()
	public, err := os.ReadFile(dist + ".pub")
	require.NoError(t, err)
	key, err := verify.ParsePublicKey(public)
	require.NoError(t, err)
	verifier, err := verify.New(verify.WithKeys(key))
	require.NoError(t, err)
	_, err = hotfix.VerifyDist(t.Context(), dist, verifier)
	assert.NoError(t, err)
}

// The fix is minimal: one line of the service, and the test that it needed.
func TestFixChangesOneLine(t *testing.T) {
	base, fix := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "fix")
	require.NoError(t, writeTree(base, baseTree))
	require.NoError(t, writeTree(fix, fixTree))
	names, err := changedFiles(os.DirFS(base), os.DirFS(fix))
	require.NoError(t, err)
	assert.Equal(t, []string{"session/session.go", "session/session_test.go"}, names)
	assert.Len(t, txtar.Parse(baseTree).Files, 3)
}

func TestBadFlags(t *testing.T) {
	for flags, says := range map[string]string{
		"-nothing":                   "see quickstart -h",
		"dist":                       `"dist" is not a flag`,
		"-targets linux/amd46":       "linux/amd64",
		"-module example.com/m":      "give -base and -fix",
		"-base v1.0.0":               "give the module's path",
		"-run -version":              "give the module's path",
		"-targets plan9/arm64":       "plan9/arm64",
		"-module m -base v1 -run -h": "give -base and -fix",
	} {
		err := run(context.Background(), strings.Fields(flags), io.Discard, newProgress(io.Discard, false))
		require.ErrorContains(t, err, says, flags)
		assert.NotContains(t, err.Error(), "\n")
	}
	var help bytes.Buffer
	require.ErrorIs(t, run(context.Background(), []string{"-h"}, &help, newProgress(io.Discard, false)), flag.ErrHelp)
	assert.Contains(t, help.String(), "-targets patterns")
}

func TestOutputThatHoldsSomethingElse(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles net/http")
	}
	out := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(out, "precious"), nil, 0o600))
	err := run(t.Context(), []string{"-targets", target.Host().String(), "-out", out}, io.Discard, newProgress(io.Discard, false))
	require.ErrorIs(t, err, hotfix.ErrOutput)
	assert.FileExists(t, filepath.Join(out, "precious"))
}

// A process that does not say where it listens is ended, and its error told.
func TestServiceThatDoesNotStart(t *testing.T) {
	_, err := startService(t.Context(), os.Args[0], "QUICKSTART_TEST_SERVICE=silent")
	assert.ErrorContains(t, err, "did not say where it listens")
	_, err = startService(t.Context(), filepath.Join(t.TempDir(), "missing"))
	assert.ErrorContains(t, err, "starting the service")
}

func TestMain(m *testing.M) {
	if os.Getenv("QUICKSTART_TEST_SERVICE") != "" {
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func TestChangedLines(t *testing.T) {
	removed, added := changedLines([]string{"a", "b", "c"}, []string{"a", "x", "y", "c"})
	assert.Equal(t, []string{"b"}, removed)
	assert.Equal(t, []string{"x", "y"}, added)
	removed, added = changedLines([]string{"a", "a"}, []string{"a", "a", "a"})
	assert.Empty(t, removed)
	assert.Equal(t, []string{"a"}, added)
}

func TestProductName(t *testing.T) {
	for pkg, want := range map[[2]string]string{
		{"filippo.io/age", "./cmd/age"}:             "age",
		{"github.com/nats-io/nats-server/v2", "."}:  "nats-server",
		{"github.com/Masterminds/Thing", "."}:       "thing",
		{"example.com/tool/v3", "./cmd/tool-admin"}: "tool-admin",
	} {
		assert.Equal(t, want, productName(pkg[0], pkg[1]))
	}
}

func TestTableLinesUp(t *testing.T) {
	var out bytes.Buffer
	(&narrator{out: &out}).table([][]string{{"TARGET", "SIZE"}, {"a", "1.00 MB"}, {"linux/amd64", "10.00 MB"}})
	assert.Equal(t, "   TARGET           SIZE\n   a             1.00 MB\n   linux/amd64  10.00 MB\n", out.String())
}

func TestDefaultTargetsAreTwo(t *testing.T) {
	s, err := parse(nil, io.Discard)
	require.NoError(t, err)
	assert.Len(t, s.targets, 2)
	assert.Contains(t, s.targets, target.Host())
}
