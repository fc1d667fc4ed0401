package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Quarantined is a release that was rolled back on this host, and will not be applied
// again: only a new signed release can bring the same files.
type Quarantined struct {
	Statement manifest.Digest `json:"statement"`        // of the release
	Version   manifest.Digest `json:"version,omitzero"` // that it installed
	Hotfix    string          `json:"hotfix"`           // its id
	Reason    string          `json:"reason"`           // in words
	Time      time.Time       `json:"time"`             // when it was rolled back
}

// maxQuarantined bounds a file of the quarantine, in bytes.
const maxQuarantined = 16 << 10

// Quarantine keeps a release from being applied again.
func (s *Store) Quarantine(q Quarantined) error {
	q.Time = q.Time.UTC().Truncate(time.Second)
	data, err := json.MarshalIndent(q, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(s.quarantinePath(q.Statement), append(data, '\n'), 0o644)
}

func (s *Store) quarantinePath(statement manifest.Digest) string {
	return s.Path("quarantine", statement.Hex()+".json")
}

// CheckQuarantine refuses a release that was rolled back: [ErrQuarantined].
func (s *Store) CheckQuarantine(statement manifest.Digest) error {
	q, err := s.readQuarantined(s.quarantinePath(statement))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: hotfix %s, at %s, because %s; it is not applied again: have a new release signed, or remove %s",
		ErrQuarantined, q.Hotfix, q.Time.Format(time.RFC3339), q.Reason, s.quarantinePath(statement))
}

func (s *Store) readQuarantined(path string) (Quarantined, error) {
	data, err := readSmall(path, maxQuarantined)
	if err != nil {
		return Quarantined{}, err
	}
	var q Quarantined
	if err := json.Unmarshal(data, &q); err != nil {
		return Quarantined{}, fmt.Errorf("%w: %s: %w; remove it if you know what it said", ErrDamaged, path, err)
	}
	return q, nil
}

// Quarantined returns all releases in quarantine, by statement.
func (s *Store) Quarantined() ([]Quarantined, error) {
	entries, err := os.ReadDir(s.Path("quarantine"))
	if err != nil {
		return nil, err
	}
	var all []Quarantined
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue // left by a killed process
		}
		q, err := s.readQuarantined(s.Path("quarantine", e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}
