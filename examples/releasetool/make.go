package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// makeFlags are the flags of make as they were given.
type makeFlags struct {
	src, pkg, base, baseVersion, fix string
	sourceRevision, sourceFolder     string
	targets, out, format, cache      string
	product, version, id, channel    string
	versionVariable, toolchain       string
	tags, pgo, cc                    string
	verifyScript, files              string
	keys                             list
	stamps                           stampFlags
	order                            orderFlags
	deltas                           bool
	deltaBases                       string
	parallel                         int
	memory                           int64
	vendor, dryRun, debug            bool
	runTests, race                   bool
	withoutProof, withoutComparison  bool
	markdown, inline                 bool
	asJSON                           *bool
	policyFlags
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func defineMake(t *tool, flags *flag.FlagSet) action {
	f := &makeFlags{asJSON: jsonFlag(flags)}
	f.defineSides(flags)
	flags.StringVar(&f.base, "base", "", "what is fixed: a git `REV`, a dist folder, executables separated by commas, or none")
	flags.StringVar(&f.sourceFolder, "base-src", "", "the same, as the `folder` of its module; without -base, that is built and fixed")
	flags.StringVar(&f.baseVersion, "base-version", "", "`version` of the base, if it does not tell")
	flags.StringVar(&f.out, "out", "", "dist `folder` to write")
	flags.StringVar(&f.format, "format", string(pack.TarZst), "`format` of the packages: tar.gz, tar.zst or zip")
	flags.StringVar(&f.cache, "cache", "", "`folder` kept between runs (default: in the user's cache)")
	flags.StringVar(&f.product, "product", "", "product `name` (default: the base's, or the package's)")
	flags.StringVar(&f.version, "version", "", "`version` of the result (default: the fix's tag, or the base's with +hotfix.N)")
	flags.StringVar(&f.id, "id", "", "hotfix `id` (default: product and version)")
	flags.StringVar(&f.channel, "channel", "stable", "release `channel`")
	flags.StringVar(&f.versionVariable, "version-variable", "", "set a string `variable` of the program, as main.version, to the version")
	flags.StringVar(&f.verifyScript, "verify-script", "", "`file` that the host runs before it switches")
	flags.StringVar(&f.files, "files", "", "`folder` with config/ and scripts/ to pack")
	flags.BoolVar(&f.deltas, "deltas", true, "if there is a base, also make delta packages for the hosts that run it")
	flags.StringVar(&f.deltaBases, "delta-base", "", "the same for hosts that run others: dist folders, executables or git `REVs`, separated by commas")
	flags.Var(&f.keys, "key", "private key `file` to sign with; may be given several times")
	f.stamps.define(flags)
	f.order.define(flags)
	flags.IntVar(&f.parallel, "parallel", 0, "targets to build at once (default: by CPUs and memory)")
	flags.Int64Var(&f.memory, "memory", 0, "memory budget of the builds in `MiB` (default: three quarters of what is free)")
	f.policyFlags.define(flags, "")
	flags.BoolVar(&f.runTests, "test", false, "run the tests that the change can reach, on base and fix")
	flags.BoolVar(&f.race, "race", false, "run them with the race detector")
	flags.BoolVar(&f.withoutProof, "no-proof", false, "do not rebuild a base of executables from its source")
	flags.BoolVar(&f.withoutComparison, "no-compare", false, "do not compare the executables function by function")
	flags.BoolVar(&f.markdown, "markdown", false, "print a summary for a pull request")
	flags.BoolVar(&f.inline, "inline", false, "also print statement, signatures and deltas as one block of text, for a chat or a ticket")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be done and write nothing")
	flags.BoolVar(&f.debug, "debug", false, "log the commands that are run")
	return func(ctx context.Context, _ []string) error { return t.make(ctx, f) }
}

// defineSides defines the flags that say what base and fix are and how both are
// built, which make and change share.
func (f *makeFlags) defineSides(flags *flag.FlagSet) {
	flags.StringVar(&f.src, "src", ".", "`folder` of the module")
	flags.StringVar(&f.pkg, "pkg", ".", "main `package`, as ./cmd/app")
	flags.StringVar(&f.sourceRevision, "base-rev", "", "git `REV` that a base of executables or packages was built from, if it does not tell")
	flags.StringVar(&f.fix, "fix", "", "git `REV` of the fix (default: the folder as it stands)")
	flags.StringVar(&f.targets, "targets", target.Host().String(), "targets and `patterns`, as linux/amd64,darwin/*,!*/386")
	flags.StringVar(&f.toolchain, "toolchain", "", "Go `version` to build with, as go1.26.8 (default: the base's)")
	flags.StringVar(&f.tags, "tags", "", "build `tags`, separated by commas")
	flags.StringVar(&f.pgo, "pgo", "", "profile `file` for optimisation, or off")
	flags.StringVar(&f.cc, "cc", "", "turn cgo on, with this C `compiler`")
	flags.BoolVar(&f.vendor, "vendor", false, "build from the vendor folder")
}

func (t *tool) make(ctx context.Context, f *makeFlags) error {
	options, err := t.pipelineOptions(ctx, f)
	if err != nil {
		return err
	}
	product, err := f.productName()
	if err != nil {
		return err
	}
	progress := t.newProgress(len(hotfix.Steps()))
	defer progress.done()
	p, err := hotfix.New(product, append(options, hotfix.WithObserver(progress.observe))...)
	if err != nil {
		return err
	}
	result, err := p.Run(ctx)
	progress.done()
	var blocked *hotfix.BlockedError
	if errors.As(err, &blocked) {
		return errors.Join(t.print(*f.asJSON, result, func() string { return findingsText(blocked.Findings) }), err)
	}
	if err != nil {
		return err
	}
	made := made{Result: result}
	if f.inline {
		block, err := hotfix.InlineDist(ctx, result.Dist)
		if err != nil {
			return err
		}
		made.Inline = string(block)
	}
	return t.print(*f.asJSON, made, func() string { return made.text(f.markdown) })
}

// made is the result of make.
type made struct {
	*hotfix.Result
	Inline string `json:"inline,omitempty"` // the block of text, if it was asked for
}

func (m made) text(markdown bool) string {
	text := m.Result.String()
	if markdown {
		text = m.Markdown()
	}
	return text + m.Inline
}

func (t *tool) pipelineOptions(ctx context.Context, f *makeFlags) ([]hotfix.Option, error) {
	base, err := f.chooseBase()
	if err != nil {
		return nil, err
	}
	buildOptions, err := f.buildOptions(t)
	if err != nil {
		return nil, err
	}
	targets, err := f.expandTargets(ctx, buildOptions)
	if err != nil {
		return nil, err
	}
	packOptions, err := f.packOptions()
	if err != nil {
		return nil, err
	}
	if f.out == "" && !f.dryRun {
		return nil, errors.New("no -out: give the dist folder to write, or -dry-run")
	}
	if f.inline && (f.dryRun || len(f.keys) == 0) {
		return nil, errors.New("-inline carries what was signed: give -key, and no -dry-run")
	}
	judges, err := f.judges()
	if err != nil {
		return nil, err
	}
	options := []hotfix.Option{
		hotfix.WithSource(f.src, f.pkg), hotfix.WithBase(base), hotfix.WithTargets(targets...),
		hotfix.WithChannel(f.channel), hotfix.WithBuild(buildOptions...), hotfix.WithPack(packOptions...),
	}
	for _, o := range []struct {
		value  string
		option func(string) hotfix.Option
	}{
		{f.fix, hotfix.WithFix}, {f.sourceRevision, hotfix.WithBaseSourceRevision}, {f.builtFrom(), hotfix.WithBaseSourceFolder}, {f.baseVersion, hotfix.WithBaseVersion}, {f.version, hotfix.WithVersion}, {f.id, hotfix.WithID},
		{f.versionVariable, hotfix.WithVersionVariable}, {f.out, hotfix.WithOutput}, {f.cache, hotfix.WithCache},
	} {
		if o.value != "" {
			options = append(options, o.option(o.value))
		}
	}
	if f.dryRun {
		options = append(options, hotfix.WithDryRun())
	}
	options = append(options, judges...)
	order, err := f.order.options()
	if err != nil {
		return nil, err
	}
	options = append(options, order...)
	deltas, err := f.deltaOptions()
	if err != nil {
		return nil, err
	}
	options = append(options, deltas...)
	for _, path := range f.keys {
		signer, err := t.loadSigner(path, &f.stamps)
		if err != nil {
			return nil, err
		}
		options = append(options, hotfix.WithSigner(signer))
	}
	return options, nil
}

// judges are the options that say what must hold before anything is shipped.
func (f *makeFlags) judges() ([]hotfix.Option, error) {
	policies, err := f.choose()
	if err != nil {
		return nil, err
	}
	options := []hotfix.Option{hotfix.WithPolicies(policies...)}
	if f.runTests {
		var how []tests.Option
		if f.race {
			how = append(how, tests.WithRace())
		}
		options = append(options, hotfix.WithTests(how...))
	}
	if f.withoutProof {
		options = append(options, hotfix.WithoutProof())
	}
	if f.withoutComparison {
		options = append(options, hotfix.WithoutComparison())
	}
	return options, nil
}

func (f *makeFlags) buildOptions(t *tool) ([]build.Option, error) {
	var options []build.Option
	if f.toolchain != "" {
		options = append(options, build.WithToolchain(f.toolchain))
	}
	if f.tags != "" {
		options = append(options, build.WithTags(strings.Split(f.tags, ",")...))
	}
	if f.pgo != "" {
		options = append(options, build.WithPGO(f.pgo))
	}
	if f.cc != "" {
		options = append(options, build.WithCgo(build.Cgo{CC: f.cc}))
	}
	if f.vendor {
		options = append(options, build.WithVendor())
	}
	if f.parallel != 0 {
		options = append(options, build.WithParallel(f.parallel))
	}
	if f.memory != 0 {
		options = append(options, build.WithMemoryBudget(f.memory<<20))
	}
	if f.debug {
		options = append(options, build.WithLogger(slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	return options, nil
}

func (f *makeFlags) packOptions() ([]pack.Option, error) {
	format, err := pack.ParseFormat(f.format)
	if err != nil {
		return nil, err
	}
	options := []pack.Option{pack.WithFormat(format)}
	if f.verifyScript != "" {
		script, err := readFile(f.verifyScript, manifest.MaxDocument)
		if err != nil {
			return nil, fmt.Errorf("reading the verify script: %w", err)
		}
		options = append(options, pack.WithVerifyScript(script))
	}
	if f.files != "" {
		options = append(options, pack.WithFiles(os.DirFS(f.files)))
	}
	return options, nil
}

// expandTargets expands patterns against what the toolchain supports. Plain
// targets need no toolchain to be asked.
func (f *makeFlags) expandTargets(ctx context.Context, options []build.Option) ([]target.Target, error) {
	set, err := target.ParseSet(f.targets)
	if err != nil {
		return nil, err
	}
	supported := target.Known()
	if strings.ContainsAny(f.targets, "*?!") {
		builder, err := build.New(f.src, f.pkg, options...)
		if err != nil {
			return nil, err
		}
		if supported, err = builder.Ports(ctx); err != nil {
			return nil, err
		}
	}
	return set.Expand(supported)
}

// chooseBase tells the kinds of base apart: what exists is a dist folder or
// executables, "none" is none, all else is a git revision. The source of the
// base alone is a base as well.
func (f *makeFlags) chooseBase() (hotfix.Base, error) {
	switch {
	case f.base == "" && f.sourceFolder != "":
		return hotfix.BaseFolder(f.sourceFolder), nil
	case f.base == "":
		return nil, errors.New("no -base: give a git revision, a dist folder, executables, or none for a first release")
	case f.base == "none":
		return hotfix.NoBase(), nil
	}
	return parseBase(strings.Split(f.base, ","))
}

// parseBase returns the base that a dist folder, executables or a revision make.
func parseBase(names []string) (hotfix.Base, error) {
	info, err := os.Stat(names[0])
	if errors.Is(err, fs.ErrNotExist) && len(names) == 1 {
		return hotfix.BaseRevision(names[0]), nil
	}
	if err != nil {
		return nil, fmt.Errorf("the base: %w", err)
	}
	if info.IsDir() {
		return hotfix.BaseDist(names[0]), nil
	}
	return hotfix.BaseBinaries(names...), nil
}

// deltaOptions asks for delta packages, if there is anything to start from.
func (f *makeFlags) deltaOptions() ([]hotfix.Option, error) {
	var further []hotfix.Base
	for name := range strings.SplitSeq(f.deltaBases, ",") {
		if name == "" {
			continue
		}
		base, err := parseBase([]string{name})
		if err != nil {
			return nil, err
		}
		further = append(further, base)
	}
	switch {
	case !f.deltas && further != nil:
		return nil, errors.New("-delta-base names what deltas start from, and -deltas is off: leave one of them out")
	case f.deltas && (f.base != "none" || further != nil):
		return []hotfix.Option{hotfix.WithDeltas(further...)}, nil
	case f.inline:
		return nil, errors.New("-inline carries delta packages, and none are made: give a base, and leave -deltas on")
	}
	return nil, nil
}

// builtFrom is the folder that a base of executables or packages was built from.
func (f *makeFlags) builtFrom() string {
	if f.base == "" {
		return ""
	}
	return f.sourceFolder
}

// productName returns the given name, the base release's, or one made from the
// package.
func (f *makeFlags) productName() (string, error) {
	if f.product != "" {
		return f.product, nil
	}
	if data, err := os.ReadFile(filepath.Join(f.base, verify.ReleaseName)); err == nil {
		if release, err := manifest.DecodeRelease(data); err == nil {
			return release.Product, nil
		}
	}
	builder, err := build.New(f.src, f.pkg)
	if err != nil {
		return "", err
	}
	name := strings.ToLower(path.Base(builder.Name()))
	if err := manifest.CheckProduct(name); err != nil {
		return "", fmt.Errorf("%q cannot be a product name: give one by -product", name)
	}
	return name, nil
}
