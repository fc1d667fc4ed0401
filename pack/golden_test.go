package pack

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// goldenFiles have blocks of all kinds: repetitive, half random, random, text,
// empty; small, and larger than the windows of the compressors.
func goldenFiles() []fileOf {
	text := ""
	for i := range 3000 {
		text += "func handler" + string(rune('a'+i%26)) + "(w http.ResponseWriter, r *http.Request) { return }\n"
	}
	return []fileOf{
		{path: "bin/large", mode: "0755", content: string(mixed(11, 9<<20))},
		{path: "bin/random", mode: "0755", content: string(random(12, 300_000))},
		{path: "config/empty"},
		{path: "config/one", content: "1"},
		{path: "config/text", content: text},
		{path: "config/zeros", content: string(make([]byte, 1<<20))},
		{path: "scripts/half", mode: "0755", content: string(random(13, 100_000)) + text},
	}
}

// The compressed bytes are a part of the format: a reader that compresses
// otherwise refuses what this version packed. If a new version of a compressor,
// or of archive/tar, changes one of these digests, it changes the format: stay
// with the old version, or raise formatRevision and say in the release notes
// that hosts have to be updated before the release tool.
//
// The test runs on every processor that is tested, with the same digests.
var goldenDigests = map[Format]string{
	Tar:    "acf4c451cd254e1cc2bc9b6d6796cada56d80a8ae781756d1362fea840bbf38e",
	TarGz:  "97548bdf461ef0a98eb4395d6d28e774237c8c7ec9f4bedac3f5740599eb8d5e",
	TarZst: "8a0d9f3d0ee351a589d180babe8d1bd18bd1113b9748a8d042cfc0143c39dee9",
	Zip:    "399b5052f1f5450a316472a66812cd4867c2b661f1368b45180e5ea3b9d0c9f3",
}

func TestGoldenContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses many megabytes")
	}
	for _, f := range Formats() {
		data := container(t, f, goldenFiles()...)
		assert.Equal(t, goldenDigests[f], manifest.DigestOf(data).Hex(), f)
		assert.NoError(t, readContainer(t.Context(), f, data))
	}
}

func TestNumberOfProcessorsDoesNotMatter(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses many megabytes")
	}
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, f := range Formats() {
		var digests []manifest.Digest
		for _, n := range []int{1, 4} {
			runtime.GOMAXPROCS(n)
			digests = append(digests, manifest.DigestOf(container(t, f, goldenFiles()...)))
		}
		assert.Equal(t, digests[0], digests[1], f)
	}
}

// The whole of a small package, so that a change of any document shows.
func TestGoldenPackage(t *testing.T) {
	for f, want := range map[Format]string{
		TarGz:  "bb6caf9d87d8b29dd1dd4b0786cbaa2a56729a41686b6f49e92cafb478db3627",
		TarZst: "abf75b7ce3159beba197aa72615d1aad12de5e3e7e816a99c99e988339853562",
		Zip:    "d27e5b83bd55905e36ae3b67ad4bae3db966d3e0828c77c40631c81d3986924d",
	} {
		pkg := packed(t, f, []byte("no executable, but always the same"))
		data, err := os.ReadFile(pkg.Path)
		require.NoError(t, err)
		assert.Equal(t, want, manifest.DigestOf(data).Hex(), f)
	}
}

// The whole of a small delta package. If package delta has learnt to make another
// patch of the same files, raise patchRevision: old patches stay good.
func TestGoldenDelta(t *testing.T) {
	data, err := os.ReadFile(packedDelta(t, TarGz).Path)
	require.NoError(t, err)
	assert.Equal(t, "1482d6e376caae65416aaef5992d14746149c08f0aa47a7b797d8e8ed3c9ae83", manifest.DigestOf(data).Hex())
}
