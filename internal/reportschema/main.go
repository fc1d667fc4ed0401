// Command reportschema writes docs/report.schema.json, the JSON schema (draft
// 2020-12) of report.json. It is made from the Go types that report.json is
// written from, with their comments, so that it cannot say something else than
// they do; a test fails if the file is not what the command makes.
//
//	go run ./internal/reportschema
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const fileName = "docs/report.schema.json"

func main() {
	if err := write("."); err != nil {
		fmt.Fprintf(os.Stderr, "reportschema: %v\n", err)
		os.Exit(1)
	}
}

// write writes the schema into the module whose root is given.
func write(root string) error {
	data, err := generate(root)
	if err != nil {
		return fmt.Errorf("making the schema of the report: %w: run it at the root of the module", err)
	}
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(fileName)), data, 0o644)
}
