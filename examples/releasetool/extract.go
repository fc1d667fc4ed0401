package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/gohotfix/hotfix/pack"
)

// noSuchFormat is the exit code for a format that the reader does not know, so
// that a script can tell it from a refusal.
const noSuchFormat = 3

func defineExtract(_ *tool, _ *flag.FlagSet) action {
	return func(ctx context.Context, args []string) error {
		format, err := pack.ParseFormat(args[0])
		if err != nil {
			return &exitError{code: noSuchFormat, err: err}
		}
		if err := pack.Extract(ctx, format, args[1], args[2]); err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
		return nil
	}
}
