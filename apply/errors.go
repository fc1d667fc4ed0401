package apply

import (
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
)

// Outcomes to compare with errors.Is.
var (
	// ErrNoTrust says that neither an option nor the store says who may sign.
	ErrNoTrust = errors.New("no trust file is given; pass one with WithTrust, or put trust.json into the product's folder of the store")
	// ErrPending says that a version waits to be confirmed.
	ErrPending = errors.New("a version waits to be confirmed")
	// ErrNotPending says that none does.
	ErrNotPending = errors.New("no version waits to be confirmed")
	// ErrNothingBefore says that there is no version to go back to.
	ErrNothingBefore = errors.New("there is no version to go back to")
	// ErrDrift says that what is installed is not what the journal says.
	ErrDrift = errors.New("what is installed is not what this host installed")
	// ErrUnhealthy says that a version did not prove itself after the switch.
	ErrUnhealthy = errors.New("the new version is not healthy")
	// ErrTrial says that a version failed before the switch.
	ErrTrial = errors.New("the new version failed its trial")
	// ErrScript says that a script of the hotfix failed.
	ErrScript = errors.New("a script of the hotfix failed")

	// ErrBusy says that another process is changing the store.
	ErrBusy = store.ErrBusy
	// ErrFormat says that another version of this library made the store.
	ErrFormat = store.ErrFormat
	// ErrNoProduct says that the store does not have the product.
	ErrNoProduct = store.ErrNotStore
	// ErrLink says that a link of the store leads out of its versions.
	ErrLink = store.ErrLink
	// ErrDamaged says that an installed version is not as it was installed.
	ErrDamaged = store.ErrDamaged
	// ErrNoSpace says that the disk has too little room.
	ErrNoSpace = store.ErrNoSpace
	// ErrQuarantined says that a release was rolled back on this host.
	ErrQuarantined = store.ErrQuarantined
)

// RevertedError says that a version was installed and taken back: the service runs
// what it ran before, unless After says otherwise.
type RevertedError struct {
	Product string        // whose it is
	Hotfix  string        // id; "" for a rollback
	State   journal.State // how far it had come
	Err     error         // why it was taken back
	After   error         // what went wrong while going back; nil if the old version is back
}

func (e *RevertedError) Error() string {
	what := "the rollback"
	if e.Hotfix != "" {
		what = "hotfix " + e.Hotfix
	}
	if e.After != nil {
		return fmt.Sprintf("%s of %s was taken back when it was %s: %v; going back failed too: %v; look at the service, and run the recovery again", what, e.Product, e.State, e.Err, e.After)
	}
	return fmt.Sprintf("%s of %s was taken back when it was %s, and the version before it runs: %v", what, e.Product, e.State, e.Err)
}

// Unwrap returns why, and what went wrong while going back.
func (e *RevertedError) Unwrap() []error {
	if e.After == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.After}
}
