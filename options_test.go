package hotfix_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/target"
)

func TestNewRefusesOptions(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	hook := func(context.Context, *hotfix.Result) error { return nil }
	for name, test := range map[string]struct {
		option hotfix.Option
		names  string // what the error must name
	}{
		"empty source":             {hotfix.WithSource("", "."), "WithSource"},
		"empty package":            {hotfix.WithSource(".", ""), "WithSource"},
		"source without go.mod":    {hotfix.WithSource(t.TempDir(), "."), "has no go.mod"},
		"package pattern":          {hotfix.WithSource(module(t, "x"), "./..."), "not one main package"},
		"empty fix":                {hotfix.WithFix(""), "WithFix"},
		"nil base":                 {hotfix.WithBase(nil), "NoBase()"},
		"base version":             {hotfix.WithBaseVersion("v1 4"), "WithBaseVersion"},
		"zero target":              {hotfix.WithTargets(target.Target{}), "WithTargets"},
		"target twice":             {hotfix.WithTargets(target.Host()), "listed twice"},
		"version":                  {hotfix.WithVersion("../v1"), "WithVersion"},
		"version variable":         {hotfix.WithVersionVariable("version"), "WithVariable"},
		"id":                       {hotfix.WithID("a/b"), "WithID"},
		"id of Windows":            {hotfix.WithID("nul"), "WithID"},
		"channel":                  {hotfix.WithChannel("Stable"), "WithChannel"},
		"negative epoch":           {hotfix.WithSequence(-1, 1), "WithSequence"},
		"sequence zero":            {hotfix.WithSequence(0, 0), "WithSequence"},
		"sequence too large":       {hotfix.WithSequence(0, 1<<53), "WithSequence"},
		"zero time":                {hotfix.WithTime(time.Time{}), "WithTime"},
		"time before all archives": {hotfix.WithTime(time.Unix(0, 0)), "1970"},
		"validity ends early":      {hotfix.WithValidity(fixDate, fixDate), "WithValidity"},
		"prerequisite":             {hotfix.WithPrerequisites("ok", ""), "WithPrerequisites"},
		"superseded":               {hotfix.WithSupersedes("a b"), "WithSupersedes"},
		"withdrawn id":             {hotfix.WithWithdrawal("", "why"), "WithWithdrawal"},
		"withdrawn without reason": {hotfix.WithWithdrawal("app-1", ""), "WithWithdrawal"},
		"build option":             {hotfix.WithBuild(build.WithParallel(-1)), "WithParallel"},
		"pack option":              {hotfix.WithPack(pack.WithFormat("rar")), "rar"},
		"nil signer":               {hotfix.WithSigner(nil), "WithSigner"},
		"empty output":             {hotfix.WithOutput(""), "WithOutput"},
		"builder that is no URI":   {hotfix.WithBuilder("ci"), "WithBuilder"},
		"empty cache":              {hotfix.WithCache(""), "WithCache"},
		"no such step before":      {hotfix.WithBefore("deploy", hook), "WithBefore"},
		"no such step after":       {hotfix.WithAfter("deploy", hook), "WithAfter"},
		"nil hook":                 {hotfix.WithAfter(hotfix.StepBuild, nil), "WithAfter"},
		"nil logger":               {hotfix.WithLogger(nil), "WithLogger"},
		"key twice":                {hotfix.WithSigner(signer), "signs twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hotfix.New("app", append(required(t), hotfix.WithSigner(signer), test.option)...)
			require.Error(t, err)
			assert.ErrorContains(t, err, test.names)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// required are the options without which there is no pipeline.
func required(t *testing.T) []hotfix.Option {
	t.Helper()
	return []hotfix.Option{
		hotfix.WithSource(module(t, "fixed"), "."), hotfix.WithBase(hotfix.NoBase()),
		hotfix.WithTargets(target.Host()), hotfix.WithOutput(filepath.Join(t.TempDir(), "dist")), hotfix.WithCache(t.TempDir()),
	}
}

func TestNewRequiresOptions(t *testing.T) {
	t.Parallel()
	for i, what := range []string{"WithSource", "WithBase", "WithTargets", "WithOutput"} {
		options := required(t)
		_, err := hotfix.New("app", append(options[:i:i], options[i+1:]...)...)
		assert.ErrorContains(t, err, what)
	}
	_, err := hotfix.New("App", required(t)...)
	assert.ErrorContains(t, err, `"App"`)
	_, err = hotfix.New("app", required(t)...)
	assert.NoError(t, err)
}

func TestListsOfIDsAdd(t *testing.T) {
	t.Parallel()
	result := setup{options: []hotfix.Option{
		hotfix.WithPrerequisites("app-2", "app-1"), hotfix.WithPrerequisites("app-3", "app-1"),
		hotfix.WithSupersedes("app-4"), hotfix.WithSupersedes("app-0"),
		hotfix.WithWithdrawal("app-6", "breaks sessions"), hotfix.WithWithdrawal("app-5", "is slow"),
	}}.run(t)
	release := readRelease(t, result.Dist)
	assert.Equal(t, []string{"app-1", "app-2", "app-3"}, release.Prerequisites)
	assert.Equal(t, []string{"app-0", "app-4"}, release.Supersedes)
	assert.Equal(t, "app-5", release.Withdrawals[0].ID)
}

// The pipeline's own options of the builder cannot be taken away from it.
func TestBuildOptionsDoNotReplaceThePipelines(t *testing.T) {
	t.Parallel()
	stray := filepath.Join(t.TempDir(), "stray")
	var building int
	setup{options: []hotfix.Option{
		hotfix.WithBuild(build.WithOutput(stray), build.WithObserver(func(build.Event) { t.Error("replaced") })),
		hotfix.WithObserver(func(e hotfix.Event) {
			if _, ok := e.(hotfix.Building); ok {
				building++
			}
		}),
	}}.run(t)
	assert.Positive(t, building)
	assert.NoDirExists(t, stray)
}

func TestLoggerHearsCommands(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	setup{options: []hotfix.Option{
		hotfix.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}}.run(t)
	assert.Contains(t, log.String(), "-trimpath")
}

func TestPipelineTakesACopyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	environ := os.Environ()
	environ = append(environ, "SOURCE_DATE_EPOCH=1700000000")
	p := setup{options: []hotfix.Option{hotfix.WithEnviron(environ)}}.pipeline(t)
	environ[len(environ)-1] = "SOURCE_DATE_EPOCH=nonsense"
	result, err := p.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(1700000000), result.Sequence)
}
