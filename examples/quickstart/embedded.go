package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build/policy"
)

// The embedded service and its fix, each a whole module.
var (
	//go:embed service/base.txtar
	baseTree []byte
	//go:embed service/fix.txtar
	fixTree []byte
)

// embedded is the service payments v1.4.2, which takes an expired session for
// a good one.
func embedded(ctx context.Context, work string) (*program, error) {
	p := &program{
		product: "payments", pkg: ".", baseVersion: "v1.4.2", versionVariable: "main.version",
		baseDir: filepath.Join(work, "base"), fixDir: filepath.Join(work, "fix"),
		fixTime:     time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC),
		demonstrate: askService,
		policies: []policy.Policy{
			policy.OnlyPackages("session"), policy.MaxLines(10), policy.TestsChange(),
			policy.NoModuleChanges(), policy.NoDirectiveChanges(), policy.NoSensitiveImports(), policy.NoHiddenEffects(), policy.CompatibleAPI(),
			policy.SameToolchain(), policy.SameFlags("main.version"), policy.Reproducible(), policy.BaseProven(), policy.FaultShown(), policy.ExpectedEffects(),
		},
		tested: true,
		live:   true,
	}
	for dir, tree := range map[string][]byte{p.baseDir: baseTree, p.fixDir: fixTree} {
		if err := errors.Join(writeTree(dir, tree), writeHotswap(ctx, filepath.Join(dir, "hotfix"))); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// libraryModule is what the embedded service requires, for its package hotswap.
const libraryModule = "github.com/gohotfix/hotfix"

// writeHotswap writes a module with package hotswap alone into a folder, by which the
// embedded service replaces the library: then it needs no network, and no other module.
func writeHotswap(ctx context.Context, dir string) error {
	from, err := packageFolder(ctx, libraryModule+"/hotswap")
	if err != nil {
		return err
	}
	for _, below := range []string{"", "web"} {
		if err := copySources(filepath.Join(dir, "hotswap", below), filepath.Join(from, below)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+libraryModule+"\n\ngo 1.26\n"), 0o644)
}

// copySources copies the Go files of a package but its tests.
func copySources(to, from string) error {
	names, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(name)), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// packageFolder finds a package of the library: in the module that the quickstart is
// run in, or in the version of the library that it was built from.
func packageFolder(ctx context.Context, pkg string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "", fmt.Errorf("finding the sources of %s: %w; run the quickstart in a checkout of the library", pkg, err)
	}
	return moduleFolder(ctx, libraryModule, info.Main.Version, strings.TrimPrefix(pkg, libraryModule))
}

// moduleFolder is a folder in a module of the module cache.
func moduleFolder(ctx context.Context, path, version, below string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", path+"@"+version).Output()
	var answer struct{ Dir string }
	if err := errors.Join(err, json.Unmarshal(out, &answer)); err != nil {
		return "", fmt.Errorf("finding the sources of %s %s: %w", path, version, err)
	}
	return filepath.Join(answer.Dir, filepath.FromSlash(below)), nil
}

func writeTree(dir string, archive []byte) error {
	for _, f := range txtar.Parse(archive).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// askService runs the service and asks it with a good and an expired session.
func askService(ctx context.Context, say *narrator, executable string) (err error) {
	key := rand.Text()
	s, err := startService(ctx, executable, "LISTEN=127.0.0.1:0", "SESSION_KEY="+key)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	say.line("Running: %s", s.greeting)
	rows := [][]string{{"GET /balance", "ANSWER"}}
	for _, session := range []struct {
		name string
		ends time.Duration
	}{
		{"session ends in an hour", time.Hour},
		{"session ended an hour ago", -time.Hour},
	} {
		status, body, err := s.get("/balance", token(key, time.Now().Add(session.ends)))
		if err != nil {
			return err
		}
		answer := fmt.Sprintf("%d %s", status, body)
		if status == http.StatusOK && session.ends < 0 {
			answer += "   <- the fault"
		}
		rows = append(rows, []string{session.name, answer})
	}
	say.table(rows)
	return nil
}

// token is a session as the service's login page gives it out.
func token(key string, ends time.Time) string {
	text := "acct-7." + strconv.FormatInt(ends.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + hex.EncodeToString(mac.Sum(nil))
}
