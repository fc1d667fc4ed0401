package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Status is what a host knows of a product. Reading it changes nothing and needs no
// lock: while another process is applying, it shows how far that is.
type Status struct {
	Product     string          `json:"product"`               // whose it is
	State       journal.State   `json:"state,omitempty"`       // of the last operation; "" if there was none
	Operation   string          `json:"operation,omitempty"`   // its name
	Hotfix      string          `json:"hotfix,omitempty"`      // its hotfix
	Reason      string          `json:"reason,omitempty"`      // why it was taken back
	Since       time.Time       `json:"since,omitzero"`        // when that state was reached
	Deadline    time.Time       `json:"deadline,omitzero"`     // by which a pending version must be confirmed
	Busy        bool            `json:"busy,omitempty"`        // another process is changing the product
	Current     manifest.Digest `json:"current,omitzero"`      // version; zero if nothing is installed
	Previous    manifest.Digest `json:"previous,omitzero"`     // version; zero if there is none to go back to
	Versions    []Installed     `json:"versions"`              // the newest first
	Running     *swap.Process   `json:"running,omitempty"`     // nil if the strategy cannot tell
	Floor       manifest.Floor  `json:"floor"`                 // below which nothing is installed
	Drift       []Drift         `json:"drift,omitempty"`       // what is not as the journal says
	Quarantined []Quarantined   `json:"quarantined,omitempty"` // by statement
}

// Installed is a version in the store.
type Installed struct {
	ID         manifest.Digest `json:"id"`
	Version    string          `json:"version"`             // that the release gives it
	Hotfix     string          `json:"hotfix,omitempty"`    // that brought it
	Executable manifest.Digest `json:"executable,omitzero"` // zero if it has none
	Size       int64           `json:"size"`                // of the executable in bytes
	Path       string          `json:"path"`                // of the executable
	Current    bool            `json:"current,omitempty"`   // the current link leads to it
	Previous   bool            `json:"previous,omitempty"`  // the previous link does
	Pinned     bool            `json:"pinned,omitempty"`    // it is never collected
}

// Quarantined is a release that was taken back, and will not be applied again.
type Quarantined struct {
	Statement manifest.Digest `json:"statement"` // of the release
	Hotfix    string          `json:"hotfix"`    // its id
	Reason    string          `json:"reason"`    // why it was taken back, in words
	Time      time.Time       `json:"time"`      // when
}

// Drift is a difference between what runs, what is on the disk and what the journal
// says.
type Drift struct {
	What string `json:"what"` // "link", "version", "install path", "process" or "journal"
	Text string `json:"text"` // how they differ, as a sentence without a full stop
}

// Status tells what is installed, what runs, and whether they agree. Every file of the
// current and the previous version is read for that. A store without the product is
// [ErrNoProduct]; damage is told as [Drift] where the rest can still be told.
func (h *Host) Status(ctx context.Context, product string) (*Status, error) {
	s, err := store.Open(h.root, product)
	if err != nil {
		return nil, err
	}
	p := &place{Host: h, store: s}
	st := &Status{Product: product, Versions: []Installed{}, Busy: s.Busy()}
	records, err := journal.Read(ctx, s.Path("journal"))
	if err != nil {
		st.drift("journal", "%v", err)
	}
	st.fromJournal(records)
	st.fromLinks(s)
	if err := p.listVersions(st, records); err != nil {
		return nil, err
	}
	if err := p.readRest(ctx, st); err != nil {
		return nil, err
	}
	return st, p.compare(ctx, st, records)
}

func (st *Status) drift(what, format string, args ...any) {
	st.Drift = append(st.Drift, Drift{What: what, Text: fmt.Sprintf(format, args...)})
}

func (st *Status) fromJournal(records []journal.Record) {
	if len(records) == 0 {
		return
	}
	last := records[len(records)-1]
	st.State, st.Operation, st.Hotfix, st.Reason, st.Since = last.State, last.Operation, last.Hotfix, last.Reason, last.Time
	if !last.State.Ended() {
		st.Deadline = last.Deadline
	}
}

func (st *Status) fromLinks(s *store.Store) {
	var err error
	if st.Current, err = s.Resolve(store.Current); err != nil {
		st.drift("link", "%v", err)
	}
	if st.Previous, err = s.Resolve(store.Previous); err != nil {
		st.drift("link", "%v", err)
	}
}

func (p *place) listVersions(st *Status, records []journal.Record) error {
	ids, err := p.store.Versions()
	if err != nil {
		return err
	}
	pinned, err := p.store.Pinned()
	if err != nil {
		return err
	}
	hotfixes := map[manifest.Digest]string{}
	for _, r := range records {
		if r.State == journal.Confirmed && r.Kind == journal.Apply {
			hotfixes[r.To] = r.Hotfix
		}
	}
	for _, id := range ids {
		v, err := p.store.Load(id)
		if err != nil {
			st.drift("version", "%v", err)
			continue
		}
		exe, _ := v.Executable()
		i := Installed{ID: id, Version: v.Version, Hotfix: hotfixes[id], Executable: exe.Digest, Size: exe.Size, Path: p.store.ExecutablePath(id, v)}
		i.Current, i.Previous = id == st.Current, id == st.Previous
		for _, pin := range pinned {
			i.Pinned = i.Pinned || pin == id
		}
		st.Versions = append(st.Versions, i)
	}
	return nil
}

func (p *place) readRest(ctx context.Context, st *Status) (err error) {
	if st.Floor, err = p.readFloor(ctx); err != nil {
		return err
	}
	all, err := p.store.Quarantined()
	for _, q := range all {
		st.Quarantined = append(st.Quarantined, Quarantined{Statement: q.Statement, Hotfix: q.Hotfix, Reason: q.Reason, Time: q.Time})
	}
	return err
}
