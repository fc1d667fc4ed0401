package hotfix_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "report", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test -run TestReportGolden -update . writes it anew; look at it in a browser")
}

func pageOf(t *testing.T, r *hotfix.Result) string {
	t.Helper()
	data, err := r.HTML()
	require.NoError(t, err)
	return string(data)
}

func TestReportGolden(t *testing.T) {
	for name, r := range map[string]*hotfix.Result{"rich": richResult(), "blocked": blockedResult(), "first": firstRelease()} {
		golden(t, name+".md", []byte(r.Markdown()))
		if name == "rich" {
			golden(t, name+".html", []byte(pageOf(t, r)))
		}
	}
}

func TestReportVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*hotfix.Result)
		word   string
		says   string
	}{
		"good":         {func(*hotfix.Result) {}, "May go out", "signed by 2 keys"},
		"unsigned":     {func(r *hotfix.Result) { r.Signers = nil }, "Unsigned", "No host takes it"},
		"not verified": {func(r *hotfix.Result) { r.Steps = r.Steps[:10] }, "Not verified", "must not go out"},
		"verification failed": {func(r *hotfix.Result) {
			r.Failure = &hotfix.Failure{Step: hotfix.StepVerify, Message: "a digest differs"}
		}, "Failed", "verify: a digest differs"},
		"nothing begun":          {func(r *hotfix.Result) { r.Failure = &hotfix.Failure{Message: "no lock"} }, "Failed", "before its first step"},
		"blocked":                {func(r *hotfix.Result) { r.Findings[0].Severity = policy.Block }, "Blocked", "1 finding blocks it"},
		"misspelt severity":      {func(r *hotfix.Result) { r.Findings[0].Severity = "wran" }, "Blocked", "1 finding blocks it"},
		"blocked without a text": {func(r *hotfix.Result) { r.Policies[0].Verdict = hotfix.PolicyBlocked }, "Blocked", "only-packages"},
		"unchecked":              {func(r *hotfix.Result) { r.Policies[0].Verdict = hotfix.PolicyUnchecked }, "Blocked", "not passed: only-packages"},
		"blocked dry run":        {func(r *hotfix.Result) { r.DryRun, r.Findings[0].Severity = true, policy.Block }, "Blocked", "must not go out"},
		"dry run":                {func(r *hotfix.Result) { r.DryRun = true }, "Dry run", "Nothing was built"},
		"newly failing":          {func(r *hotfix.Result) { r.Tests.Tests[0].Base, r.Tests.Tests[0].Fix = policy.Passed, policy.Failed }, "May go out", "1 test fails that did not before."},
		"package not built":      {func(r *hotfix.Result) { r.Tests.Tests, r.Tests.Packages[2].Fix = nil, policy.NotBuilt }, "May go out", "1 test fails that did not before."},
		"no policies":            {func(r *hotfix.Result) { r.Policies = nil }, "May go out", "No policy was asked."},
		"no tests":               {func(r *hotfix.Result) { r.Tests = nil }, "May go out", "No tests were run."},
	} {
		t.Run(name, func(t *testing.T) {
			r := richResult()
			test.change(r)
			page, markdown := pageOf(t, r), r.Markdown()
			assert.Contains(t, page, `<p class="word">`+test.word+"</p>")
			assert.Contains(t, page, test.says)
			heading, _, _ := strings.Cut(markdown, "\n")
			assert.Contains(t, heading, ": "+test.word)
			assert.Contains(t, markdown, test.says)
			if test.word != "May go out" {
				assert.NotContains(t, page, `class="verdict good"`)
			}
		})
	}
}

