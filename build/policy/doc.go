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
// All policies are immutable and safe for concurrent use.
package policy
