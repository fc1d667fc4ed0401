package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/target"
)

func defineChange(t *tool, flags *flag.FlagSet) action {
	f := &makeFlags{asJSON: jsonFlag(flags), dryRun: true, format: string(pack.TarZst), channel: "stable"}
	flags.StringVar(&f.src, "src", ".", "`folder` of the module")
	flags.StringVar(&f.pkg, "pkg", ".", "main `package`, as ./cmd/app")
	flags.StringVar(&f.base, "base", "", "what is fixed: a git `REV`, the folder of a module, a dist folder, or executables separated by commas")
	flags.StringVar(&f.sourceRevision, "base-rev", "", "git `REV` that a base of executables or packages was built from, if it does not tell")
	flags.StringVar(&f.sourceFolder, "base-src", "", "the same, as the `folder` of its module")
	flags.StringVar(&f.fix, "fix", "", "git `REV` of the fix (default: the folder as it stands)")
	flags.StringVar(&f.targets, "targets", target.Host().String(), "targets and `patterns`, as linux/amd64,darwin/*,!*/386")
	flags.StringVar(&f.toolchain, "toolchain", "", "Go `version` to build with, as go1.26.8 (default: the base's)")
	flags.StringVar(&f.tags, "tags", "", "build `tags`, separated by commas")
	flags.StringVar(&f.pgo, "pgo", "", "profile `file` for optimisation, or off")
	flags.StringVar(&f.cc, "cc", "", "turn cgo on, with this C `compiler`")
	flags.BoolVar(&f.vendor, "vendor", false, "build from the vendor folder")
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
