package target_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/target"
)

func TestParseDistList(t *testing.T) {
	l, err := target.ParseDistList(strings.NewReader(`[
		{"GOOS": "windows", "GOARCH": "amd64", "CgoSupported": true, "FirstClass": true},
		{"GOOS": "linux", "GOARCH": "arm", "New": {"field": [1]}},
		{"GOOS": "linux", "GOARCH": "sparc64", "Broken": true},
		{"GOOS": "beos", "GOARCH": "cpu9"}
	]`))
	require.NoError(t, err)
	assert.Equal(t, target.List{
		{OS: "beos", Arch: "cpu9"}, {OS: "linux", Arch: "arm", Variant: "7"}, {OS: "windows", Arch: "amd64"},
	}, l)

	got, err := l.Parse("beos/cpu9")
	require.NoError(t, err, "a port that is newer than this package")
	assert.Equal(t, "beos/cpu9", got.String())
	assert.NoError(t, got.Validate())
	assert.Equal(t, []string{"GOOS=beos", "GOARCH=cpu9"}, got.Environ())

	_, err = l.Parse("linux/amd64")
	var unknown *target.UnknownError
	require.ErrorAs(t, err, &unknown)
	assert.True(t, unknown.Elsewhere)
	assert.EqualError(t, err, `target "linux/amd64" is not supported by this toolchain; did you mean "linux/arm/7"?`)
	_, err = l.Parse("linux/sparc64")
	assert.EqualError(t, err, `target "linux/sparc64" does not exist; did you mean "linux/arm/7"?`)
	_, err = target.List(nil).Parse("linux/amd64")
	assert.EqualError(t, err, `target "linux/amd64" is not supported by this toolchain; "go tool dist list" prints those that are supported`)
}

func TestParseDistListErrors(t *testing.T) {
	entry := func(i int) string { return fmt.Sprintf(`{"GOOS":"os%d","GOARCH":"amd64"}`, i) }
	var many []string
	for i := range target.MaxPorts + 1 {
		many = append(many, entry(i))
	}
	const notJSON = `list of ports: not the output of go tool dist list -json`
	for in, want := range map[string]string{
		``:                          notJSON,
		`{}`:                        notJSON,
		`[{"GOOS":1}]`:              notJSON,
		`[` + entry(1) + `] [`:      notJSON,
		strings.Repeat("[", 100000): notJSON,
		`null`:                      `list of ports: no port that works`,
		`[]`:                        `list of ports: no port that works`,
		`[{"GOOS":"linux","GOARCH":"sparc64","Broken":true}]`: `list of ports: no port that works`,
		`[{"GOOS":"linux"}]`:                                              `list of ports: entry 0: "linux/" is not a port`,
		`[{"GOOS":"../x","GOARCH":"amd64"}]`:                              `list of ports: entry 0: "../x/amd64" is not a port`,
		`[{"GOOS":"a\u001b","GOARCH":"` + strings.Repeat("x", 99) + `"}]`: `list of ports: entry 0: "a\x1b/` + strings.Repeat("x", 58) + `..." is not a port`,
		`[` + entry(1) + `,` + entry(1) + `]`:                             `list of ports: entry 1: "os1/amd64" is listed twice`,
		`[` + strings.Join(many, ",") + `]`:                               `list of ports: more than 1024 entries`,
		strings.Repeat(" ", target.MaxDistListSize+1):                     `list of ports: larger than 1048576 bytes`,
	} {
		_, err := target.ParseDistList(strings.NewReader(in))
		require.EqualError(t, err, want)
		var list *target.ListError
		require.ErrorAs(t, err, &list)
		assert.Error(t, errors.Unwrap(list))
	}
	_, err := target.ParseDistList(iotest.ErrReader(errors.ErrUnsupported))
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestKnownIsTheCallers(t *testing.T) {
	l := target.Known()
	clear(l)
	_, err := target.Parse("linux/amd64")
	assert.NoError(t, err)
}
