package tests

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build/policy"
)

// event is a line of "go test -json".
type event struct {
	Action      string
	Package     string
	Test        string
	Output      string
	Elapsed     float64
	ImportPath  string // of what is built
	FailedBuild string // why a package of tests is not, an ImportPath
}

// stream reads what "go test -json" prints, as it comes. Whatever that is, memory
// is bounded, and no error is returned: what is not understood is not known.
type stream struct {
	packages map[string]*packageRun // those that were asked for, by import path
	build    map[string]*tail       // what compilers printed, by what they built
	other    tail                   // lines that are no events
	unknown  []string

	rest  []byte // of a line whose end has not come yet
	long  bool   // the line is being skipped
	tests int    // in packages
	kept  int    // bytes of output

	started  func(path string)
	finished func(path string, run *packageRun)
	failed   func(path, test string)
}

// packageRun is what is known of the tests of a package on one side.
type packageRun struct {
	outcome  policy.Outcome
	begun    bool
	ended    bool // the go command said how
	complete bool // the tests themselves said how they ended: none is left out
	timedOut bool
	tests    map[string]*testRun
	output   tail
	elapsed  time.Duration
}

type testRun struct {
	outcome policy.Outcome // "" while it runs
	output  tail
}

func newStream(paths []string) *stream {
	s := &stream{
		packages: map[string]*packageRun{}, build: map[string]*tail{},
		started: func(string) {}, finished: func(string, *packageRun) {}, failed: func(string, string) {},
	}
	for _, path := range paths {
		s.packages[path] = &packageRun{tests: map[string]*testRun{}}
	}
	return s
}

// Write never fails.
func (s *stream) Write(p []byte) (int, error) {
	n := len(p)
	for {
		line, rest, found := bytes.Cut(p, []byte("\n"))
		s.hold(line)
		if !found {
			return n, nil
		}
		s.flush()
		p = rest
	}
}

// hold adds to the line that is being read, unless it is too long.
func (s *stream) hold(part []byte) {
	if s.long = s.long || len(s.rest)+len(part) > MaxLine; s.long {
		s.rest = s.rest[:0]
		return
	}
	s.rest = append(s.rest, part...)
}

func (s *stream) flush() {
	switch {
	case s.long:
		s.doubt("a line of the go command's output is too long")
	case len(bytes.TrimSpace(s.rest)) > 0:
		s.line(s.rest)
	}
	s.rest, s.long = s.rest[:0], false
}

// doubt records, once, what makes the results incomplete.
func (s *stream) doubt(why string) {
	if !slices.Contains(s.unknown, why) {
		s.unknown = append(s.unknown, why)
	}
}

func (s *stream) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		s.text(string(line))
		return
	}
	switch e.Action {
	case "build-output":
		s.compiler(e)
	case "build-fail":
	default:
		if run := s.packages[e.Package]; run != nil && !run.ended {
			s.event(run, e)
		}
	}
}

// text reads a line that is no event. Before Go 1.24, the go command says so that
// a package is not built.
func (s *stream) text(line string) {
	s.other.add(line + "\n")
	fields := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
	if len(fields) != 2 || fields[0] != "FAIL" {
		return
	}
	path, why, _ := strings.Cut(fields[1], " ")
	if run := s.packages[path]; run != nil && !run.ended && notBuilt(why) {
		run.outcome = policy.NotBuilt
		s.end(path, run)
	}
}

// maxSeconds is more than any package takes, and not too much for a duration.
const maxSeconds = 1e7

func notBuilt(why string) bool {
	why = strings.TrimSpace(why)
	return why == "[build failed]" || why == "[setup failed]"
}

// maxBuilds bounds of how many packages the compiler's messages are kept.
const maxBuilds = 1000

func (s *stream) compiler(e event) {
	out := s.build[e.ImportPath]
	if out == nil && len(s.build) < maxBuilds {
		out = &tail{}
		s.build[e.ImportPath] = out
	}
	if out != nil {
		out.add(e.Output)
	}
}

func (s *stream) event(run *packageRun, e event) {
	if !run.begun {
		run.begun = true
		s.started(e.Package)
	}
	test := s.test(run, e.Test)
	switch {
	case e.Action == "output":
		s.output(run, test, e)
	case e.Test == "":
		s.packageEvent(run, e)
	case test != nil:
		s.testEvent(test, e)
	}
}

