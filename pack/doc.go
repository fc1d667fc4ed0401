// Package pack writes and reads the archives in which a hotfix reaches a host:
// one archive for one target, with the executable, a manifest, a way back and a
// bill of materials; or, in a delta package, with a patch to the executable from
// the one that runs.
//
// # Guarantee
//
// The same input gives the same bytes, on every host: whatever the folder, the
// user, the umask, the time zone, the operating system, the processor and the
// number of packages that are packed at once.
//
// From a delta package a host gets what it gets from the full one, byte for byte,
// or an error that says which executable is missing.
//
// A reader accepts exactly what the packer can produce. It decodes the archive,
// encodes what it decoded with the packer's own code, and compares the result
// with the archive while it reads, to the last compressed byte. So one set of
// files has one archive in each format, and no two programs can see different
// files in it: there is no room for links, devices, extensions, hidden or
// trailing data. What is refused, whenever that shows, leaves nothing behind.
//
// Nothing here says who made a package. Verify its digest against a signed
// release first, and pass that digest on with [WithDigest].
//
// # Parties
//
// A release tool makes a [Packer] with [New] and calls [Packer.Pack] or
// [Packer.PackAll]. A host, or whoever looks into a package, calls [Open], or
// [Unpack] to have the files; one that holds a full package and deltas, or only
// some of them, calls [UnpackSmallest]. [Extract] reads the container alone, which may
// hold any files.
//
// # Container
//
// A container holds one or more regular files and nothing else.
//
//   - Paths obey [manifest.CheckPath], fit into the name fields of USTAR, and
//     are in ascending bytewise order. No two paths, and no two folders, differ
//     only in the case of letters; no file lies below another file.
//   - The mode is 0644 or 0755.
//   - All files have one modification time, of whole seconds in UTC from 1980
//     to 2107; in a zip, of even seconds. There is no owner.
//
// In the tar formats the files are in USTAR (POSIX.1-1988) as archive/tar
// writes it, with two blocks of zeros at the end and without further blocking.
// A tar.gz is that in one gzip member (RFC 1952) without name and time, of
// operating system 255, compressed at level 6 by the flate package of
// github.com/klauspost/compress. A tar.zst is that in one Zstandard frame (RFC
// 8878) with checksum, with a window of at most 8 MiB, compressed at the default
// level by the zstd package of the same module, in one thread.
//
// A zip has, for each file, a local header and the content deflated by the same
// flate package at level 6; then the central directory and the end record. All
// sizes and checksums are in the local headers. There are no data descriptors,
// extra fields, comments, gaps, flags or zip64 records; each file is made by
// version 2.0 for Unix and needs 2.0. Times are in UTC.
//
// # Package
//
// A package is a container in one of [TarGz], [TarZst] and [Zip] with
//
//	bin/<name>       0755  the executable; at most one
//	config/…         0644  files that the fix brings along
//	manifest.json    0644  all other members with digest, size and mode
//	rollback.json    0644  what to go back to, restart and check
//	sbom.cdx.json    0644  CycloneDX 1.6
//	scripts/…        0755  more files; scripts/verify runs before the switch
//
// In a delta package the member bin/<name> is a patch in the format of package
// delta, which makes the executable of the manifest's base; the manifest lists
// digest and size of the patch beside those of the result. It has no bill of
// materials: that is in the full package, which belongs to the same release. Its
// file name ends in "_from-" and the version of the base, before the extension.
//
// The manifest, which must be there, and rollback.json are in the one encoding
// of package manifest. The manifest lists exactly the other members, and
// rollback.json leads back to the manifest's base. Schemas of documents are
// versioned by their "schema" field.
//
// # Limits
//
// See the Max… constants and [WithLimits]. Packing needs about 25 MB of memory
// and reading about 35 MB, whatever the size of the files. Making and applying a
// patch needs what package delta says in addition, for files of at most
// [delta.MaxSize] bytes. A zip, and a file in it, is smaller than 4 GiB.
//
// # Compatibility
//
// The compressed bytes are a part of the format. A host refuses packages of a
// release tool that was linked with a compressor of other output, so both sides
// must agree on the version of github.com/klauspost/compress as far as its
// output goes. Tests of this package pin that output: a change of it is a
// change of the format, and is in the release notes.
//
// # Caveats
//
// Windows has no modes like 0755, and no way to make the name of a new file
// durable; there, [Unpack] and [Extract] do without. A process that is killed
// while it extracts leaves a folder .<dest>.*.partial, and one that is killed
// while it packs a file <name>.*.partial; both can be removed.
package pack
