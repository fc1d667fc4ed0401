package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
)

func defineChange(t *tool, flags *flag.FlagSet) action {
	f := &makeFlags{asJSON: jsonFlag(flags), dryRun: true, format: string(pack.TarZst), channel: "stable"}
	f.defineSides(flags)
	flags.StringVar(&f.base, "base", "", "what is fixed: a git `REV`, the folder of a module, a dist folder, or executables separated by commas")
	flags.StringVar(&f.sourceFolder, "base-src", "", "the same, as the `folder` of its module")
	flags.BoolVar(&f.markdown, "markdown", false, "print a summary for a pull request")
	f.policyFlags.define(flags, " (default: default)")
	return func(ctx context.Context, _ []string) error { return t.change(ctx, f) }
}

// change is make as far as nothing is built.
func (t *tool) change(ctx context.Context, f *makeFlags) error {
	if len(f.policies) == 0 {
		f.policies = list{"default"}
	}
	if _, err := os.Stat(filepath.Join(f.base, "go.mod")); f.base != "" && err == nil {
		f.base, f.sourceFolder = "", f.base
	}
	options, err := t.pipelineOptions(ctx, f)
	if err != nil {
		return err
	}
	p, err := hotfix.New("change", options...)
	if err != nil {
		return err
	}
	result, err := p.Run(ctx)
	if result.Change == nil {
		if err == nil {
			err = errors.New("the source of the base is not known: name it by -base-rev or -base-src")
		}
		return err
	}
	text := func() string { return changeText(result) }
	if f.markdown {
		text = result.Markdown
	}
	return errors.Join(t.print(*f.asJSON, result, text), err)
}
