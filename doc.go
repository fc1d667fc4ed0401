// Package hotfix makes emergency fixes of Go services: from a fix commit to a
// proven, signed, tiny, reversible update of the running service, scripted in
// Go.
//
// # Guarantee
//
// [Pipeline.Run] either writes one complete dist folder or leaves the output
// folder as it was. What it wrote it has verified as a host would: signatures,
// digests, and every package by the strict reader. The same source, base,
// options and toolchain give the same packages, SHA256SUMS, hotfix.json and
// provenance.json, byte for byte, on every host system. A run that is killed leaves a folder
// DIST.*.partial beside the output folder, which can be removed.
//
// # Parts
//
// The pipeline ties together packages that are useful alone:
//
//	target         where a binary runs
//	build          compiles, reproducibly, many targets at once; proves what runs
//	build/change   finds what a fix changes in the source
//	build/policy   judges that, and everything else that is found out
//	build/tests    runs the tests that the change can reach, on base and fix
//	build/compare  finds what a fix changes in the executable
//	pack           writes and strictly reads packages, in full and as deltas
//	pack/manifest  what is signed and shipped
//	verify         decides by digests and signatures
//	verify/inline  carries a release through a chat or a ticket
//	verify/sign    signs
//
// # Dist folder
//
//	NAME.tar.zst                      one full package a target
//	NAME_from-VERSION.tar.zst         delta packages, if they are asked for: one a target and base
//	SHA256SUMS                        digests of the packages
//	hotfix.json                       the release: the signed statement's predicate, to read
//	hotfix.<key id>.sigstore.json     one bundle a signer
//	provenance.json                   how the packages were made: SLSA's predicate, to read
//	provenance.<key id>.sigstore.json one bundle over it a signer
//	report.json                       what was done and how long it took; not signed
//	report.html                       the same for people, as one page
//
// # Steps
//
// A run consists of the steps [StepSource] to [StepPublish], in that order.
// An error is a [*StepError] and names the step; if policies forbid the hotfix it
// wraps a [*BlockedError]. Hooks run before and after each step; an observer is
// told of each.
//
// What changes is found if the source of the base is known: because the base is
// a revision or a folder, because [WithBaseSourceRevision] or
// [WithBaseSourceFolder] says so, or because the fix is a revision and the base
// records its commit. Then a base of executables or packages is also rebuilt
// and compared with them. The executables of base and fix are compared in any
// case.
//
// # Provenance
//
// What was built, from which commit, with which modules, toolchain and flags, and by
// whom ([WithBuilder]) is signed as a second statement over the same packages: a
// SLSA v1 provenance ([manifest.Provenance]). [Rebuild] builds a verified release
// again from what it says, and compares.
//
// # Dates
//
// Dates come from the fix, not from the clock: SOURCE_DATE_EPOCH if it is set,
// else the time of the fix commit. A plain folder, for which no revision is
// named, has neither: it is dated 1980-01-01, and [Result].Warnings says so. Git
// is asked only when a revision is named, so that the same tree gives the same
// bytes with and without its repository.
package hotfix
