// Package manifest is the data model that is signed and shipped: the manifest
// of one package, the release that lists all packages of a hotfix, and the
// in-toto statement that is signed over it.
//
// # Guarantee
//
// One meaning has one byte string. Every document has exactly one encoding,
// and the decoders accept that encoding alone: they decode, encode again and
// compare, so another spelling of the same document (case of a key, a
// duplicate or unknown key, white space, an escape, another form of a number
// or of a time) is refused with [ErrNotCanonical]. What is decoded has been
// validated: each name is safe as a file name on Linux, macOS and Windows,
// each list is sorted and free of duplicates, each size is within its limit.
//
// # Formats
//
// Documents are JSON (RFC 8259) in UTF-8, restricted to printable ASCII in
// identifiers. Files that people read (manifest.json, rollback.json,
// hotfix.json) are indented by two spaces and end in one newline; the statement
// that is signed is compact, without a newline. Keys stand in the order of the
// Go struct fields. Integers are below 2^53, so that every JSON reader agrees
// on them. Times are RFC 3339 in UTC with whole seconds. Digests are
// "sha256:" followed by 64 lower-case hexadecimal digits.
//
// The statement follows in-toto Attestation Framework v1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md):
// its subjects are the packages, its predicate is a [Release]. A second statement
// over the same packages has a [Provenance], SLSA's predicate of how they were made.
//
// A package is full, or a delta: then its executable has the encoding "delta",
// and the member of the archive at its path is a patch from the package's base.
// The digest of the executable in manifest.json is that of the result in both.
// A [Release] says of each package which it is.
//
// SHA256SUMS ([Sums]) has one line for each package: 64 lower-case hexadecimal
// digits, two spaces, the file name and a newline, sorted bytewise by name. The
// sha256sum command reads it too.
//
// # Limits
//
// See the Max… constants. Decoding needs memory in proportion to the
// document, which is at most [MaxDocument] bytes.
//
// All types are plain values. Functions are safe for concurrent use.
package manifest
