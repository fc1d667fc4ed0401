package audit

import "github.com/gohotfix/hotfix/verify"

// Decision is the entry for what a verifier said of a release: the result, or the
// error. What an error is about is not written: nothing of a release that was
// refused is established, not even its name.
func Decision(r *verify.Result, err error) Entry {
	if err != nil || r == nil {
		e := Entry{Event: Refused, Rule: string(verify.RuleOf(err))}
		if err != nil {
			e.Reason = err.Error()
		}
		return e
	}
	e := Entry{Event: Accepted, Product: r.Release.Product, Hotfix: r.Release.ID, Statement: r.Statement, Reason: r.String()}
	if r.Permit != nil {
		e.Event, e.Rule = Permitted, string(verify.RulePermit)
	}
	for _, s := range r.Signers {
		e.Signers = append(e.Signers, s.Signer.String())
	}
	return e
}
