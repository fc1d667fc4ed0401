// Package target names where a binary runs: an operating system, an architecture and a variant of that architecture.
//
// It guarantees that equal targets make the go command build the same bytes, all else being equal, whatever the caller's
// environment and the machine that the toolchain was built on: a target is always canonical, and [Target.Environ] always
// writes its variant out.
//
// # Text form
//
//	os/arch[/variant]      linux/amd64   linux/amd64/v3   linux/arm/7   linux/arm/7+softfloat   linux/arm64/v8.2+crypto
//
// OS and architecture are GOOS and GOARCH. The variant is the value of the architecture's variable, with a plus sign
// where the variable has a comma, so that targets can be listed with commas:
//
//	architecture        variable    values (the default first)                       options
//	386                 GO386       sse2, softfloat
//	amd64               GOAMD64     v1, v2, v3, v4
//	arm                 GOARM       7, 6, 5                                          one of softfloat, hardfloat
//	arm64               GOARM64     v8.0 to v8.9, v9.0 to v9.5                       lse, crypto
//	mips, mipsle        GOMIPS      hardfloat, softfloat
//	mips64, mips64le    GOMIPS64    hardfloat, softfloat
//	ppc64, ppc64le      GOPPC64     power8, power9, power10
//	riscv64             GORISCV64   rva20u64, rva22u64, rva23u64
//	wasm                GOWASM      none                                             satconv, signext
//
// Other architectures have no variant.
//
// The canonical form leaves the default out: linux/amd64/v1 is linux/amd64. The one exception is arm, whose default
// differs between toolchains, so that it is always written: linux/arm is linux/arm/7. The spellings of container images
// are read too: arm/v7 is arm/7, arm64/v8 is arm64, arm64/v9 is arm64/v9.0. Options keep the order in which they were
// written, and linux/arm/7 is not linux/arm/7+hardfloat, although both run on the same machines: the go command records
// the variable in the executable as it was written, so their bytes differ.
//
// # Sets
//
// A [Set] selects targets by patterns, which are joined with commas: "linux/*,windows/amd64,!*/386". Each pattern has two
// or three segments; in a segment * stands for any characters, also none, and ? for one. There are no brackets and no
// escapes.
//
//   - os/arch includes every port that matches, in its default variant.
//   - os/arch/variant includes every port that matches and has that variant: linux/*/v3 is linux/amd64/v3. With * or ? in
//     the variant it includes the values in the table above, never an option: linux/arm/* is linux/arm/5, 6 and 7. The
//     default is matched as if it were written out, and that of an architecture without values as the empty string.
//   - !os/arch excludes every target that matches, in any variant.
//   - !os/arch/variant excludes that variant; with * or ? in it, options are matched too.
//
// Exclusions apply after all inclusions, wherever they stand. A set without an inclusion is refused: write */* first.
//
// # Limits
//
// Input may be hostile. [MaxLength], [MaxPatterns], [MaxDistListSize] and [MaxPorts] bound what is read; errors quote at most
// MaxLength bytes of it, with control characters escaped.
//
// # Compatibility
//
// [Known] holds the ports of Go 1.20 to 1.27. For what one toolchain supports, read its list with [ParseDistList]; a port
// that is newer than this package then works too, without variants if its architecture is new.
package target
