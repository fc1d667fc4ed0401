package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/verify/audit"
)

// A host records what it decides, and an auditor reads it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "audit.jsonl")

	record, err := audit.Open(ctx, path, audit.WithHost("pay-16"))
	if err != nil {
		log.Fatal(err)
	}
	for _, decision := range []audit.Entry{
		{Event: audit.Accepted, Product: "payments", Hotfix: "payments-1.4.3", Signers: []string{"3f9c2a7d01be"}},
		{Event: audit.Refused, Product: "payments", Hotfix: "payments-1.4.2", Rule: "floor", Reason: "1.4.3 is installed, which is newer"},
	} {
		if err := record.Append(ctx, decision); err != nil {
			log.Fatal(err) // and do not act on the decision
		}
	}
	head := record.Head() // to be remembered elsewhere
	if err := record.Close(); err != nil {
		log.Fatal(err)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	summary, err := audit.Verify(ctx, strings.NewReader(string(text)), audit.WithHead(head))
	fmt.Println(summary.Lines, "lines, error:", err)

	forged := strings.Replace(string(text), `"event":"refused"`, `"event":"accepted"`, 1)
	_, err = audit.Verify(ctx, strings.NewReader(forged), audit.WithHead(head))
	var damage *audit.DamageError
	if errors.As(err, &damage) {
		fmt.Println("line", damage.Line, damage.Err)
	}
	// Output:
	// 2 lines, error: <nil>
	// line 2 is not the one that is remembered: the log was written anew
}

func ExampleLines() {
	text := `{"n":1,"time":"2026-09-21T14:13:20Z","previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","event":"refused","host":"pay-16","product":"payments","rule":"threshold","reason":"1 of 2 signatures"}` + "\n"
	for line, err := range audit.Lines(strings.NewReader(text)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(line.N, line.Time.Format(time.DateOnly), line.Event, line.Product, "by", line.Rule+":", line.Reason)
	}
	// Output: 1 2026-09-21 refused payments by threshold: 1 of 2 signatures
}
