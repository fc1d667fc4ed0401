package tests

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/target"
)

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		option Option
		want   string
	}{
		{WithTimeout(0), "tests: WithTimeout: 0s is no time"},
		{WithTimeout(-time.Second), "tests: WithTimeout: -1s is no time"},
		{WithReruns(-1), "tests: WithReruns: -1 is no number"},
		{WithEnviron("A"), `tests: WithEnviron: "A" is no variable`},
		{WithEnviron("=A"), `tests: WithEnviron: "=A" is no variable`},
		{WithEnviron("A=\x00"), "tests: WithEnviron: "},
	} {
		_, err := Compare(t.Context(), nil, nil, nil, test.option)
		var option *OptionError
		require.ErrorAs(t, err, &option)
		assert.ErrorContains(t, err, test.want)
	}
	c, err := configure([]Option{WithLogger(nil), WithSeed(0), WithEnviron("A=1"), WithEnviron("B=")})
	require.NoError(t, err)
	assert.NotNil(t, c.logger)
	assert.Equal(t, []string{"A=1", "B="}, c.environ)
	assert.Zero(t, (&comparison{config: c}).order())
}

// The command is that of the plan, but for what makes tests other than the
// program.
func TestCommand(t *testing.T) {
	plan := func(dir string, _ target.Target) (build.Plan, error) {
		return build.Plan{
			Dir: dir, Trimpath: true, StampVCS: true, Module: "vendor", Tags: []string{"a", "b"}, Gcflags: []string{"-N"},
			Ldflags: []string{"-s"}, BuildMode: "pie", PGO: "x.pgo",
		}, nil
	}
	c := &comparison{config: &config{timeout: time.Minute}}
	c.result.Seed = 7
	p, err := forTests(plan, false)("/src", target.Host())
	require.NoError(t, err)
	assert.Equal(t, []string{
		"go", "test", "-json", "-count=1", "-vet=off", "-shuffle=7", "-timeout=1m0s",
		"-buildvcs=false", "-mod=vendor", "-tags=a,b", "-gcflags=-N", "-pgo=off", "-run=^T$", "p", "q",
	}, c.argv(p, job{packages: []string{"p", "q"}, pattern: "^T$"}))
	assert.Contains(t, c.argv(p, job{packages: []string{"p"}, overlay: "o.json"}), "-overlay=o.json")
	assert.Nil(t, p.Cgo)

	p, err = forTests(plan, true)("/src", target.Host())
	require.NoError(t, err)
	argv := c.argv(p, job{packages: []string{"p"}, cover: []string{"p", "q"}, profile: "out"})
	assert.Subset(t, argv, []string{"-race", "-covermode=atomic", "-coverpkg=p,q", "-coverprofile=out"})
	assert.NotNil(t, p.Cgo, "the detector is C code")
}
