// Package audit keeps the record of what a host decided about hotfixes: one
// line for each decision, in a chain that shows what was changed afterwards.
//
// # Guarantee
//
// When [Log.Append] returns nil, the line is on the disk. Each line holds the
// digest of the line before it, so that [Verify] finds every line that was
// altered, removed, inserted or moved, and says where. Nothing is ever cut off
// without a line that says so: what a crash left of an unfinished line is
// replaced by a line of the event [Recovered].
//
// # Format
//
// A log is a file of lines, each a compact JSON object (RFC 8259) in UTF-8 and
// a newline. The keys stand in this order; those marked "or absent" are left
// out when they have nothing to say:
//
//	n          1 in the first line of a chain, then one more in each line
//	time       RFC 3339, UTC, whole seconds; never judged, for clocks are set
//	previous   "sha256:" and the digest of the line before, newline included;
//	           in the first line of a chain, that of no bytes at all
//	event      what was decided: see [Event]
//	host       on which host, or absent
//	product    of which product, or absent
//	hotfix     of which hotfix, by its id, or absent
//	statement  "sha256:" and the digest of the signed statement, or absent
//	rule       the rule that decided, or absent
//	reason     why, in one sentence, or absent
//	signers    the ids of those who signed, as a list, or absent
//
// A line has one spelling: [Verify] decodes it, encodes it again and compares.
// Texts of unknown origin are made harmless before they are written: what is
// not printable is replaced, so that no text can end a line or take a terminal
// over, and what is too long is cut and ends in "…". A decision is never left
// out because of what an attacker wrote into it. Only the fields above are
// written; there is no place for a secret.
//
// # Rotation
//
// [Log.Rotate] ends a file with a line of the event [Rotated] and begins the
// next one with a line of the event [Continued], whose n and previous go on
// with the chain. Each file can be verified alone; [Summary] has both ends, and
// [WithStart] compares.
//
// # Limits
//
// See the Max… constants. Reading needs memory for one line, however long the
// log is.
//
// # Caveats
//
// A chain has no key: whoever can write the file can cut lines off its end, or
// write all of it anew. Remember the [Head] in another place (send it along
// with the host's status) and hand it to [WithHead]: both are then found.
//
// A Log is safe for concurrent use. Only one process at a time has a log open:
// the lock is the file beside it, with ".lock" at the end of its name. Where
// the system has no such locks, callers must see to it.
package audit
