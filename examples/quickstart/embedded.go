package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
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
func embedded(work string) (*program, error) {
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
	}
	if err := writeTree(p.baseDir, baseTree); err != nil {
		return nil, err
	}
	return p, writeTree(p.fixDir, fixTree)
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
