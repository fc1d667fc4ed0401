package code_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

func TestArchOf(t *testing.T) {
	for goarch, want := range map[string]code.Arch{"amd64": code.AMD64, "arm64": code.ARM64, "386": 0, "": 0} {
		arch, ok := code.ArchOf(goarch)
		assert.Equal(t, want, arch, goarch)
		assert.Equal(t, want != 0, ok, goarch)
	}
	_, unknown := code.Scan(0, []byte{0x90, 0x90}, 0, nil)
	assert.Equal(t, 2, unknown)
}

func TestWithin(t *testing.T) {
	for target, want := range map[uint64]bool{base - 1: false, base: true, base + 15: true, base + 16: false, 0: false} {
		assert.Equal(t, want, code.Reference{Target: target}.Within(base, 16), "%#x", target)
	}
}

func TestBody(t *testing.T) {
	for _, test := range []struct {
		name, code string
		arch       code.Arch
		want       int
	}{
		{"nothing", "", code.AMD64, 0},
		{"padding alone", "cc cc", code.AMD64, 0},
		{"RET", "c3 cc cc", code.AMD64, 1},
		{"INT3 inside", "cc c3 cc", code.AMD64, 2},
		{"a distance of CC", "eb cc cc cc", code.AMD64, 2},
		{"RET", "c0035fd6 00000000 00", code.ARM64, 4},
		{"a constant that ends in zeros", "40000058 c0035fd6 01000000 00000000 00000000", code.ARM64, 16},
	} {
		assert.Equal(t, test.want, code.Body(test.arch, fromHex(t, test.code)), test.name)
	}
}

func TestScanAppends(t *testing.T) {
	before := []code.Reference{{Offset: 7}}
	refs, _ := code.Scan(code.AMD64, fromHex(t, "eb fe"), 0, before)
	require.Len(t, refs, 2)
	assert.Equal(t, before[0], refs[0])
}

// TestMaskMakesEqual has one function at two places, as two builds have it.
func TestMaskMakesEqual(t *testing.T) {
	one := fromHex(t, "48 8d 05 00 01 00 00 e8 00 02 00 00 c3")
	two := fromHex(t, "48 8d 05 00 03 00 00 e8 00 04 00 00 c3")
	other := fromHex(t, "48 8d 0d 00 01 00 00 e8 00 02 00 00 c3")
	mask := func(text []byte) []byte {
		refs, _ := code.Scan(code.AMD64, text, base, nil)
		return code.Mask(text, refs)
	}
	assert.Equal(t, mask(one), mask(two))
	assert.NotEqual(t, mask(one), mask(other))
	assert.Equal(t, byte(1), one[4], "the argument stays")
}

func FuzzScan(f *testing.F) {
	f.Add(true, uint64(base), fromHex(f, "c3 48 8d 05 00 01 00 00 66 0f 38 00 05 00 01 00 00 62 f1 fe 48 6f 05 00 01 00 00 cc"))
	f.Add(true, uint64(1<<64-1), fromHex(f, "06 66 66 c4 e3 fb f0 05 00 01 00 00 06 f7 05 0f"))
	f.Add(true, uint64(base), []byte("bA\xfe%0$%00")) // a distance in reach of an unknown byte
	f.Add(false, uint64(base), words(0xb0000000, 0x91048c00, 0x58000040, 0x14000001, 0x94000002, 0x9400))
	f.Fuzz(func(t *testing.T, amd64 bool, addr uint64, text []byte) {
		arch := code.ARM64
		if amd64 {
			arch = code.AMD64
		}
		refs, unknown := code.Scan(arch, text, addr, nil)
		again, _ := code.Scan(arch, append(text, 0x90)[:len(text):len(text)], addr, nil)
		require.Equal(t, refs, again)
		requireOrder(t, text, refs)
		requireSteps(t, arch, text, unknown)
		requireSamePlaces(t, arch, text, refs)
	})
}

func requireOrder(t *testing.T, text []byte, refs []code.Reference) {
	end := 0
	for _, ref := range refs {
		require.GreaterOrEqual(t, ref.Offset, end)
		require.Contains(t, []int{1, 4, 8}, ref.Size)
		end = ref.Offset + ref.Size
		require.LessOrEqual(t, end, len(text))
	}
}

func requireSteps(t *testing.T, arch code.Arch, text []byte, unknown int) {
	at := 0
	for _, in := range steps(t, arch, text) {
		require.Equal(t, at, in.Offset)
		require.Positive(t, in.Size)
		at += in.Size
		if in.Class == code.Unknown {
			unknown--
		}
	}
	require.Equal(t, len(text), at)
	require.Zero(t, unknown)
	require.LessOrEqual(t, code.Body(arch, text), len(text))
}

// requireSamePlaces shows that distances do not steer the sweep, but for those
// of literals, so that the references can be found again in masked code.
func requireSamePlaces(t *testing.T, arch code.Arch, text []byte, refs []code.Reference) {
	steering := func(ref code.Reference) bool { return ref.Kind == code.Literal19 }
	masked := code.Mask(text, slices.DeleteFunc(slices.Clone(refs), steering))
	require.Equal(t, steps(t, arch, text), steps(t, arch, masked))
	again, _ := code.Scan(arch, masked, 0, nil)
	require.Len(t, again, len(refs))
	for i, ref := range refs {
		ref.Target = again[i].Target
		require.Equal(t, ref, again[i])
	}
}
