// Package journal is a host's record of what it is doing to a service: one line
// for each step, on the disk before the step is taken.
//
// # Guarantee
//
// When [Journal.Append] returns nil, the line is on the disk, and no reader ever
// takes a line for whole that is not. Each line holds its own checksum and that of
// the line before it, so a line that was altered, removed, inserted or moved is
// found, and the whole journal refused: a host that cannot know what it was doing
// does nothing. Only an end that a crash left unfinished is cut off.
//
// # Format
//
// A journal is a file of lines, each
//
//	64 hexadecimal digits, a space, a compact JSON object (RFC 8259), a newline
//
// The digits are the SHA-256 of the JSON object. Its field "previous" is that of the
// line before; in the first line of a first file it is left out. The keys of the
// object are those of [Record], in their order. A line has one spelling: it is
// decoded, encoded again and compared.
//
// An unfinished end is what follows the last newline, or a last line with a zero
// byte in it, as file systems leave where data had not arrived when the power failed.
//
// A journal that has grown beyond [RotateSize] is continued in a new file whose first
// line is the last one of the old file, which is kept with the suffix ".1".
//
// # Limits
//
// See the Max… constants. A journal is read as a whole.
//
// # Caveats
//
// A chain has no key: whoever can write the file can write it anew. The journal
// protects a host from crashes and from damage, not from those who own it.
package journal
