package hotfix

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// Option changes a default of [New]. It returns an error that names the option
// if its value cannot be right.
type Option func(*config) error

// Signer signs a release. [github.com/gohotfix/hotfix/verify/sign.Signer] is one.
type Signer interface {
	// Key is the public key that verifies what Sign returns.
	Key() verify.Key
	// Sign returns a bundle over the statement.
	Sign(ctx context.Context, statement manifest.Attestation) ([]byte, error)
}

type config struct {
	product, channel, id, version, versionVariable string

	dir, pkg, fixRevision        string
	base                         Base
	baseVersion                  string
	sourceRevision, sourceFolder string // what the base was built from; "" if it tells
	targets                      []target.Target

	policies          []policy.Policy
	tests             []tests.Option
	withTests         bool
	withoutProof      bool
	withoutComparison bool

	epoch, sequence    int64
	time               time.Time
	notBefore, expires time.Time
	prerequisites      []string
	supersedes         []string
	withdrawals        []manifest.Withdrawal

	buildOptions []build.Option
	packOptions  []pack.Option
	signers      []Signer
	builderID    string
	withDeltas   bool
	deltaBases   []Base // besides the base itself

	output, cache string
	environ       []string
	before, after map[Step][]Hook
	observer      func(Event)
	logger        *slog.Logger
	dryRun        bool
}

func wrong(option, format string, args ...any) error {
	return fmt.Errorf("hotfix: %s: %s", option, fmt.Sprintf(format, args...))
}

// WithSource sets the folder of the module and the main package in it, as
// [build.New] takes them. It is required.
func WithSource(dir, pkg string) Option {
	return func(c *config) error {
		if dir == "" || pkg == "" {
			return wrong("WithSource", "the folder or the package is empty")
		}
		c.dir, c.pkg = dir, pkg
		return nil
	}
}

// WithFix sets the git revision of the fix. The default is the source folder
// as it stands.
func WithFix(revision string) Option {
	return func(c *config) error {
		if revision == "" {
			return wrong("WithFix", "the revision is empty")
		}
		c.fixRevision = revision
		return nil
	}
}

// WithBase sets what the fix replaces. It is required; for a first release
// give [NoBase].
func WithBase(base Base) Option {
	return func(c *config) error {
		if base == nil {
			return wrong("WithBase", "the base is nil; say NoBase() for a first release")
		}
		c.base = base
		return nil
	}
}

// WithBaseVersion sets the version of the base where its build info does not
// tell, or not the right one.
func WithBaseVersion(version string) Option {
	return func(c *config) error {
		if err := manifest.CheckVersion(version); err != nil {
			return wrong("WithBaseVersion", "%v", err)
		}
		c.baseVersion = version
		return nil
	}
}

// WithBaseSourceRevision says from which git revision of the source's repository a
// base was built that is a dist folder or executables. Then the run finds what
// changes, proves that this revision makes what runs, and can run tests. The
// default is the commit that the base itself names, if the fix is a revision as
// well.
func WithBaseSourceRevision(revision string) Option {
	return func(c *config) error {
		if revision == "" {
			return wrong("WithBaseSourceRevision", "the revision is empty")
		}
		c.sourceRevision = revision
		return nil
	}
}

// WithBaseSourceFolder is [WithBaseSourceRevision] for a base whose source lies in a folder:
// that of its module.
func WithBaseSourceFolder(dir string) Option {
	return func(c *config) (err error) {
		c.sourceFolder, err = absolute("WithBaseSourceFolder", dir)
		return err
	}
}

// WithPolicies adds policies, each of which must allow the hotfix. The default
// is none; [policy.Default] is the set for most projects. The source of the base
// must be known. A policy is asked at its [policy.Stage]; if one blocks, the run
// fails with a [*BlockedError].
func WithPolicies(policies ...policy.Policy) Option {
	return func(c *config) error {
		if err := policy.Validate(policies...); err != nil {
			return wrong("WithPolicies", "%v", err)
		}
		c.policies = append(c.policies, policies...)
		return nil
	}
}

