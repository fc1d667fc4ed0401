package verify_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// stream is a folder in which one file is read from a function.
type stream struct {
	fstest.MapFS
	name string
	read func(p []byte) (int, error)
}

func (s stream) Open(name string) (fs.File, error) {
	f, err := s.MapFS.Open(name)
	if name == s.name && err == nil {
		f = streamed{f, s.read}
	}
	return f, err
}

func (s stream) Lstat(name string) (fs.FileInfo, error)     { return s.MapFS.Lstat(name) }
func (s stream) ReadLink(name string) (string, error)       { return s.MapFS.ReadLink(name) }
func (s stream) ReadDir(name string) ([]fs.DirEntry, error) { return s.MapFS.ReadDir(name) }

type streamed struct {
	fs.File
	read func(p []byte) (int, error)
}

func (s streamed) Read(p []byte) (int, error) { return s.read(p) }

// limitOf is how many bytes of a file of a dist folder are read at most.
func limitOf(name string) int64 {
	if content, ok := archives()[name]; ok {
		return int64(len(content))
	}
	if verify.IsBundleName(name) || verify.IsProvenanceBundleName(name) {
		return verify.MaxBundle
	}
	return manifest.MaxDocument
}

// filesThatAreRead are those of a dist folder that are looked into.
func filesThatAreRead(folder fstest.MapFS) (names []string) {
	for name := range folder {
		if name != verify.ReportHTMLName && name != verify.ReportJSONName {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Endless data: of a file that has no end, no more is read than a good one may have.
func TestFileWithoutEnd(t *testing.T) {
	folder := provenDist(engineer())
	v := newVerifier(t, 1, engineer())
	for _, name := range filesThatAreRead(folder) {
		t.Run(name, func(t *testing.T) {
			var read int64
			endless := stream{folder, name, func(p []byte) (int, error) {
				read += int64(len(p))
				return len(p), nil
			}}
			r, err := v.VerifyDist(t.Context(), endless)
			require.ErrorContains(t, err, name)
			assert.Nil(t, r)
			assert.LessOrEqual(t, read, limitOf(name)+1)
			assert.Positive(t, read)
		})
	}
}

// Slow retrieval: whoever sends a byte at a time, or none, keeps a host until its
// deadline and no longer.
func TestFileThatDoesNotCome(t *testing.T) {
	folder := provenDist(engineer())
	v := newVerifier(t, 1, engineer())
	for _, name := range filesThatAreRead(folder) {
		content := folder[name].Data
		for kind, slow := range map[string]func(ctx context.Context, cancel func()) func(p []byte) (int, error){
			"drips": func(_ context.Context, cancel func()) func(p []byte) (int, error) {
				const patience = 10
				sent := 0
				return func(p []byte) (int, error) {
					switch sent++; {
					case sent == patience:
						cancel() // the deadline
					case sent > patience:
						return 0, errors.New("it is read on after the deadline")
					}
					return copy(p, content[sent-1:sent]), nil
				}
			},
			"blocks": func(ctx context.Context, cancel func()) func(p []byte) (int, error) {
				return func([]byte) (int, error) {
					cancel()
					<-ctx.Done() // as a connection does that has the context
					return 0, ctx.Err()
				}
			},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r, err := v.VerifyDist(ctx, stream{folder, name, slow(ctx, cancel)})
				require.ErrorIs(t, err, context.Canceled)
				assert.Nil(t, r)
			})
		}
	}
}
