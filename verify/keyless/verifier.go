package keyless

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/gohotfix/hotfix/verify"
)

// Verifier verifies keyless bundles against one trusted root. It is immutable and
// safe for concurrent use.
type Verifier struct {
	root   *root.TrustedRoot
	config config
}

var _ verify.BundleVerifier = (*Verifier)(nil)

// config is how much evidence a bundle must have at least.
type config struct {
	logs            int // transparency logs that hold an entry
	timestamps      int // timestamp authorities
	certificateLogs int // certificate transparency logs
}

// Option changes what a [Verifier] asks for.
type Option func(*config) error

// WithTransparencyLog asks for entries in n different transparency logs. The default
// is 1, and less is refused.
func WithTransparencyLog(n int) Option {
	return func(c *config) error {
		if n < 1 || n > MaxEntries {
			return fmt.Errorf("keyless: WithTransparencyLog(%d): a bundle has entries of 1 to %d logs", n, MaxEntries)
		}
		c.logs = n
		return nil
	}
}

// WithTimestampAuthority asks for timestamps of n different authorities. The default
// is 0: the time in an entry of Rekor v1 is enough.
func WithTimestampAuthority(n int) Option {
	return func(c *config) error {
		if n < 0 || n > MaxTimestamps {
			return fmt.Errorf("keyless: WithTimestampAuthority(%d): a bundle has timestamps of 0 to %d authorities", n, MaxTimestamps)
		}
		c.timestamps = n
		return nil
	}
}

// WithoutCertificateTransparencyUnsafe accepts certificates that no certificate
// transparency log promised to list. It is for private instances of Sigstore that have
// no such log: nobody would notice a certificate that was issued to the wrong person.
func WithoutCertificateTransparencyUnsafe() Option {
	return func(c *config) error {
		c.certificateLogs = 0
		return nil
	}
}

// New returns a Verifier that trusts the authorities and logs in a trusted root, the
// content of a file trusted_root.json. An unusable one is a [*RootError].
func New(trustedRoot []byte, opts ...Option) (*Verifier, error) {
	c := config{logs: 1, certificateLogs: 1}
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return nil, err
		}
	}
	trusted, err := parseRoot(trustedRoot, c)
	if err != nil {
		return nil, err
	}
	return &Verifier{root: trusted, config: c}, nil
}

// VerifyBundle implements [verify.BundleVerifier]. Errors are [ErrNoRoot],
// [*verify.BundleError] and those of the context; a BundleError wraps
// [verify.ErrOtherKind] for other bundles than keyless ones, and where it applies
// [ErrLog], [ErrTime], [ErrCertificate], [ErrIdentity], [verify.ErrSignature],
// [manifest.ErrNotCanonical] or [errors.ErrUnsupported].
func (v *Verifier) VerifyBundle(ctx context.Context, data []byte) (verify.Signed, error) {
	if v == nil || v.root == nil {
		return verify.Signed{}, ErrNoRoot
	}
	if err := ctx.Err(); err != nil {
		return verify.Signed{}, err
	}
	b, err := parse(data)
	if err != nil {
		return verify.Signed{}, err
	}
	e, err := newEntity(b)
	if err != nil {
		return verify.Signed{}, err
	}
	who, err := identify(e.certificate())
	if err != nil {
		return verify.Signed{}, err
	}
	if err := ctx.Err(); err != nil {
		return verify.Signed{}, err
	}
	when, err := v.prove(e)
	if err != nil {
		return verify.Signed{}, err
	}
	return verify.Signed{Signer: who.id(), Name: who.String(), Payload: b.GetDsseEnvelope().GetPayload(), Time: when}, nil
}

// prove checks all evidence in the bundle and returns when it was signed at the latest.
func (v *Verifier) prove(e *entity) (time.Time, error) {
	verifier, err := v.verifierOf(e.Bundle.Bundle)
	if err != nil {
		return time.Time{}, err
	}
	// Who may sign, and what, is decided by the caller.
	policy := sigstore.NewPolicy(sigstore.WithoutArtifactUnsafe(), sigstore.WithoutIdentitiesUnsafe())
	result, err := verifier.Verify(e, policy)
	if err != nil {
		return time.Time{}, refuse(v.diagnose(verifier, e), "is not proven (%s)", why(err))
	}
	if err := v.proveStamps(e); err != nil {
		return time.Time{}, err
	}
	when := earliest(result.VerifiedTimestamps)
	return when, v.proveEntries(e, when)
}