// WithTests runs the tests that the change can reach, on base and fix, as
// [tests.Compare] does. The default runs none. [policy.NoNewFailures] judges
// them, unless a policy of its rule is among those of [WithPolicies]: one that
// only warns, or is waived.
func WithTests(options ...tests.Option) Option {
	return func(c *config) error {
		c.withTests, c.tests = true, append(c.tests, options...)
		return nil
	}
}

// WithoutProof leaves out rebuilding a base of executables or packages from its
// source, which costs a build.
func WithoutProof() Option {
	return func(c *config) error {
		c.withoutProof = true
		return nil
	}
}

// WithoutComparison leaves out comparing the executables of base and fix
// function by function, which costs about a CPU second for 20 MB.
func WithoutComparison() Option {
	return func(c *config) error {
		c.withoutComparison = true
		return nil
	}
}

// WithTargets adds targets. At least one is required.
func WithTargets(targets ...target.Target) Option {
	return func(c *config) error {
		for _, t := range targets {
			if err := t.Validate(); err != nil {
				return wrong("WithTargets", "%v", err)
			}
			if slices.Contains(c.targets, t) {
				return wrong("WithTargets", "%s is listed twice", t)
			}
			c.targets = append(c.targets, t)
		}
		return nil
	}
}

// WithVersion sets the version of the result. The default is the fix
// revision's version tag if it has one, else the base's version with
// "+hotfix.1" or the next number.
func WithVersion(version string) Option {
	return func(c *config) error {
		if err := manifest.CheckVersion(version); err != nil {
			return wrong("WithVersion", "%v", err)
		}
		c.version = version
		return nil
	}
}

// WithVersionVariable sets a string variable of the program, as "main.version",
// to the version of the result. The default is none.
func WithVersionVariable(name string) Option {
	return func(c *config) error {
		c.versionVariable = name
		return nil
	}
}

// WithID sets the hotfix id. The default is product and version, joined by "-".
func WithID(id string) Option {
	return func(c *config) error {
		if err := manifest.CheckVersion(id); err != nil {
			return wrong("WithID", "%v", err)
		}
		c.id = id
		return nil
	}
}

// WithChannel sets the channel. The default is "stable".
func WithChannel(channel string) Option {
	return func(c *config) error {
		if err := manifest.CheckProduct(channel); err != nil {
			return wrong("WithChannel", "%v", err)
		}
		c.channel = channel
		return nil
	}
}

// WithSequence sets epoch and sequence, by which hosts refuse to go back. The
// default is the base release's epoch, or 0, and the time of the fix in Unix
// seconds, or the base's sequence plus one if that is more.
func WithSequence(epoch, sequence int64) Option {
	return func(c *config) error {
		if epoch < 0 || sequence < 1 || epoch > manifest.MaxInteger || sequence > manifest.MaxInteger {
			return wrong("WithSequence", "(%d, %d) is out of range: the epoch is at least 0, the sequence at least 1", epoch, sequence)
		}
		c.epoch, c.sequence = epoch, sequence
		return nil
	}
}

// WithTime sets the date of the release and of the files in its packages. The
// default is described in the package comment.
func WithTime(t time.Time) Option {
	return func(c *config) error {
		if t.IsZero() {
			return wrong("WithTime", "the time is zero")
		}
		c.time = t.UTC().Truncate(time.Second)
		return nil
	}
}

// WithValidity sets from when until when hosts may install the release. A zero
// time sets no bound, as is the default.
func WithValidity(notBefore, expires time.Time) Option {
	return func(c *config) error {
		seconds := func(t time.Time) time.Time {
			if t.IsZero() {
				return t
			}
			return t.UTC().Truncate(time.Second)
		}
		c.notBefore, c.expires = seconds(notBefore), seconds(expires)
		if !c.expires.IsZero() && !c.expires.After(c.notBefore) {
			return wrong("WithValidity", "it ends at %s, before it begins", c.expires.Format(time.RFC3339))
		}
		return nil
	}
}

// WithPrerequisites adds hotfixes that a host must have installed, by their
// ids. The default is none.
func WithPrerequisites(ids ...string) Option {
	return func(c *config) (err error) {
		c.prerequisites, err = addIDs(c.prerequisites, "WithPrerequisites", ids)
		return err
	}
}