// What was not done is said, in each of the sections.
func TestReportSaysWhatWasNotDone(t *testing.T) {
	unknownBase := richResult()
	unknownBase.Change, unknownBase.Tests = nil, nil
	for i := range unknownBase.Targets {
		unknownBase.Targets[i].Proof, unknownBase.Targets[i].Code = nil, nil
	}
	failed := blockedResult()
	failed.Findings, failed.Policies, failed.Steps = nil, nil, richSteps()[:6]
	failed.Failure = &hotfix.Failure{Step: hotfix.StepTest, Message: "the disk is full"}
	dry := blockedResult()
	dry.DryRun, dry.Failure, dry.Findings, dry.Policies = true, nil, nil, nil
	for name, test := range map[string]struct {
		result *hotfix.Result
		says   []string
	}{
		"empty": {&hotfix.Result{}, []string{
			"Not verified|Unsigned", "No policy was asked", "What changes was not looked for", "was not tried: there is no base", "No tests were run: the run has no record of it",
			"was not looked at: the fix was not built", "were not compared", "No target was planned", "not reached", "Not known: nothing was built", "not dated",
		}},
		"blocked": {blockedResult(), []string{
			"No tests were run: the run ended before that", "was not tried: either", "the fix was not built", "No package was written: the run ended", "not built", "Nobody has signed",
		}},
		"first release": {firstRelease(), []string{
			"This is a first release", "was not tried: there is no base", "No tests were run: the pipeline was not told", "was not looked at: there is no base", "Nobody has signed", "no base",
		}},
		"unknown base": {unknownBase, []string{
			"The source of the base is not known, so that what changes was not found", "was not tried: the source of the base is not known", "How large the packages are is not known",
		}},
		"failed tests": {failed, []string{"The run ended in the step test", "No tests were run: the run ended before that", "The run ended early: test: the disk is full"}},
		"dry run": {dry, []string{
			"No tests were run: a dry run runs none", "was not tried: a dry run builds nothing", "was not looked at: a dry run builds nothing", "No package was written: a dry run writes nothing", "left out of a dry run",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			page := pageOf(t, test.result)
			for _, says := range test.says {
				assert.Regexp(t, says, page)
			}
			assert.Equal(t, 9, strings.Count(page, "<section id="), "no section is left out")
			assert.NotContains(t, page, `class="verdict good"`+map[bool]string{true: "never"}[name == "unknown base"])
			assert.NotEmpty(t, test.result.Markdown())
		})
	}
}

func TestReportNeedsNothingElse(t *testing.T) {
	page := pageOf(t, richResult())
	for _, pattern := range []string{`(?i)(src|href|action|data|poster|srcset)\s*=\s*"[^#"].*`, `(?i)https?://.*|<script|<link|@import|url\(|<[^>]*\s(style|on[a-z]+)=.*`} {
		assert.Empty(t, regexp.MustCompile(pattern).FindString(page))
	}
	for _, anchor := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		assert.Contains(t, page, `id="`+anchor[1]+`"`)
	}
}

func TestReportStructure(t *testing.T) {
	page := pageOf(t, richResult())
	assert.Equal(t, 1, strings.Count(page, "<h1>"))
	assert.Equal(t, strings.Count(page, "<table>"), strings.Count(page, "<caption>"))
	assert.NotContains(t, page, "<th>", "each heading has a scope")
	assert.Equal(t, strings.Count(page, `role="img"`), strings.Count(page, `<title id="map`))
	for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		assert.Equal(t, 1, strings.Count(page, ` id="`+id[1]+`"`), id[1])
	}
	r := richResult()
	text := html.UnescapeString(regexp.MustCompile(`<wbr>`).ReplaceAllString(page, ""))
	for _, want := range []string{r.Targets[0].Digest.Hex(), "sha256:" + r.Targets[0].Executable.Digest.Hex(), "(*Verifier).Verify", "head of platform security", "44–47", "token_test.go:91", "-H=windowsgui"} {
		assert.Contains(t, text, want)
	}
}

// Functions that are the same on all targets are told once.
func TestReportTellsFunctionsOnce(t *testing.T) {
	page := pageOf(t, richResult())
	_, functions, _ := strings.Cut(page, `<section id="functions"`)
	functions, _, _ = strings.Cut(functions, "</section>")
	assert.Equal(t, 1, strings.Count(functions, "<code>(*Verifier).Verify</code>"))
	assert.Contains(t, functions, "1,093–1,125", "its sizes differ from target to target")
	assert.Contains(t, functions, "On all 3 targets that were compared")
	assert.Equal(t, 1, strings.Count(functions, "(*File).pread"))
}

func TestReportIsDeterministic(t *testing.T) {
	page, markdown := pageOf(t, richResult()), richResult().Markdown()
	for range 5 {
		require.Equal(t, page, pageOf(t, richResult()))
		require.Equal(t, markdown, richResult().Markdown())
	}
}

// Much of everything does not make a page that no browser opens.
func TestReportIsBounded(t *testing.T) {
	r := richResult()
	long := strings.Repeat("very/long/path/", 100)
	for i := range 1000 {
		name := fmt.Sprint(long, i)
		r.Warnings = append(r.Warnings, name)
		r.Findings = append(r.Findings, policy.Finding{Rule: "rule", Severity: policy.Warn, Message: name, Remedy: name, File: name})
		r.Change.Files = append(r.Change.Files, policy.File{Path: name, Status: policy.Added, Added: i})
		r.Change.Unknown = append(r.Change.Unknown, policy.Unknown{Part: policy.PartSource, File: name, Why: name})
		r.Change.Packages[0].Functions = append(r.Change.Packages[0].Functions, name)
		r.Tests.Tests = append(r.Tests.Tests, policy.Test{Package: name, Name: name, Fix: policy.Failed, Base: policy.Passed, Output: strings.Repeat(name+"\n", 10)})
		r.Tests.Unknown = append(r.Tests.Unknown, name)
	}
	for i := range 16 {
		one := richTarget(target.MustParse("linux/amd64"), i)
		for f := range 300 {
			one.Effect.Functions = append(one.Effect.Functions, compare.Function{Name: fmt.Sprint(long, i, f), Package: fmt.Sprint(long, f), Status: compare.Edited, Why: long})
			one.Effect.Unknown = append(one.Effect.Unknown, long)
		}
		r.Targets = append(r.Targets, one)
	}
	page, markdown := pageOf(t, r), r.Markdown()
	assert.Less(t, len(page), 8<<20)
	assert.Contains(t, page, "report.json lists all")
	assert.Less(t, len(markdown), 256<<10)
}

