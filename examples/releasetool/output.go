package main

import (
	"encoding/json"
	"flag"
	"fmt"
)

// jsonFlag defines -json, by which a command prints its result for machines.
func jsonFlag(flags *flag.FlagSet) *bool {
	return flags.Bool("json", false, "print the result as JSON")
}

// print prints a result: as JSON, or as people read it.
func (t *tool) print(asJSON bool, result any, text func() string) error {
	if !asJSON {
		_, err := fmt.Fprint(t.stdout, text())
		return err
	}
	enc := json.NewEncoder(t.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(result)
}
