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
// The body of [Whole] is one part, that of [Generic] three. A part has its size in
// front. The one of Whole, and the first two of Generic, are zstd frames with a
// window of at most 8 MiB: the new file; segments; literal bytes. A segment is three
// numbers: how many bytes are copied from the old file, how many literal bytes
// follow, and, signed, how far the copied bytes begin behind the end of those that
// the last segment copied. The third part says for each copied byte what is added
// to it, modulo 256, range coded: a bit that says whether it is anything but 0,
// with the average of two probabilities, and if so the bits of the value, the
// highest first. What these probabilities are is specified by the package
// internal/entropy and replacements.go.
//
// # Caveats
//
// Diff holds both files and about five times the size of the old one in memory.
// What Apply has written before it fails must be thrown away.
package delta
