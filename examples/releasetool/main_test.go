package main

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"releasetool": main})
}

// TestScripts runs the tool as its users do; see testdata. Every script has a
// cache of its own for outputs, and shares the go command's build cache.
func TestScripts(t *testing.T) {
	goEnv := map[string]string{"GOCACHE": "", "GOMODCACHE": ""}
	for key := range goEnv {
		out, err := exec.CommandContext(context.Background(), "go", "env", key).Output()
		require.NoError(t, err)
		goEnv[key] = strings.TrimSpace(string(out))
	}
	clock, err := timestamptest.New()
	require.NoError(t, err)
	authority := httptest.NewServer(clock)
	t.Cleanup(authority.Close)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TSA", authority.URL)
			if err := os.WriteFile(filepath.Join(env.WorkDir, "tsa.pem"), clock.Chain(), 0o644); err != nil {
				return err
			}
			for key, value := range goEnv {
				env.Setenv(key, value)
			}
			home := filepath.Join(env.WorkDir, "home")
			for _, key := range []string{"HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "XDG_CACHE_HOME"} {
				env.Setenv(key, home)
			}
			env.Setenv("GOPROXY", "off")
			env.Setenv("COSIGN_PASSWORD", "correct")
			return os.Mkdir(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"oneline":  oneLineCommand,
			"flip":     flipCommand,
			"status":   statusCommand,
			"mangle":   mangleCommand,
			"exchange": exchangeCommand,
		},
	})
}

// oneline requires that the last command printed exactly one line on standard
// error.
func oneLineCommand(ts *testscript.TestScript, _ bool, _ []string) {
	if text := ts.ReadFile("stderr"); strings.Count(text, "\n") != 1 {
		ts.Fatalf("not one line on standard error: %q", text)
	}
}

// flip changes one bit in the middle of each file.
func flipCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, pattern := range args {
		paths, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(paths) == 0 {
			ts.Fatalf("%s matches nothing", pattern)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			ts.Check(err)
			data[len(data)/2] ^= 1
			ts.Check(os.WriteFile(path, data, 0o644))
		}
	}
}

// mangle does to a text what chat and ticket programs do: quotes it twice, with
// other line ends and spaces, between other texts.
func mangleCommand(ts *testscript.TestScript, _ bool, args []string) {
	out := "> On Saturday night the release team wrote:\r\n"
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		out += "> > " + strings.TrimSuffix(line, "\n") + "  \r\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out+"Done. :-)\r\n"), 0o644))
}

// exchange changes one character in the middle of the block in a text.
func exchangeCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := []byte(ts.ReadFile(args[0]))
	begin := bytes.Index(text, []byte("-----BEGIN"))
	at := (begin + len(text)) / 2
	if text[at]++; !strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", string(text[at])) {
		text[at] = 'A'
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o644))
}

// status requires an exit code of a command.
func statusCommand(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("%v, want exit status %s", err, args[0])
	}
}

// The page about policies lists the rules of the tool, all and no others, and
// says rightly which are among the default ones.
func TestPoliciesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	byDefault := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\| (.*?) \\|").FindAllStringSubmatch(string(page), -1) {
		for _, name := range regexp.MustCompile("`([a-z-]+)").FindAllStringSubmatch(row[1], -1) {
			listed[name[1]] = true
			byDefault[name[1]] = row[2] == "yes" || row[2] == "warns"
		}
	}
	for name := range rules() {
		assert.True(t, listed[name], "%s is missing", name)
	}
	assert.Len(t, rules(), len(listed))
	for _, p := range policy.Default() {
		assert.True(t, byDefault[p.Rule()], "%s is a default", p.Rule())
		delete(byDefault, p.Rule())
	}
	for name, yes := range byDefault {
		assert.False(t, yes, "%s is no default", name)
	}
}
