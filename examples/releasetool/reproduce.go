package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/gohotfix/hotfix/build"
)

func defineReproduce(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	source := flags.String("src", "", "`folder` of a checkout to rebuild from (default: the module that the build info names)")
	return func(ctx context.Context, args []string) error {
		var options []build.ReproduceOption
		if *source != "" {
			options = append(options, build.WithSource(*source))
		}
		r, err := build.Reproduce(ctx, args[0], options...)
		if err != nil {
			return err
		}
		if err := t.print(*asJSON, r, r.String); err != nil || r.Identical {
			return err
		}
		return fmt.Errorf("%s is not the same, byte for byte: see why above", args[0])
	}
}
