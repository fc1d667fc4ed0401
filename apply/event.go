package apply

import (
	"time"

	"github.com/gohotfix/hotfix/apply/journal"
)

// Event is a step that an operation has taken.
type Event struct {
	Time      time.Time     // when
	Product   string        // whose it is
	Operation string        // the same for all events of one
	Kind      journal.Kind  // apply, rollback or adopt
	State     journal.State // that has been reached
	Text      string        // what happened, as a sentence without a full stop
}
