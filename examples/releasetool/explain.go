package main

import (
	"context"
	"flag"

	"github.com/gohotfix/hotfix/build/compare"
)

func defineExplain(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, args []string) error {
		report, err := compare.Executables(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return t.print(*asJSON, report, report.String)
	}
}