// test returns the test of an event, nil if it is about the package.
func (s *stream) test(run *packageRun, name string) *testRun {
	if name == "" {
		return nil
	}
	t := run.tests[name]
	if t == nil {
		if s.tests == MaxTests {
			s.doubt("there are too many tests: some are left out")
			return nil
		}
		s.tests++
		t = &testRun{}
		run.tests[name] = t
	}
	return t
}

func (s *stream) output(run *packageRun, test *testRun, e event) {
	out := &run.output
	if test != nil {
		out = &test.output
	}
	switch {
	case e.Test == "" && (e.Output == "PASS\n" || e.Output == "FAIL\n"):
		run.complete = true
	case strings.HasPrefix(e.Output, "panic: test timed out after ") || strings.HasPrefix(e.Output, "*** Test killed with quit: ran too long"):
		run.timedOut = true
	case e.Test == "" && strings.HasPrefix(e.Output, "FAIL\t"+e.Package+" ") && notBuilt(strings.TrimPrefix(e.Output, "FAIL\t"+e.Package+" ")):
		run.outcome = policy.NotBuilt
	}
	if s.kept < MaxTotalOutput {
		s.kept += out.add(e.Output)
	}
}

func (s *stream) testEvent(test *testRun, e event) {
	switch e.Action {
	case "pass":
		test.outcome = policy.Passed
	case "skip":
		test.outcome = policy.Skipped
	case "fail":
		test.outcome = policy.Failed
		s.failed(e.Package, e.Test)
		return
	default:
		return
	}
	s.kept -= test.output.drop()
}

func (s *stream) packageEvent(run *packageRun, e event) {
	switch {
	case e.Action == "pass":
		run.outcome = policy.Passed
	case e.Action == "skip":
		run.outcome = policy.Absent // it has no tests
	case e.Action == "fail" && (run.outcome == policy.NotBuilt || e.FailedBuild != ""):
		run.outcome = policy.NotBuilt
		if out := s.build[e.FailedBuild]; out != nil {
			run.output = *out
		}
	case e.Action == "fail":
		run.outcome = policy.Failed
	default:
		return
	}
	run.elapsed = time.Duration(min(max(e.Elapsed, 0), maxSeconds) * float64(time.Second))
	s.end(e.Package, run)
}

// end settles how a package ended. A test that was running failed, and by the
// time limit if that is what ended the package.
func (s *stream) end(path string, run *packageRun) {
	run.ended = true
	died := policy.Failed
	if run.timedOut && run.outcome == policy.Failed {
		run.outcome, died = policy.TimedOut, policy.TimedOut
	}
	for _, name := range run.running() {
		if run.outcome == policy.Passed {
			s.doubt("package " + path + " passes, and not all of its tests ended")
			break
		}
		run.tests[name].outcome = died
		s.failed(path, name)
	}
	if run.outcome == policy.Passed && run.allSkipped() {
		run.outcome = policy.Skipped
	}
	s.finished(path, run)
}

// running are the tests that have not ended.
func (r *packageRun) running() []string {
	var names []string
	for name, test := range r.tests {
		if test.outcome == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (r *packageRun) allSkipped() bool {
	for _, test := range r.tests {
		if test.outcome != policy.Skipped {
			return false
		}
	}
	return len(r.tests) > 0
}

// early reports whether the tests of a package ended before all of them ran, so
// that of those which are not mentioned nothing is known.
func (r *packageRun) early() bool {
	return !r.ended || r.outcome.Fails() && !r.complete
}

// close reads the last line, and the end of the go command: what it printed on
// standard error, and whether it failed.
func (s *stream) close(stderr []byte, failed bool) {
	if len(s.rest) > 0 || s.long {
		s.flush()
	}
	blamed := false
	for _, run := range s.packages {
		blamed = blamed || run.outcome.Fails()
		if run.outcome == policy.NotBuilt && len(run.output.kept) == 0 || !run.ended {
			run.output.add(string(stderr))
		}
	}
	if failed && !blamed {
		s.doubt("the go command failed: " + lastLine(string(stderr)+"\n"+s.other.String()))
	}
}

// lastLine returns the last line of a text that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
