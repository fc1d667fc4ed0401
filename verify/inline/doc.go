// Package inline carries a release through a chat, a ticket or a configuration
// push: statement, signatures and packages in one block of text.
//
// # Guarantee
//
// [Verify] returns a release only if a [verify.Verifier] accepts its signatures,
// and with it only packages that the signed statement lists. What is carried has
// one byte string: a block that [Encode] would not have written is refused. Only
// the text around and within the block may be changed as people and programs do
// that pass it on, which changes nothing of what it carries.
//
// The order is that of every host: block → bundles → threshold → statement →
// digests of the packages. Nothing but the block and the bundles in it is parsed
// before its signature has been checked, and packages are not opened here.
//
// # Format
//
// The text is
//
//	-----BEGIN HOTFIX RELEASE-----
//	base64, 64 characters a line
//	-----END HOTFIX RELEASE-----
//
// A reader takes no notice of what stands before and after these lines, nor,
// between them, of white space and of the ">" of a quotation. Everything else
// there must be base64 with padding (RFC 4648), and the two lines must stand in
// the text once. Decoded, with numbers as varints of encoding/binary, it is
//
//	version     one byte: 1, or 2 if a signature has timestamps
//	signatures  how many; of each the key's id (32 bytes) and a part: the signature;
//	            in version 2 also the timestamps: how many; of each a part
//	statement   a part: the signed bytes, deflated (RFC 1951)
//	packages    how many; of each a part: the archive
//
// A part is its length and so many bytes. Signatures are in the order of the
// keys' ids, packages in that of the statement; each is there once, and at least
// one of both. The bundles are made of statement, signature and timestamps again,
// byte for byte. A package has no name in the block: its digest finds it in the statement.
// The statement is deflated at level 9 by the flate package of
// github.com/klauspost/compress, with the words that all statements have in
// common as the preset dictionary: see dictionary.go.
//
// # Limits
//
// See the Max… constants. Memory is in proportion to the text and to
// [manifest.MaxDocument].
//
// # Caveats
//
// A block is meant for delta packages: a full one is too large for people to
// pass on, if not for [MaxText]. As with package verify, the dates and the number
// of the release are returned and not judged.
package inline
