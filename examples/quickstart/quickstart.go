package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

// program is what gets a hotfix: its release in production, and the sources of
// both sides.
type program struct {
	product              string
	baseDir, fixDir, pkg string
	baseVersion          string
	fixVersion           string    // "" for the base's with +hotfix.1
	versionVariable      string    // "" for none
	fixTime              time.Time // of the fix commit
	policies             []policy.Policy
	tested               bool // by its own tests
	live                 bool // it can be exchanged while it runs, as askService starts it
	demonstrate          func(ctx context.Context, say *narrator, executable string) error
}

// story is one run of the quickstart.
type story struct {
	*settings
	program  *program
	say      *narrator
	progress *progress
	work     string // folder that is removed at the end
	start    time.Time
}

func run(ctx context.Context, args []string, stdout io.Writer, progress *progress) (err error) {
	settings, err := parse(args, stdout)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "hotfix-quickstart-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	s := &story{settings: settings, say: &narrator{out: stdout}, progress: progress, work: work, start: time.Now()}
	if s.program, err = s.findProgram(ctx); err != nil {
		return err
	}
	return s.tell(ctx)
}

func (s *story) findProgram(ctx context.Context) (*program, error) {
	if s.module == "" {
		return embedded(ctx, s.work)
	}
	s.progress.begin("fetching " + s.module)
	defer s.progress.end()
	return fetched(ctx, s.settings, s.work)
}

// tell is the story itself.
func (s *story) tell(ctx context.Context) error {
	production, err := s.release(ctx)
	if err != nil {
		return err
	}
	if err := s.demonstrate(ctx, production); err != nil {
		return err
	}
	if err := s.showChange(); err != nil {
		return err
	}
	public, result, err := s.hotfix(ctx, production)
	if err != nil {
		return err
	}
	installed, err := s.asHost(ctx, public, result)
	if err != nil {
		return err
	}
	if err := s.demonstrate(ctx, installed); err != nil {
		return err
	}
	if err := s.goLive(ctx, production, public, result); err != nil {
		return err
	}
	s.conclude(result)
	return nil
}

// release builds the base, as whoever released it did.
func (s *story) release(ctx context.Context) (map[target.Target]string, error) {
	p := s.program
	s.say.step("The release in production: %s %s", p.product, p.baseVersion)
	options := []build.Option{build.WithOutput(filepath.Join(s.work, "production")), build.WithObserver(s.progress.building)}
	if p.versionVariable != "" {
		options = append(options, build.WithVariable(p.versionVariable, p.baseVersion))
	}
	builder, err := build.New(p.baseDir, p.pkg, options...)
	if err != nil {
		return nil, err
	}
	s.progress.begin("building " + p.baseVersion)
	artifacts, err := builder.BuildAll(ctx, s.targets)
	s.progress.end()
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"TARGET", "EXECUTABLE", "SHA-256", "TIME"}}
	executables := map[target.Target]string{}
	for _, a := range artifacts {
		executables[a.Target] = a.Path
		rows = append(rows, []string{a.Target.String(), size(a.Size), a.Digest.Short(), seconds(a.Elapsed)})
	}
	s.say.table(rows)
	return executables, nil
}

// demonstrate runs this machine's executable, if there is one.
func (s *story) demonstrate(ctx context.Context, executables map[target.Target]string) error {
	if s.program.demonstrate == nil {
		return nil
	}
	executable, ok := executables[target.Host()]
	if !ok {
		s.say.line("Not run: this machine, %s, is not among the targets.", target.Host())
		return nil
	}
	return s.program.demonstrate(ctx, s.say, executable)
}

// hotfix makes the release with a fresh key, and returns its public half.
func (s *story) hotfix(ctx context.Context, production map[target.Target]string) (public []byte, _ *hotfix.Result, err error) {
	s.say.step("The hotfix: proven, judged, tested, built, compared, packed, signed with a fresh key")
	signer, public, err := freshKey()
	if err != nil {
		return nil, nil, err
	}
	pipeline, err := hotfix.New(s.program.product, s.options(production, signer)...)
	if err != nil {
		return nil, nil, err
	}
	s.progress.begin("building the fix")
	result, err := pipeline.Run(ctx)
	s.progress.end()
	if err != nil {
		return nil, nil, err
	}
	s.say.line("%s (%s), built by %s", result.ID, manifest.FormatSequence(result.Epoch, result.Sequence), result.Toolchain)
	s.say.table(resultRows(result))
	for _, line := range established(result) {
		s.say.line("%s", line)
	}
	for _, warning := range result.Warnings {
		s.say.line("Warning: %s.", warning)
	}
	return public, result, s.keepKey(public)
}

