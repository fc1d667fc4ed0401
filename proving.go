package hotfix

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
)

// prove rebuilds a base that was given as executables or packages from its
// source, with the plan of the fix. Only if that makes the same bytes is what
// changes in the source all that the fix changes. Where the base has no
// executable the rebuild stands for it, to compare the fix with.
func (r *run) prove(ctx context.Context) error {
	b := r.old
	if b.source == nil || b.planned || r.withoutProof || len(b.binaries) == 0 {
		return nil
	}
	artifacts, err := b.builder.BuildAll(ctx, r.targets)
	var failed build.TargetErrors
	switch {
	case err == nil:
	case errors.As(err, &failed) && ctx.Err() == nil && !errors.Is(err, build.ErrDiskFull):
		r.cannotProve(failed)
		return nil
	default:
		return fmt.Errorf("rebuilding the base: %w", err)
	}
	for _, a := range artifacts {
		if _, ok := b.binaries[a.Target]; !ok {
			b.files[a.Target] = a.Path
			r.warn(fmt.Sprintf("what the fix changes in the executable for %s is told against one that was built from the base's source", a.Target))
			continue
		}
		proof, err := r.proof(ctx, a)
		if err != nil {
			return err
		}
		r.recordProof(proof)
	}
	return nil
}

// proof compares a rebuild with the base's executable, which is taken out of its
// package only if it differs.
func (r *run) proof(ctx context.Context, a *build.Artifact) (*build.Proof, error) {
	if running := r.old.binaries[a.Target]; running.Digest == a.Digest {
		r.old.files[a.Target] = a.Path
	}
	path, err := r.old.executable(ctx, r, a.Target)
	if err != nil {
		return nil, err
	}
	var options []build.ProveOption
	if revision := r.old.source.Revision(); revision.Commit != "" && !revision.Dirty {
		options = append(options, build.WithCommit(revision.Commit))
	}
	return build.Prove(ctx, path, a, options...)
}

// cannotProve records that the base's source does not even build. Policies
// decide whether to go on.
func (r *run) cannotProve(failed build.TargetErrors) {
	for _, t := range r.targets {
		running, ok := r.old.binaries[t]
		if !ok {
			continue
		}
		r.recordProof(&build.Proof{
			Target: t, Executable: running.Digest, Verdict: build.CannotTell,
			Causes: []build.Cause{{
				Kind: build.CauseUnknown, What: fmt.Sprintf("the source of the base does not build: %v", failed),
				Remedy: "name the revision that the base was built from, and the toolchain and flags that it was built with",
			}},
		})
	}
}

func (r *run) recordProof(p *build.Proof) {
	r.judged.Proofs = append(r.judged.Proofs, p)
	for i := range r.result.Targets {
		if r.result.Targets[i].Target == p.Target {
			r.result.Targets[i].Proof = p
		}
	}
	r.emit(Proved{Proof: p})
}

// baseFlags are the flags that the base was built with; nil if they are not
// known. An executable does not record all of them, but one that its source and
// the plan make to the last byte was built by that plan.
func (r *run) baseFlags() ([]string, error) {
	b := r.old
	proven := len(r.judged.Proofs) > 0 && !slices.ContainsFunc(r.judged.Proofs, func(p *build.Proof) bool {
		return p.Verdict != build.Identical && p.Verdict != build.IdenticalButSignature
	})
	if !b.planned && !proven {
		return b.flags, nil
	}
	plan, err := b.builder.Plan(r.targets[0])
	return plan.Flags(), err
}

// compare tells what differs between the executables of base and fix, and asks
// the policies about it.
func (r *run) compare(ctx context.Context) error {
	if err := r.findEffects(ctx); err != nil {
		return err
	}
	r.recordCode()
	return r.ask(ctx, policy.AfterBuild)
}

func (r *run) findEffects(ctx context.Context) error {
	if r.withoutComparison {
		return nil
	}
	for i := range r.result.Targets {
		t := &r.result.Targets[i]
		before, err := r.old.executable(ctx, r, t.Target)
		if err != nil {
			return err
		}
		if before == "" {
			continue
		}
		if t.Effect, err = r.effect(ctx, before, t.Path); err != nil {
			return err
		}
		if t.Effect != nil {
			r.judged.Effects = append(r.judged.Effects, t.Effect)
			r.emit(Compared{Report: t.Effect})
		}
	}
	return nil
}

// effect compares two executables. What cannot be compared is warned of; a
// policy decides whether to go on.
func (r *run) effect(ctx context.Context, before, after string) (*compare.Report, error) {
	report, err := compare.Executables(ctx, before, after)
	if errors.Is(err, compare.ErrUnknown) {
		r.warn(fmt.Sprintf("what the fix changes in the executable cannot be told: %v", err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	report.Old.Path, report.New.Path = filepath.Base(before), filepath.Base(after)
	return report, nil
}
