package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/gohotfix/hotfix/build"
)

func defineReproduce(t *tool, flags *flag.FlagSet) action {
	asJSON := jsonFlag(flags)
	source := flags.String("src", "", "`folder` of a checkout to rebuild from (default: the module that the build info names)")
	version := flags.String("module-version", "", "`version` of the module, where the build info does not tell")
	folders := flags.Bool("recorded-folders", false, "make symbolic links at the folders that the file records; for a container that is thrown away")
	var ldflags list
	flags.Var(&ldflags, "try-ldflags", "linker `flags` to try first; may be given several times")
	return func(ctx context.Context, args []string) error {
		var options []build.ReproduceOption
		if *source != "" {
			options = append(options, build.WithSource(*source))
		}
		if *version != "" {
			options = append(options, build.WithModuleVersion(*version))
		}
		if *folders {
			options = append(options, build.WithRecordedFolders())
		}
		if len(ldflags) > 0 {
			options = append(options, build.WithTryLdflags(ldflags...))
		}
		r, err := build.Reproduce(ctx, args[0], options...)
		if err != nil {
			return err
		}
		return errors.Join(t.print(*asJSON, r, r.String), judge(args[0], r))
	}
}

// judge returns nil if the file was rebuilt, byte for byte.
func judge(file string, r *build.Reproduction) error {
	switch r.Verdict {
	case build.Identical:
		return nil
	case build.CannotTell:
		return fmt.Errorf("cannot tell whether %s is what its build info says: %w", file, r.Err())
	default:
		return fmt.Errorf("%s is %s: see why above", file, r.Verdict)
	}
}
