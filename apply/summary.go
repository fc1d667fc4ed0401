package apply

import (
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/apply/journal"
)

// Summary says in a sentence how a product stands, for people.
func (st *Status) Summary() string {
	var parts []string
	switch {
	case st.State == "":
		parts = append(parts, "no hotfix was applied yet")
	case st.State == journal.Confirmed:
		parts = append(parts, "settled")
	case st.State == journal.Reverted:
		parts = append(parts, fmt.Sprintf("hotfix %s was taken back: %s", st.Hotfix, st.Reason))
	case st.Busy:
		parts = append(parts, fmt.Sprintf("hotfix %s is %s", st.Hotfix, st.State))
	case st.State == journal.Soaking:
		parts = append(parts, fmt.Sprintf("hotfix %s waits to be confirmed until %s", st.Hotfix, st.Deadline.Format(time.RFC3339)))
	default:
		parts = append(parts, fmt.Sprintf("hotfix %s was left %s: run the recovery", st.Hotfix, st.State))
	}
	if st.Running != nil && st.Running.PID != 0 {
		parts = append(parts, fmt.Sprintf("process %d runs", st.Running.PID))
	}
	if len(st.Drift) > 0 {
		parts = append(parts, fmt.Sprintf("%d differences from the journal", len(st.Drift)))
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
