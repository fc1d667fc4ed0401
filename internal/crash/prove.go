//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/gohotfix/hotfix/internal/crash/disk"
)

// Trials of one row in the short form.
const (
	shortTrials   = 3  // for each way to disturb each operation
	shortStates   = 8  // of a disk
	shortControls = 8  // to find a mistake that shows often
	controlTrials = 60 // to find a mistake
)

// prove does what the settings say.
func (s settings) prove(ctx context.Context, st *stage, r *report) error {
	subject, err := s.newSubject(ctx, st)
	if untraceable(err) {
		r.skip(fmt.Sprintf("everything: system calls cannot be traced here: %v", err))
		return nil
	}
	if err != nil {
		return err
	}
	for _, proof := range s.proofs {
		p := &prover{stage: st, subject: subject, label: subject.name(), report: r, only: s.operation}
		if s.short {
			p.most = shortTrials
		}
		err := s.disturb(ctx, p, proof, s.filesystems())
		if err == nil {
			err = s.control(ctx, st, r, proof)
		}
		if untraceable(err) {
			r.skip(fmt.Sprintf("%s: system calls cannot be traced here: %v", proof, err))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// untraceable reports whether an error says that this system does not trace, or forbids it.
func untraceable(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) && !errors.Is(err, disk.ErrUnavailable)
}

func (s settings) newSubject(ctx context.Context, st *stage) (subject, error) {
	switch s.subject {
	case "toy":
		return newToy(ctx, st, noMistake)
	case "agent":
		return newAgent(ctx, st)
	}
	return nil, fmt.Errorf("there is no program %q: agent and toy are", s.subject)
}

// filesystems returns those on which the power is cut.
func (s settings) filesystems() []disk.Filesystem {
	all := disk.Filesystems()
	switch {
	case s.only != "":
		return slices.DeleteFunc(all, func(f disk.Filesystem) bool { return f.Name != s.only })
	case s.short:
		return all[:1]
	}
	return all
}

// disturb does one proof with all operations of the subject.
func (s settings) disturb(ctx context.Context, p *prover, proof string, filesystems []disk.Filesystem) error {
	if proof == "powercut" {
		return s.cut(ctx, p, filesystems)
	}
	for _, o := range p.operations() {
		disturb := p.kill
		if proof == "errors" {
			disturb = p.fail
		}
		if err := disturb(ctx, o); err != nil {
			return err
		}
	}
	if proof == "kill" && p.subject.guarded() {
		return p.killAlone(ctx)
	}
	return nil
}

// killAlone kills the subject and lets live whom it has left behind, in its first operation.
func (p *prover) killAlone(ctx context.Context) error {
	alone := *p
	alone.linger = true
	if all := p.operations(); len(all) > 0 {
		return alone.kill(ctx, all[0])
	}
	return nil
}

// cut cuts the power on those file systems on which it can be cut here.
func (s settings) cut(ctx context.Context, p *prover, filesystems []disk.Filesystem) error {
	if s.short && p.most == shortTrials {
		p.most = shortStates
	}
	for _, f := range filesystems {
		err := disk.Available(f)
		if err == nil {
			err = p.cutAll(ctx, f)
		}
		if errors.Is(err, disk.ErrUnavailable) {
			p.report.skip(fmt.Sprintf("power cuts on %s: %v", f.Name, err))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cutAll cuts the power of all operations on one file system.
func (p *prover) cutAll(ctx context.Context, f disk.Filesystem) error {
	for _, o := range p.operations() {
		if err := p.powercut(ctx, f, o); err != nil {
			return err
		}
	}
	return nil
}

// mistakes are those of the toy, with the proof that must find each. The short form
// tries the first, which shows at many points.
func (s settings) mistakes(proof string) []string {
	all := map[string][]string{
		"kill":     {"boastful", "copy-last", "in-place", "remove-first", "untidy"},
		"errors":   {"untidy", "deaf"},
		"powercut": {"unsynced", "unsynced-folder", "copy-last", "boastful"},
	}[proof]
	if s.short {
		return all[:1]
	}
	return all
}

// control requires that the proof finds the mistakes of the toy, and none if there is
// none.
func (s settings) control(ctx context.Context, st *stage, r *report, proof string) error {
	trials := controlTrials
	if s.short {
		trials = shortControls
	}
	for _, mistake := range append([]string{noMistake}, s.mistakes(proof)...) {
		t, err := newToy(ctx, st, mistake)
		if err != nil {
			return err
		}
		found := &report{}
		p := &prover{stage: st, subject: t, label: "toy", report: found, most: trials}
		if err := s.disturb(ctx, p, proof, disk.Filesystems()[:1]); err != nil {
			return fmt.Errorf("the mistake %s: %w", mistake, err)
		}
		if len(found.Skipped) > 0 {
			return nil // the skipped proof itself is told of
		}
		r.addControl(proof, mistake, found)
	}
	return nil
}

// addControl notes what was found in a toy.
func (r *report) addControl(proof, mistake string, found *report) {
	c := control{Mistake: mistake, Proof: proof}
	c.Tried, c.Found = found.sums()
	if i := slices.IndexFunc(found.Rows, func(r *row) bool { return r.Failed > 0 }); i >= 0 {
		c.Example = found.Rows[i].Failures[0]
	}
	r.Controls = append(r.Controls, c)
}

func (r *report) skip(what string) {
	if !slices.Contains(r.Skipped, what) {
		r.Skipped = append(r.Skipped, what)
	}
}