// WithSupersedes adds hotfixes that this one contains, by their ids. The
// default is none.
func WithSupersedes(ids ...string) Option {
	return func(c *config) (err error) {
		c.supersedes, err = addIDs(c.supersedes, "WithSupersedes", ids)
		return err
	}
}

func addIDs(list []string, option string, ids []string) ([]string, error) {
	for _, id := range ids {
		if err := manifest.CheckVersion(id); err != nil {
			return nil, wrong(option, "%v", err)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(list, ids)))), nil
}

// WithWithdrawal takes an earlier hotfix back, and says why.
func WithWithdrawal(id, reason string) Option {
	return func(c *config) error {
		if err := manifest.CheckVersion(id); err != nil {
			return wrong("WithWithdrawal", "%v", err)
		}
		if reason == "" {
			return wrong("WithWithdrawal", "%s has no reason: say why it is withdrawn", id)
		}
		c.withdrawals = append(c.withdrawals, manifest.Withdrawal{ID: id, Reason: reason})
		slices.SortFunc(c.withdrawals, func(a, b manifest.Withdrawal) int { return strings.Compare(a.ID, b.ID) })
		return nil
	}
}

// WithBuild adds options of the [build.Builder]. The pipeline itself sets the
// output folder, the environment and the observer; a toolchain that is set
// here wins over the base's.
func WithBuild(options ...build.Option) Option {
	return func(c *config) error {
		c.buildOptions = append(c.buildOptions, options...)
		return nil
	}
}

// WithPack adds options of the [pack.Packer], as format, verify script and
// extra files.
func WithPack(options ...pack.Option) Option {
	return func(c *config) error {
		c.packOptions = append(c.packOptions, options...)
		return nil
	}
}

// WithDeltas adds delta packages to the release: one for each target and each
// version that hosts may run, with a patch in the place of the executable. These
// versions are the base and, if any are given, the further ones. A delta that
// is not smaller than the full package is left out, which [Result].Warnings
// says. The default is full packages alone.
func WithDeltas(further ...Base) Option {
	return func(c *config) error {
		for _, base := range further {
			if _, none := base.(noBase); none || base == nil {
				return wrong("WithDeltas", "a further base is none: name a revision, a dist folder or executables")
			}
		}
		c.withDeltas, c.deltaBases = true, append(c.deltaBases, further...)
		return nil
	}
}

// WithSigner adds a signer. Without one the dist folder is unsigned, which
// [Result].Warnings says, and no host takes it before somebody signs it.
func WithSigner(signer Signer) Option {
	return func(c *config) error {
		if signer == nil {
			return wrong("WithSigner", "the signer is nil")
		}
		c.signers = append(c.signers, signer)
		return nil
	}
}

// WithBuilder sets who is said to have built, in the provenance: a URI that stands for
// a machine or service and for who runs it; see [manifest.CheckBuilderID]. Whoever
// verifies can demand it. The default is [manifest.LocalBuilder], a machine that
// nobody but the signers vouches for.
func WithBuilder(id string) Option {
	return func(c *config) error {
		if err := manifest.CheckBuilderID(id); err != nil {
			return wrong("WithBuilder", "%v", err)
		}
		c.builderID = id
		return nil
	}
}

// WithOutput sets the dist folder. It must not exist, be empty, or hold an
// earlier dist of the same product, which is then replaced in one step. It is
// required, except for a dry run.
func WithOutput(dir string) Option {
	return func(c *config) (err error) {
		c.output, err = absolute("WithOutput", dir)
		return err
	}
}

func absolute(option, dir string) (string, error) {
	if dir == "" {
		return "", wrong(option, "the folder is empty")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", wrong(option, "%v", err)
	}
	return abs, nil
}

// WithCache sets the folder that keeps executables and packages between runs,
// so that what did not change is neither linked nor packed again. The default
// is a folder of the user's cache, one a product.
func WithCache(dir string) Option {
	return func(c *config) (err error) {
		c.cache, err = absolute("WithCache", dir)
		return err
	}
}

// WithEnviron sets the environment in which git and the go command run, of
// which only the variables pass that say where things are, and which may hold
// SOURCE_DATE_EPOCH. The default is the process's own, read once by [New].
func WithEnviron(environ []string) Option {
	return func(c *config) error {
		c.environ = slices.Clone(environ)
		return nil
	}
}

