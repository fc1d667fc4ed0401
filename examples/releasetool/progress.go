package main

import (
	"fmt"

	"github.com/schollz/progressbar/v3"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/tests"
)

// progress draws one line on a terminal: the steps that are done, and what is
// being compiled. Elsewhere it is silent, so that logs stay short.
type progress struct {
	bar      *progressbar.ProgressBar // nil if standard error is no terminal
	step     hotfix.Step
	compiled int
}

func (t *tool) newProgress(steps int) *progress {
	if !t.terminal {
		return &progress{}
	}
	return &progress{bar: progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(t.stderr), progressbar.OptionSetWidth(20), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetDescription("starting"))}
}

func (p *progress) observe(e hotfix.Event) {
	if p.bar == nil {
		return
	}
	switch e := e.(type) {
	case hotfix.StepStarted:
		p.step = e.Step
		p.bar.Describe(string(e.Step))
	case hotfix.StepFinished:
		_ = p.bar.Add(1)
	case hotfix.Building:
		p.building(e.Event)
	case hotfix.Testing:
		p.testing(e.Event)
	case hotfix.Compared:
		p.bar.Describe(fmt.Sprintf("%s: %s done", p.step, e.Report.New.Target))
	}
}

func (p *progress) testing(e tests.Event) {
	switch e := e.(type) {
	case tests.PackageStarted:
		p.bar.Describe(fmt.Sprintf("%s: %s on the %s", p.step, e.Path, e.Side))
	case tests.PackageFinished:
		p.bar.Describe(fmt.Sprintf("%s: %d of %d packages on the %s", p.step, e.Done, e.Total, e.Side))
	}
}

func (p *progress) building(e build.Event) {
	switch e := e.(type) {
	case build.PackageCompiling:
		p.compiled++
		p.bar.Describe(fmt.Sprintf("%s: %d packages compiled, now %s for %s", p.step, p.compiled, e.ImportPath, e.Target))
	case build.TargetFinished:
		p.bar.Describe(fmt.Sprintf("%s: %s done", p.step, e.Target))
	}
}

// done removes the line.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
