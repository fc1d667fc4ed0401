package hotfix

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// prove rebuilds a base that was given as executables or packages from its
// source, with the plan of the fix. Only if that makes the same bytes is what
// changes in the source all that the fix changes.
func (r *run) prove(ctx context.Context) error {
	b := r.old
	targets := r.provable()
	if len(targets) == 0 {
		return r.recordFlags()
	}
	artifacts, err := b.builder.BuildAll(ctx, targets)
	var failed build.TargetErrors
	switch {
	case err == nil:
	case errors.As(err, &failed) && ctx.Err() == nil:
		r.cannotProve(targets, failed)
		return nil
	default:
		return fmt.Errorf("rebuilding the base: %w", err)
	}
	for _, a := range artifacts {
		proof, err := r.proof(ctx, a)
		if err != nil {
			return err
		}
		r.recordProof(proof)
	}
	return r.recordFlags()
}

// provable are the targets whose base is an executable of somebody else's
// making, and whose source is known.
func (r *run) provable() []target.Target {
	var targets []target.Target
	if r.old.source == nil || r.old.made || r.withoutProof {
		return nil
	}
	for _, t := range r.targets {
		if _, ok := r.old.binaries[t]; ok {
			targets = append(targets, t)
		}
	}
	return targets
}

// proof compares a rebuild with the base's executable, which is taken out of its
// package only if it differs.
func (r *run) proof(ctx context.Context, a *build.Artifact) (*build.Proof, error) {
	if running := r.old.binaries[a.Target]; running.Digest == a.Digest {
		r.old.files[a.Target] = a.Path
	}
	path, err := r.baseExecutable(ctx, a.Target)
	if err != nil {
		return nil, err
	}
	return build.Prove(ctx, path, a, build.ProveRevision(r.old.source.commit))
}

// cannotProve records that the base's source does not even build. Policies
// decide whether to go on.
func (r *run) cannotProve(targets []target.Target, failed build.TargetErrors) {
	for _, t := range targets {
		r.recordProof(build.Unproven(t, r.old.binaries[t].Digest, failed))
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

// recordFlags notes how the base was built: by its plan, if that makes it.
func (r *run) recordFlags() error {
	b := r.old
	made := b.source != nil && (b.made || r.dryRun)
	for _, p := range r.judged.Proofs {
		made = p.Verdict == build.Identical || p.Verdict == build.IdenticalButSignature
		if !made {
			break
		}
	}
	if !made {
		return nil
	}
	plan, err := b.builder.Plan(r.targets[0])
	b.flags = plan.Flags()
	return err
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
		before, err := r.baseExecutable(ctx, t.Target)
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
