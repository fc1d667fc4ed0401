package pack

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzContainer requires of a format's reader that it never panics, and that
// what it accepts is what the packer writes.
func fuzzContainer(f *testing.F, format Format) {
	f.Add(container(f, format, paths("a", "b/c")...))
	f.Add(container(f, format, paths("../a")...))
	f.Add(container(f, format))
	f.Add(newDraft(f).bytes(f, format))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := readContainer(t.Context(), format, data); err != nil {
			requireRefused(t, err)
			return
		}
		require.True(t, bytes.Equal(data, repack(t, format, data)))
	})
}

func FuzzExtractTar(f *testing.F)    { fuzzContainer(f, Tar) }
func FuzzExtractTarGz(f *testing.F)  { fuzzContainer(f, TarGz) }
func FuzzExtractTarZst(f *testing.F) { fuzzContainer(f, TarZst) }
func FuzzExtractZip(f *testing.F)    { fuzzContainer(f, Zip) }

// FuzzPack requires that whatever is packed can be read, whatever its content.
func FuzzPack(f *testing.F) {
	f.Add("config/a", []byte("a"), uint8(1))
	f.Add("scripts/b", random(1, 70_000), uint8(3))
	f.Fuzz(func(t *testing.T, path string, content []byte, repeat uint8) {
		content = bytes.Repeat(content, int(repeat))
		members := []member{document(path, content)}
		for _, format := range Formats() {
			var out memoryFile
			if err := encode(t.Context(), format, fixTime, &out, members); err != nil {
				return
			}
			require.NoError(t, readContainer(t.Context(), format, out.data))
		}
	})
}

// FuzzUnpackDelta requires that whatever stands for a patch, what is unpacked is
// what the manifest says, or nothing.
func FuzzUnpackDelta(f *testing.F) {
	d := deltaDraft(f)
	f.Add([]byte(d.files[0].content))
	f.Add([]byte("binary"))
	base := WithBaseFiles(fileWith(f, []byte("base")))
	f.Fuzz(func(t *testing.T, patch []byte) {
		d.setPatch(string(patch)) // workers are processes, and take one input after the other
		dest := filepath.Join(t.TempDir(), "dest")
		if _, err := Unpack(t.Context(), writeFile(t, smallDelta(t, TarZst, d)), dest, base); err != nil {
			requireRefused(t, err)
			require.NoDirExists(t, dest)
			return
		}
		require.Equal(t, "binary", readTree(t, dest)["bin/p"])
	})
}
