package verify

import (
	"context"
	"fmt"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// downgrade requires a permit.
func (j *judgment) downgrade(ctx context.Context) error {
	older := fmt.Sprintf("hotfix %s has %s, older than what this host has confirmed (%s)", j.release.ID, j.release.Number(), j.floor.Number())
	if len(j.permits) == 0 {
		return refuse(RuleRollback, ErrRollback, older, "take a newer release; if the old one is really meant, have a permit for this host signed")
	}
	permit, signed, err := j.openPermit(ctx)
	if err != nil {
		return fmt.Errorf("verify: %s, and the permit is refused: %w", older, err)
	}
	if err := j.checkPermit(permit); err != nil {
		return err
	}
	j.result.Permit = &permit
	j.establish(RulePermit, "older than what this host has confirmed (%s), and permitted until %s because %q: %s", j.floor.Number(), moment(permit.Expires), permit.Reason, join(signed.good))
	return nil
}

// openPermit verifies the signatures over the permit by the quorum of the
// release's product.
func (j *judgment) openPermit(ctx context.Context) (manifest.Permit, *signatures, error) {
	quorum := j.rules.Permits
	if quorum == nil {
		return manifest.Permit{}, nil, refuse(RulePermit, ErrWrongPermit, fmt.Sprintf("nobody may permit downgrades of product %s", j.release.Product), "take a newer release, or have the trust file extended")
	}
	return openDocument[manifest.Permit](ctx, j.Verifier, j.permits, *quorum, j.rules.RequireTimestamp, j.now)
}

func (j *judgment) checkPermit(p manifest.Permit) error {
	wrong := ""
	switch {
	case p.Product != j.release.Product:
		wrong = fmt.Sprintf("is for product %s", p.Product)
	case p.Host != j.host.Name:
		wrong = fmt.Sprintf("is for host %s, and this is %s", p.Host, j.host.Name)
	case p.Statement != j.result.Statement:
		wrong = fmt.Sprintf("is for the release %s (%s), and this is %s (%s)", p.Release, p.Statement.Short(), j.release.ID, j.result.Statement.Short())
	case j.now.Add(j.skew()).Before(p.NotBefore):
		wrong = "holds from " + moment(p.NotBefore) + " on"
	case !j.now.Before(p.Expires):
		wrong = "expired at " + moment(p.Expires)
	}
	if wrong == "" {
		return nil
	}
	return refuse(RulePermit, ErrWrongPermit, "the permit "+wrong, "have one signed for this release and host, for now")
}