// verifierOf returns Sigstore's verifier with thresholds for one bundle: all evidence
// in it must hold. With fixed thresholds the verifier skips what it cannot verify.
func (v *Verifier) verifierOf(b *protobundle.Bundle) (*sigstore.Verifier, error) {
	entries := b.GetVerificationMaterial().GetTlogEntries()
	timestamps := len(b.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps())
	switch {
	case len(entries) < v.config.logs:
		return nil, refuse(ErrLog, "has entries of %d transparency logs, needs %d", len(entries), v.config.logs)
	case timestamps < v.config.timestamps:
		return nil, refuse(ErrTime, "has %d timestamps, needs %d", timestamps, v.config.timestamps)
	}
	observers := timestamps
	for _, entry := range entries {
		if !isV2(entry) {
			observers++
		}
	}
	if observers == 0 {
		return nil, refuse(ErrTime, "has neither a log entry with a time nor a timestamp")
	}
	options := []sigstore.VerifierOption{sigstore.WithTransparencyLog(len(entries)), sigstore.WithObserverTimestamps(observers)}
	if v.config.certificateLogs > 0 {
		options = append(options, sigstore.WithSignedCertificateTimestamps(v.config.certificateLogs))
	}
	return sigstore.NewVerifier(v.root, options...)
}

func earliest(times []sigstore.TimestampVerificationResult) time.Time {
	when := times[0].Timestamp
	for _, t := range times[1:] {
		if t.Timestamp.Before(when) {
			when = t.Timestamp
		}
	}
	return when.UTC()
}

// diagnose says which of the steps of Sigstore's verifier refused a bundle.
func (v *Verifier) diagnose(verifier *sigstore.Verifier, e *entity) error {
	for _, entry := range e.GetVerificationMaterial().GetTlogEntries() {
		if !isV2(entry) && !e.material.ValidAtTime(time.Unix(entry.GetIntegratedTime(), 0), v.root) {
			return ErrCertificate
		}
	}
	times, err := verifier.VerifyTransparencyLogInclusion(e)
	if err != nil {
		return ErrLog
	}
	times, err = verifier.VerifyObserverTimestamps(e, times)
	if err != nil {
		return ErrTime
	}
	for _, t := range times {
		chains, err := sigstore.VerifyLeafCertificate(t.Timestamp, e.certificate(), v.root)
		if err != nil {
			return ErrCertificate
		}
		if v.config.certificateLogs > 0 && sigstore.VerifySignedCertificateTimestamp(chains, v.config.certificateLogs, v.root) != nil {
			return ErrCertificate
		}
	}
	return verify.ErrSignature
}

// proveStamps checks what Sigstore's verifier skips in timestamps.
func (v *Verifier) proveStamps(e *entity) error {
	for _, ts := range e.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps() {
		stamp, err := parseStamp(ts.GetSignedTimestamp())
		if err != nil {
			return err
		}
		if err := stamp.checkCertificates(v.root); err != nil {
			return err
		}
	}
	return nil
}

// proveEntries checks what Sigstore's verifier leaves open: that the keys of the logs
// were in use, and that the body of an entry of Rekor v2 is the one in the log, and
// not only as good as it.
func (v *Verifier) proveEntries(e *entity, when time.Time) error {
	for _, entry := range e.GetVerificationMaterial().GetTlogEntries() {
		log := v.root.RekorLogs()[hex.EncodeToString(entry.GetLogId().GetKeyId())]
		if log == nil || when.Before(log.ValidityPeriodStart) || !log.ValidityPeriodEnd.IsZero() && when.After(log.ValidityPeriodEnd) {
			return refuse(ErrLog, "has an entry of a log whose key was not in use at %s", when.Format(time.RFC3339))
		}
		if !isV2(entry) {
			continue
		}
		if err := proveBody(entry, log); err != nil {
			return refuse(ErrLog, "has an entry that is not in the log (%s)", why(err))
		}
	}
	return nil
}

func proveBody(e *protorekor.TransparencyLogEntry, log *root.TransparencyLog) error {
	parsed, err := tlog.ParseTransparencyLogEntry(e)
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(log.PublicKey, log.SignatureHashFunc)
	if err != nil {
		return err
	}
	address, err := url.Parse(log.BaseURL)
	if err != nil {
		return err
	}
	return tlog.VerifyCheckpointAndInclusion(parsed, verifier, address.Hostname())
}