// WithBefore adds a hook that runs before a step.
func WithBefore(step Step, hook Hook) Option {
	return func(c *config) error { return addHook(c.before, "WithBefore", step, hook) }
}

// WithAfter adds a hook that runs after a step has succeeded.
func WithAfter(step Step, hook Hook) Option {
	return func(c *config) error { return addHook(c.after, "WithAfter", step, hook) }
}

func addHook(hooks map[Step][]Hook, option string, step Step, hook Hook) error {
	if !slices.Contains(Steps(), step) {
		return wrong(option, "%q is not a step; there are %v", step, Steps())
	}
	if hook == nil {
		return wrong(option, "the hook is nil")
	}
	hooks[step] = append(hooks[step], hook)
	return nil
}

// WithObserver sets a function that is called with every [Event], one at a
// time; the pipeline waits for it. The default is none.
func WithObserver(observe func(Event)) Option {
	return func(c *config) error {
		c.observer = observe
		return nil
	}
}

// WithLogger sets where the commands that are run are logged, at level debug.
// The default discards them.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return wrong("WithLogger", "the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithDryRun resolves source and base and says what would be built, packed and
// signed, and writes nothing.
func WithDryRun() Option {
	return func(c *config) error {
		c.dryRun = true
		return nil
	}
}

// complete checks what is required and fills in defaults.
func (c *config) complete() error {
	switch {
	case c.dir == "":
		return wrong("New", "no source: give WithSource")
	case c.base == nil:
		return wrong("New", "no base: give WithBase, with NoBase() for a first release")
	case len(c.targets) == 0:
		return wrong("New", "no target: give WithTargets")
	case c.output == "" && !c.dryRun:
		return wrong("New", "no output folder: give WithOutput")
	}
	if _, first := c.base.(noBase); first && c.withDeltas && len(c.deltaBases) == 0 {
		return wrong("WithDeltas", "a delta leads from a base to the fix, and a first release has none: give WithBase or WithDeltas one, or no deltas")
	}
	if err := c.checkJudges(); err != nil {
		return err
	}
	if err := distinctKeys(c.signers); err != nil {
		return err
	}
	if c.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return wrong("New", "no cache folder: %v: set one with WithCache", err)
		}
		c.cache = filepath.Join(dir, "hotfix", c.product)
	}
	return nil
}

// checkJudges refuses policies and tests that can never be asked.
func (c *config) checkJudges() error {
	_, first := c.base.(noBase)
	_, revision := c.base.(baseRevision)
	_, folder := c.base.(baseFolder)
	judgesTests := policy.Of(policy.AfterTests, c.policies...)
	switch {
	case first && len(c.policies) > 0:
		return wrong("WithPolicies", "policies judge what changes, and a first release has no base: give WithBase one, or no policies")
	case first && c.withTests:
		return wrong("WithTests", "the tests of base and fix are compared, and a first release has no base: give WithBase one, or run the tests apart")
	case (revision || folder) && (c.sourceRevision != "" || c.sourceFolder != ""):
		return wrong("WithBaseSourceRevision", "the base is its source already: give WithBase the executables that were built from it, or leave this option out")
	case c.sourceRevision != "" && c.sourceFolder != "":
		return wrong("WithBaseSourceFolder", "the source of the base is also given by WithBaseSourceRevision: give one of the two")
	case len(judgesTests) > 0 && !c.withTests:
		return wrong("WithPolicies", "%s judges tests, and none are run: give WithTests", judgesTests[0].Rule())
	}
	gate := policy.NoNewFailures()
	if c.withTests && !slices.ContainsFunc(judgesTests, func(p policy.Policy) bool { return p.Rule() == gate.Rule() }) {
		c.policies = append(c.policies, gate)
	}
	return nil
}

func distinctKeys(signers []Signer) error {
	seen := map[verify.KeyID]bool{}
	for _, s := range signers {
		id := s.Key().ID()
		if seen[id] {
			return wrong("WithSigner", "key %s signs twice", id.Short())
		}
		seen[id] = true
	}
	return nil
}
