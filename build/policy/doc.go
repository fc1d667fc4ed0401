// Package policy judges a hotfix: whether what it changes is what a hotfix may
// change.
//
// # Guarantee
//
// A policy decides by a [Case] alone, which is plain data, so that its test
// needs no compiler, no repository and no network. No policy passes for want of
// data: what could not be found out is an error or a finding, never silence.
// A waiver turns a blocking finding into one that is still reported, with who,
// why and until when; it never removes one.
//
// # Findings
//
// A [Finding] has a rule, a severity, a position where there is one, a message
// and a remedy. [Check] asks several policies and sorts what they found;
// [Findings.Blocked] says whether the hotfix may go on.
//
// # Policies
//
// [Default] is the set for a hotfix of most projects. The stock is about
//
//   - scope: [OnlyPackages], [OnlyPaths], [ForbiddenPaths], [MaxLines],
//     [MaxFiles], [MaxPackages], [MaxFunctions], [TestsChange];
//   - modules: [NoModuleChanges], [OnlyPatchBumps], [NoNewModules],
//     [NoReplacedModules], [AllowedLicenses];
//   - code: [CompatibleAPI], [NoSensitiveImports], [NoHiddenEffects],
//     [NoNotes], [AffectedKnown], [Vulnerabilities];
//   - tests, asked after them: [NoNewFailures], [FaultShown],
//     [ChangedLinesCovered]; they are in no default, since they need tests to
//     be run;
//   - revisions: [CleanTree], [TaggedBase], [BaseIsAncestor], [HotfixVersion],
//     [BaseProven];
//   - builds: [SameToolchain], [SameFlags], [NoDirectiveChanges],
//     [Reproducible], [Trimpath], [NoCgo], [NoRace], [NoDebugFlags], [MinGo];
//   - executables, after the build: [ExpectedEffects], [MaxEffects].
//
// Each is asked at its [Stage], as soon as what it judges is known.
//
// [All], [Any], [AsWarning] and [Waive] make policies of policies, and [Func]
// makes one of a function. Constructors return no error, so that a list of
// policies reads as one: a policy with a wrong argument is found by [Validate],
// and until it is mended every check of it is an error.
//
// # Testing
//
// Package policytest makes a case of an archive with two small trees, and
// asserts what a policy finds.
//
// # Errors
//
// [Check] returns an [*UncheckedError], which wraps an [*ArgumentError], a
// [*VulnerabilityError], [ErrNoTime] or what a policy of one's own returned.
//
// All policies are immutable and safe for concurrent use.
package policy
