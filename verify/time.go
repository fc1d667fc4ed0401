package verify

import (
	"fmt"
	"time"
)

// defaultSkew is by how much clocks may differ without a trust file that says.
const defaultSkew = 5 * time.Minute

func (v *Verifier) skew() time.Duration {
	if v.trust == nil {
		return defaultSkew
	}
	return v.trust.skew()
}

// now is the time at which a release is judged: that of the clock, and never one
// that is known to have passed. A clock that is behind it by more than clocks may
// differ is refused, since it would make old releases valid again.
func (v *Verifier) now() (time.Time, error) {
	now := v.clock().UTC()
	passed, known := v.passed()
	if now.Add(v.skew()).Before(passed) {
		return time.Time{}, refuse(RuleClock, ErrClock, fmt.Sprintf("the clock of this machine says %s, and %s has passed already, as %s proves", moment(now), moment(passed), known), "set the clock")
	}
	if now.Before(passed) {
		now = passed
	}
	if v.trust == nil {
		return now, nil
	}
	if v.floor != nil && v.trust.Version() < v.floor.Trust {
		return time.Time{}, refuse(RuleTrust, ErrTrustVersion, fmt.Sprintf("the trust file has version %d, and this host has used version %d already", v.trust.Version(), v.floor.Trust), "install the newest trust file")
	}
	return now, v.trust.checkCurrent(now)
}

// passed is the latest time that is known to have passed, and how.
func (v *Verifier) passed() (time.Time, string) {
	var latest time.Time
	known := ""
	if v.trust != nil {
		latest, known = v.trust.document.Created, "the trust file"
	}
	if v.floor != nil && v.floor.Clock.After(latest) {
		latest, known = v.floor.Clock, "the floor"
	}
	return latest, known
}

// checkTime requires that the release's time has come and has not passed.
func (j *judgment) checkTime() error {
	r := j.release
	if j.now.Add(j.skew()).Before(r.NotBefore) { // which nothing is where none is given
		return refuse(RuleNotBefore, ErrNotYetValid, fmt.Sprintf("hotfix %s is valid from %s on, and it is %s", r.ID, moment(r.NotBefore), moment(j.now)), "wait, or have it signed with an earlier date")
	}
	if !r.Expires.IsZero() && !j.now.Before(r.Expires) {
		return refuse(RuleExpires, ErrExpired, fmt.Sprintf("hotfix %s expired at %s, and it is %s", r.ID, moment(r.Expires), moment(j.now)), "ask for a newer release")
	}
	switch {
	case r.Expires.IsZero():
		j.establish(RuleExpires, "judged at %s; it has no end", moment(j.now))
	default:
		j.establish(RuleExpires, "valid at %s, until %s", moment(j.now), moment(r.Expires))
	}
	return nil
}

// checkAge refuses a release that a host takes for the first time long after it
// was made: somebody may have kept newer ones away.
func (j *judgment) checkAge() error {
	most := time.Duration(j.rules.MaxAgeSeconds) * time.Second
	if age := j.now.Sub(j.release.Created); most > 0 && age > most {
		return refuse(RuleAge, ErrTooOld, fmt.Sprintf("hotfix %s was made at %s, which is longer ago than the %s that the trust file allows", j.release.ID, moment(j.release.Created), most), "ask for a newer release")
	}
	return nil
}
