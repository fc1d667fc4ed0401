package apply

import (
	"context"
	"errors"
	"io/fs"

	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// compare finds where what runs, what is on the disk and what the journal says differ.
func (p *place) compare(ctx context.Context, st *Status, records []journal.Record) error {
	p.compareLink(st, records)
	for _, id := range []manifest.Digest{st.Current, st.Previous} {
		if id.IsZero() {
			continue
		}
		if _, err := p.store.Check(ctx, id); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			st.drift("version", "%v", err)
		}
	}
	p.compareInstalled(st)
	return p.compareProcess(ctx, st)
}

func (p *place) compareLink(st *Status, records []journal.Record) {
	if len(records) == 0 {
		if !st.Current.IsZero() {
			st.drift("journal", "the journal is empty, and the current link leads to %s", short(st.Current))
		}
		return
	}
	last := records[len(records)-1]
	unsure := last.State == journal.Activating || last.State == journal.Reverting
	if want := expected(last); want != st.Current && !unsure {
		st.drift("link", "the current link leads to %s, and the journal says %s", short(st.Current), short(want))
	}
}

// executable is the digest of the current version's executable; zero if it is unknown.
func (st *Status) executable() manifest.Digest {
	for _, v := range st.Versions {
		if v.Current {
			return v.Executable
		}
	}
	return manifest.Digest{}
}

func (p *place) compareInstalled(st *Status) {
	if p.install == "" || st.Current.IsZero() {
		return
	}
	digest, _, err := manifest.DigestFile(p.install)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		st.drift("install path", "%s is missing", p.install)
	case err != nil:
		st.drift("install path", "%v", err)
	case digest != st.executable():
		st.drift("install path", "%s has digest %s, and the current version has %s", p.install, digest, st.executable())
	}
}

// compareProcess asks the strategy what runs. That it cannot tell is no drift.
func (p *place) compareProcess(ctx context.Context, st *Status) error {
	o := &operation{place: p}
	o.record.To = st.Current
	proc, err := o.running(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return context.Cause(ctx)
	}
	if err != nil {
		st.drift("process", "what runs cannot be told: %v", err)
		return context.Cause(ctx)
	}
	st.Running = &proc
	if want := st.executable(); !want.IsZero() && !proc.Digest.IsZero() && proc.Digest != want {
		st.drift("process", "process %d runs an executable of digest %s, and the current version has %s: it was not restarted, or somebody else started it", proc.PID, proc.Digest, want)
	}
	return nil
}