func (s *story) options(production map[target.Target]string, signer *sign.Signer) []hotfix.Option {
	p := s.program
	options := []hotfix.Option{
		hotfix.WithSource(p.fixDir, p.pkg),
		hotfix.WithBase(hotfix.BaseBinaries(inOrder(s.targets, production)...)),
		hotfix.WithBaseVersion(p.baseVersion),
		hotfix.WithBaseSourceFolder(p.baseDir),
		hotfix.WithPolicies(p.policies...),
		hotfix.WithTargets(s.targets...),
		hotfix.WithTime(p.fixTime),
		hotfix.WithSigner(signer),
		hotfix.WithDeltas(),
		hotfix.WithOutput(s.dist()),
		hotfix.WithCache(filepath.Join(s.work, "cache")),
		hotfix.WithObserver(s.progress.observe),
	}
	if p.tested {
		options = append(options, hotfix.WithTests())
	}
	if p.fixVersion != "" {
		options = append(options, hotfix.WithVersion(p.fixVersion))
	}
	if p.versionVariable != "" {
		options = append(options, hotfix.WithVersionVariable(p.versionVariable))
	}
	return options
}

func inOrder(targets []target.Target, executables map[target.Target]string) []string {
	paths := make([]string, len(targets))
	for i, t := range targets {
		paths[i] = executables[t]
	}
	return paths
}

func (s *story) dist() string {
	if s.out != "" {
		return s.out
	}
	return filepath.Join(s.work, "dist")
}

// freshKey makes a key as "releasetool keygen" and cosign do. Its password is
// forgotten at once: the key signs this one release.
func freshKey() (*sign.Signer, []byte, error) {
	const password = "of a key that is never stored"
	private, public, err := sign.GenerateKeyPair([]byte(password))
	if err != nil {
		return nil, nil, err
	}
	signer, err := sign.LoadKey(private, func() ([]byte, error) { return []byte(password), nil })
	return signer, public, err
}

// keepKey puts the public key beside a dist that is kept, to verify it with.
func (s *story) keepKey(public []byte) error {
	if s.out == "" {
		return nil
	}
	return os.WriteFile(filepath.Clean(s.out)+".pub", public, 0o644)
}

func resultRows(result *hotfix.Result) [][]string {
	rows := [][]string{{"TARGET", "BASE", "FIX", "EXECUTABLE", "PACKAGE", "AS A PATCH", "FILE"}}
	for _, t := range result.Targets {
		rows = append(rows, []string{
			t.Target.String(), t.Base.Digest.Short(), t.Executable.Digest.Short(), size(t.Executable.Size), size(t.Size), patch(t), t.Package,
		})
	}
	return rows
}

// patch is the size of the delta package for those who have the base.
func patch(t hotfix.TargetResult) string {
	if len(t.Deltas) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d bytes", t.Deltas[0].Size)
}

func (s *story) conclude(result *hotfix.Result) {
	s.say.step("Done in %s", seconds(time.Since(s.start)))
	var steps []string
	for _, step := range result.Steps {
		steps = append(steps, fmt.Sprintf("%s %.1f s", step.Step, step.Seconds))
	}
	s.say.line("The pipeline's steps: %s.", strings.Join(steps, ", "))
	if s.out == "" {
		s.say.line("Nothing is left on the disk but Go's own caches; -out DIR keeps the dist folder.")
		return
	}
	s.say.line("Kept: the dist folder %s and the public key %s.pub.", s.out, filepath.Clean(s.out))
	s.say.line("Look at it: %s", filepath.Join(s.out, verify.ReportHTMLName))
	s.say.line("Verify it again: go run ./examples/releasetool verify -key %s.pub %s", filepath.Clean(s.out), s.out)
}