// schema is the checked-in description of report.json.
func schema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	data, err := os.ReadFile("docs/report.schema.json")
	require.NoError(t, err)
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(data, &s))
	resolved, err := s.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

func asJSON(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal(data, &value))
	return value
}

func TestReportsAreOfTheSchema(t *testing.T) {
	for name, r := range map[string]*hotfix.Result{"rich": richResult(), "blocked": blockedResult(), "first": firstRelease()} {
		data, err := r.JSON()
		require.NoError(t, err)
		assert.NoError(t, schema(t).Validate(asJSON(t, data)), name)
	}
}

// The schema must refuse what report.json never holds.
func TestSchemaRefuses(t *testing.T) {
	data, err := richResult().JSON()
	require.NoError(t, err)
	first := func(v map[string]any, list string) map[string]any { return v[list].([]any)[0].(map[string]any) }
	for name, change := range map[string]func(map[string]any){
		"unknown field":         func(v map[string]any) { v["extra"] = 1 },
		"unknown field below":   func(v map[string]any) { first(v, "findings")["extra"] = 1 },
		"missing field":         func(v map[string]any) { delete(v, "product") },
		"wrong type":            func(v map[string]any) { v["sequence"] = "1" },
		"another format":        func(v map[string]any) { v["schema"] = "hotfix.report/v2" },
		"no digest":             func(v map[string]any) { first(v, "targets")["digest"] = "sha256:12" },
		"no target":             func(v map[string]any) { first(v, "targets")["target"] = "linux" },
		"no severity":           func(v map[string]any) { first(v, "findings")["severity"] = "wran" },
		"no verdict":            func(v map[string]any) { first(v, "targets")["proof"].(map[string]any)["verdict"] = "fine" },
		"fraction for a number": func(v map[string]any) { first(v, "targets")["size"] = 1.5 },
	} {
		value := asJSON(t, data)
		change(value)
		assert.Error(t, schema(t).Validate(value), name)
	}
}

// richResult fills every field that report.json has: a new one has to be shown.
func TestRichResultIsRich(t *testing.T) {
	filled := map[string]bool{}
	noteFilled(reflect.ValueOf(richResult()), filled)
	for field, yes := range filled {
		switch field {
		case "Result.DryRun", "Result.Failure", "Report.Identical": // they exclude the rest
		default:
			assert.True(t, yes, "%s is empty in richResult", field)
		}
	}
	assert.Greater(t, len(filled), 150)
}

// noteFilled notes the fields below a value, and whether they are ever other than
// zero.
func noteFilled(v reflect.Value, filled map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noteFilled(v.Elem(), filled)
		}
	case reflect.Slice:
		for i := range v.Len() {
			noteFilled(v.Index(i), filled)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !strings.HasPrefix(v.Type().PkgPath(), "github.com/gohotfix/") || field.Tag.Get("json") == "" || field.Tag.Get("json") == "-" {
				continue
			}
			name := v.Type().Name() + "." + field.Name
			filled[name] = filled[name] || !v.Field(i).IsZero()
			noteFilled(v.Field(i), filled)
		}
	}
}

// A real run writes both reports, and says how large the packages of its
// executables are.
func TestRunWritesReports(t *testing.T) {
	t.Parallel()
	result := setup{
		base:    hotfix.BaseBinaries(executable(t, module(t, "broken"), target.Host())),
		options: []hotfix.Option{hotfix.WithBaseVersion("v1.4.2"), hotfix.WithTime(fixDate), hotfix.WithSigner(newSigner(t))},
	}.run(t)
	page, err := os.ReadFile(filepath.Join(result.Dist, verify.ReportHTMLName))
	require.NoError(t, err)
	assert.Contains(t, string(page), `<p class="word">May go out</p>`)
	code := result.Targets[0].Code
	require.NotNil(t, code)
	assert.Equal(t, "runtime", code.Packages[0].Path)
	assert.Contains(t, string(page), "Machine code by package")
}
