package policy

import "slices"

// Limits of [Default].
const (
	DefaultMaxLines = 400 // lines added plus lines removed, tests aside
	DefaultMaxFiles = 20  // files that differ, tests aside
)

// Default are the rules for a hotfix that hold in most projects: it is small,
// it is made on the released version and numbered as one of it, it leaves modules, toolchain, flags and
// API alone, it has no effects that its lines do not show, and it can be built
// again. A change without a test is a warning, and so is a base of which nobody
// proved that its source makes what runs. After the build, nothing else may
// differ in the executables. Rules about tests are not among them, since they
// take time that not every hotfix has.
func Default() []Policy {
	return []Policy{
		CleanTree(), TaggedBase(), HotfixVersion(),
		MaxLines(DefaultMaxLines), MaxFiles(DefaultMaxFiles),
		ForbiddenPaths(slices.Concat(MigrationPaths(), CIPaths())...),
		NoModuleChanges(), NoDirectiveChanges(), CompatibleAPI(), NoSensitiveImports(), NoHiddenEffects(),
		SameToolchain(), SameFlags(), Reproducible(), NoRace(), NoDebugFlags(),
		AffectedKnown(), AsWarning(TestsChange()), AsWarning(BaseProven()),
		ExpectedEffects(),
	}
}
