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
// Patches that were made once decode for ever: a version of the format, which the
// header names, does not change.
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
// The body of [Program] is range coded as a whole, and says how an executable of Go
// comes from another. What the decoder knows of the old one without being told, its
// functions, their tables, and which bytes refer to which address or source line, is
// specified by the package internal/program; the processors' instructions by
// internal/goexe/code. The body is a sequence of lists, each with its length in front:
//
//  1. where each section of the new file begins, in memory and in the file, by where
//     the old one of the same number did;
//  2. operations that make the new file in its order: bytes copied from the old
//     file, literal bytes, zeros, instructions that do nothing up to a multiple of 32,
//     and four tables that are made anew: of values by offsets in functions, of
//     functions, of the finder of functions, of relocations;
//  3. the literal bytes: the first 32 KiB, or 1/128 of the new file, by a model that
//     mixes contexts, the others by a quick one;
//  4. ranges of labels, the distinct addresses that the old file refers to, that
//     moved in another way than what was copied there;
//  5. from which line on the lines of a source file moved, and the same for the
//     numbers of files in compilation units;
//  6. functions whose records are not as expected, and how they are;
//  7. relocations that are new or gone;
//  8. which identifiers and checksums follow from the rest (the package internal/seal),
//     and the Go build ID;
//  9. bytes that are not as all this makes them, and by how much.
//
// Where a byte was copied to says where its address went; what was not copied moved
// with what lies in front of it; list 4 overrides both. By that, each reference in
// what is copied is rewritten, the records and tables of functions are moved with
// their code, and the tables of list 2 are laid out as Go's linker does. The order
// of the lists and their numbers are specified by the codec files of the package
// internal/goaware, which both sides run.
//
// # Limits
//
// Files and patches have at most [MaxSize] and [MaxPatch] bytes. Program knows ELF,
// PE and Mach-O files for amd64 and arm64, from Go 1.20 on as far as their module data is
// known, with and without symbols, position independent or not, with and without C
// code. Whatever it does not know, one of the other coders takes; so do files that
// were packed or obfuscated.
//
// # Caveats
//
// Diff holds about fifteen times the size of a file in memory, and tries the other
// coders only if the patch of Program is not smaller than one part in 256 of the new
// file; see [WithEveryCoder]. For Program, Apply holds the old file and about its size
// again: it makes the new one piece by piece, once for its digest, and once more to
// write it, so that nothing wrong is written. Between releases of Go, where nearly all
// has changed, it holds a few times as much. For the others it holds a few megabytes
// and writes as it goes: what it has written must be thrown away if it fails.
//
// # Sources
//
// That references, predicted by where things moved, are what makes patches of
// executables small: Courgette (chromium.org/developers/design-documents) and
// Zucchini. Matching with few mismatches: Percival, "Naive Differences of
// Executable Code" (bsdiff). Go's own tables: see the internal packages.
package delta
