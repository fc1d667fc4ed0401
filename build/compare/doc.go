// Package compare tells what differs between two Go executables, function by
// function: the blast radius of a hotfix, proven on the bytes.
//
// # Guarantee
//
// A function that is not listed has the same machine code on both sides: the
// same instructions, calling the same functions by name, and using constants
// with the same content. What cannot be compared is an error or stands in
// [Report].Unknown; it is never left out as if it were equal.
//
// # Method
//
// The function table of the Go runtime, which "-s -w" keeps, names every
// function and says where its code is, from which files and lines it comes, and
// which calls were inlined into it. Functions are matched by name, and function
// literals, which the compiler numbers, by their code and order. References to
// addresses are taken out of the code before it is compared, since every
// address moves when a function grows; then what they point to is compared:
// functions by name, types by the hash that the compiler gave them, constants
// by content, variables by what they begin with.
//
// # What is told
//
// A function counts as edited if its code differs. If nothing of its own lines
// moved, and it contains an inlined copy of a function that was edited, it is
// said to differ through that copy. Lines that moved as a whole, as those below
// an edit do, are no difference.
//
// # Limits
//
// ELF, PE and Mach-O files for amd64 and arm64, of Go 1.20 to 1.27, stripped or
// not. Memory is a small multiple of the files' size. Code that was not compiled
// by Go has no function table; its bytes are compared as a whole.
//
// # Caveats
//
// A change of a type's layout changes functions whose source is as it was. The
// end of a constant is not recorded: it reaches to the next address that
// anything refers to.
package compare
