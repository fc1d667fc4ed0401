// Package delta makes patches from one file to the next, and applies them.
//
// # Guarantee
//
// What [Apply] makes has the digest that the patch names, or Apply fails; and it
// refuses an old file that is not the one that the patch was made for before it
// writes anything. A patch is never larger than the compressed new file, but for
// its header. [Diff] has applied a patch before it returns. Memory and time of
// Apply are bounded by the sizes that the patch declares, which are at most
// [MaxSize], whatever its bytes are.
//
// # Format
//
// Numbers are varints of encoding/binary. A patch is
//
//	magic      "HFDELTA" and the version of the format, 1
//	coder      one byte: see [Coder]
//	old        size, SHA-256
//	new        size, SHA-256
//	body       depends on the coder
//
// The body of [Whole] is one stream, the new file; that of [Generic] four. A
// stream is its compressed size and a zstd frame with a window of at most 8 MiB.
//
// The generic streams are segments, gaps, values and literals. A segment is three
// numbers: how many bytes are copied from the old file, how many literal bytes
// follow, and, signed, how far the copied bytes begin behind the end of those that
// the last segment copied. To some copied bytes a value is added, modulo 256:
// before each of these stand as many right ones as the next gap says, counted
// over all segments.
//
// # Caveats
//
// Diff holds both files and about five times the size of the old one in memory.
// What Apply has written before it fails must be thrown away.
package delta
