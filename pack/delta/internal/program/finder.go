package program

import "encoding/binary"

// The index by which the runtime finds functions (findfuncbucket in
// runtime/symtab.go): for each bucket the number of the function that its first
// byte lies in, then for each part of a bucket how many more to skip.
const (
	bucketSize   = 4096
	bucketParts  = 16
	bucketPart   = bucketSize / bucketParts
	bucketRecord = 4
)

// FinderSize is the size of the index of functions that lie between two addresses.
func FinderSize(start, end uint64) int {
	size := int(end - start)
	return bucketRecord*((size+bucketSize-1)/bucketSize) + (size+bucketPart-1)/bucketPart
}

// MakeFinder makes the index as the linker does (findfunctab in
// cmd/link/internal/ld/pcln.go) from the ascending addresses of functions and the
// end of the last one.
func MakeFinder(entries []uint64, end uint64) []byte {
	if len(entries) == 0 || end <= entries[0] {
		return nil
	}
	first := entries[0]
	lowest := make([]int, (int(end-first)+bucketPart-1)/bucketPart)
	function := 0
	for i := range lowest {
		at := first + uint64(i)*bucketPart
		for function+1 < len(entries) && entries[function+1] <= at {
			function++
		}
		lowest[i] = function
	}
	made := make([]byte, 0, FinderSize(first, end))
	for i, function := range lowest {
		if i%bucketParts == 0 {
			made = binary.LittleEndian.AppendUint32(made, uint32(function))
		}
		made = append(made, byte(function-lowest[i-i%bucketParts]))
	}
	return made
}
