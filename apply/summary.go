package apply

import (
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/apply/journal"
)

// Summary says in a sentence how a product stands, for people.
func (s *Status) Summary() string {
	var parts []string
	switch {
	case s.State == "":
		parts = append(parts, "no hotfix was applied yet")
	case s.State == journal.Confirmed:
		parts = append(parts, "settled")
	case s.State == journal.Reverted:
		parts = append(parts, fmt.Sprintf("hotfix %s was taken back: %s", s.Hotfix, s.Reason))
	case s.Busy:
		parts = append(parts, fmt.Sprintf("hotfix %s is %s", s.Hotfix, s.State))
	case s.State == journal.Soaking:
		parts = append(parts, fmt.Sprintf("hotfix %s waits to be confirmed until %s", s.Hotfix, s.Deadline.Format(time.RFC3339)))
	default:
		parts = append(parts, fmt.Sprintf("hotfix %s was left %s: run the recovery", s.Hotfix, s.State))
	}
	if s.Running != nil && s.Running.PID != 0 {
		parts = append(parts, fmt.Sprintf("process %d runs", s.Running.PID))
	}
	if len(s.Drift) > 0 {
		parts = append(parts, fmt.Sprintf("%d differences from the journal", len(s.Drift)))
	}
	return strings.Join(parts, "; ")
}

// Role says what a version is to the host: "current", "previous", "pinned", or kept.
func (i Installed) Role() string {
	var roles []string
	for _, r := range []struct {
		is   bool
		name string
	}{{i.Current, "current"}, {i.Previous, "previous"}, {i.Pinned, "pinned"}} {
		if r.is {
			roles = append(roles, r.name)
		}
	}
	if len(roles) == 0 {
		return "kept"
	}
	return strings.Join(roles, ", ")
}
