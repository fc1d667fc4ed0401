package source

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const codeBase = `package p

func F(n int) int {
	return n
}
`

const codeFix = `package p

import "fmt"

var table = map[string]func(){
	"a": func() {
		println("a")
	},
}

// F does.
func F(n int) int {
	// nothing
	fmt.Println("x",
		n,
	)
	if n > 0 {
		s := ` + "`raw\n\ntext`" + `
		println(s)
	} else {
		n++
	}

	switch n {
	case 1,
		2:
		println("one")
	case 3:
	default:
		func() { n-- }()
	}
	return n
}

func (s *set[T]) Add() { s.n++ }

type set[T any] struct{ n int }
`

func codeTree(files map[string]string) fs.FS {
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

func TestChangedCode(t *testing.T) {
	base, fix := codeTree(map[string]string{"p/p.go": codeBase}), codeTree(map[string]string{"p/p.go": codeFix})
	code, err := ChangedCode(base, fix, "p/p.go")
	require.NoError(t, err)
	lines := map[int]string{}
	runs := map[int][]Position{}
	for _, c := range code {
		lines[c.Line], runs[c.Line] = c.Function, c.Runs
	}
	assert.Equal(t, map[int]string{
		7: "", 14: "F", 15: "F", 17: "F", 18: "F", 19: "F", 20: "F", 21: "F", 23: "F", 26: "F", 27: "F", 28: "F", 29: "F", 31: "F", 32: "F", 37: "(*set).Add",
	}, lines, "and not the return, which is in both")
	assert.Equal(t, []Position{{18, 3}, {18, 5}, {18, 8}}, runs[18])
	assert.Equal(t, []Position{{18, 8}}, runs[20], "text goes on")
	assert.Equal(t, []Position{{29, 3}, {29, 3}}, runs[27], "a case is judged by its statements")
	assert.Equal(t, []Position{{29, 3}}, runs[28])
	assert.NotContains(t, runs, 30, "a case without any is not judged")
}

func TestChangedCodeCannotBeRead(t *testing.T) {
	good := codeTree(map[string]string{"p.go": codeBase})
	for name, fix := range map[string]fs.FS{
		"no Go":  codeTree(map[string]string{"p.go": "package p\n\nfunc {"}),
		"absent": codeTree(nil),
		"a link": fstest.MapFS{"p.go": {Data: []byte("q.go"), Mode: fs.ModeSymlink}},
	} {
		_, err := ChangedCode(good, fix, "p.go")
		var failed *FileError
		require.ErrorAs(t, err, &failed, name)
		assert.Equal(t, "fix", failed.Tree)
	}
	_, err := ChangedCode(fstest.MapFS{"p.go": {Mode: fs.ModeDir}}, good, "p.go")
	var failed *FileError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "base", failed.Tree)
}
