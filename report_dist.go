package hotfix

import (
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix/internal/page"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func (r *Result) packagesSection() page.Section {
	s := page.Section{ID: "packages", Title: "Packages and executables"}
	if len(r.Targets) == 0 {
		s.Blocks = []page.Block{note("No target was planned: %s.", r.unreached())}
		return s
	}
	s.Count = page.Count(len(r.Targets))
	packages := r.packagesTable()
	if len(packages.Rows) == 0 {
		s.Blocks = append(s.Blocks, note("No package was written: %s.", r.notBuilt()))
	}
	s.Blocks = append(s.Blocks, tables(packages, r.deltasTable(), r.executablesTable())...)
	if p := r.Provenance; p != nil {
		s.Blocks = append(s.Blocks, page.Heading{Text: "Provenance"}, note(
			"Built by %s, out of %s; %s names them all.", p.Builder, counted(p.Inputs, "input", "inputs"), manifest.ProvenanceName))
	}
	s.Blocks = append(s.Blocks, page.Heading{Text: "Signatures"})
	if len(r.Signers) == 0 {
		return appendBlock(s, page.Note{Tone: page.Caution, Text: "Nobody has signed."})
	}
	return appendBlock(s, table("Keys that signed all packages, and by which what was written was verified", names("Key", "Bundle"), r.Signers, func(id verify.KeyID) []page.Cell {
		return []page.Cell{{Digest: id.String()}, code(verify.BundleName(id))}
	}))
}

func appendBlock(s page.Section, b page.Block) page.Section {
	s.Blocks = append(s.Blocks, b)
	return s
}

func (r *Result) notBuilt() string {
	if r.DryRun {
		return "a dry run writes nothing"
	}
	return r.unreached()
}

func (r *Result) packagesTable() *page.Table {
	var written []TargetResult
	for _, t := range r.Targets {
		if t.Package != "" {
			written = append(written, t)
		}
	}
	return table("Packages", names("Package", "Target", "#Bytes", "SHA-256", "State"), written, func(t TargetResult) []page.Cell {
		return []page.Cell{code(t.Package), text(t.Target.String()), count(t.Size), {Digest: t.Digest.Hex()}, text(t.state())}
	})
}

// deltasTable says how little a host needs that has the right base.
func (r *Result) deltasTable() *page.Table {
	type row struct {
		DeltaResult
		of TargetResult
	}
	var deltas []row
	for _, t := range r.Targets {
		for _, d := range t.Deltas {
			deltas = append(deltas, row{d, t})
		}
	}
	columns := names("Delta package", "Target", "From", "#Bytes", "#Of the full package", "Patch", "SHA-256")
	return table("Delta packages, each for hosts that run the version that it starts from", columns, deltas, func(d row) []page.Cell {
		part := float64(d.Size) / float64(max(1, d.of.Size))
		return []page.Cell{
			code(d.Package), text(d.of.Target.String()), {Text: d.From.Version, Sub: d.From.Digest.Short()}, count(d.Size),
			text(fmt.Sprintf("%.2f %%", 100*part)), text(fmt.Sprintf("%s, %s", page.Bytes(d.Patch), d.Coder)), {Digest: d.Digest.Hex()},
		}
	})
}

func (r *Result) executablesTable() *page.Table {
	columns := names("Target", "#Base", "Its SHA-256", "#Fix", "Its SHA-256", "#Difference", "#CPU seconds")
	return table("Executables, sizes in bytes", columns, r.Targets, func(t TargetResult) []page.Cell {
		before, after, difference := text("–"), text("–"), text("–")
		if t.Base != nil {
			before = count(t.Base.Size)
		}
		if t.Executable != nil {
			after = count(t.Executable.Size)
		}
		if t.Base != nil && t.Executable != nil {
			difference = text(signed(t.Executable.Size - t.Base.Size))
		}
		return []page.Cell{code(t.Target.String()), before, digestOf(t.Base, "no base"), after, digestOf(t.Executable, "not built"), difference, text(seconds(t.CPUSeconds))}
	})
}

func digestOf(b *manifest.Binary, none string) page.Cell {
	if b == nil {
		return text(none)
	}
	return page.Cell{Digest: b.Digest.Hex()}
}

func (r *Result) runSection() page.Section {
	s := page.Section{ID: "run", Title: "The run"}
	if r.Failure != nil {
		s.Mark, s.Count = page.Bad, "failed"
		s.Blocks = append(s.Blocks, page.Note{Tone: page.Bad, Text: "The run ended early: " + r.Failure.String()})
	}
	s.Blocks = append(s.Blocks, r.stepsTable(), page.Heading{Text: "Flags of the go command"})
	if len(r.Flags) == 0 {
		return appendBlock(s, note("Not known: nothing was built."))
	}
	return appendBlock(s, page.Output(strings.Join(r.Flags, "\n")))
}

// stepsTable lists all steps, also those that were not reached.
func (r *Result) stepsTable() *page.Table {
	took, longest := map[Step]float64{}, 0.001
	for _, step := range r.Steps {
		took[step.Step] = step.Seconds
		longest = max(longest, step.Seconds)
	}
	return table("Steps", names("Step", "#Seconds", "Wall time"), Steps(), func(step Step) []page.Cell {
		elapsed, ran := took[step]
		switch {
		case r.Failure != nil && r.Failure.Step == step:
			return []page.Cell{text(string(step)), text(seconds(elapsed)), {Text: "failed", Tone: page.Bad}}
		case !ran:
			return []page.Cell{text(string(step)), text("–"), text(r.notRun(step))}
		}
		return []page.Cell{text(string(step)), text(fmt.Sprintf("%.2f", elapsed)), {Bar: &page.Bar{First: elapsed / longest, Kind: "time"}}}
	})
}

func (r *Result) notRun(step Step) string {
	switch {
	case r.Failure == nil && step == StepPublish && r.ended(StepVerify):
		return "had not ended when this was written, as its part"
	case r.Failure == nil && r.DryRun:
		return "left out of a dry run"
	}
	return "not reached"
}
