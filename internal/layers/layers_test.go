package layers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// row says what of this module a package may import. A pattern that ends in
// "/..." stands for a package and all below it.
type row struct {
	pkg string
	may []string
}

// shared is what the sides have in common.
func shared(more ...string) []string {
	return append([]string{"target", "pack/manifest", "internal/..."}, more...)
}

// table is the layers of the design. The first row that matches a package is
// its row; a package without one fails the test, so that nobody adds a room
// without deciding where it stands.
func table() []row {
	return []row{
		{"target", nil},
		{"hotswap", nil},
		{"hotswap/web", []string{"hotswap"}},
		{"pack/manifest", []string{"target"}},
		{"pack/delta/...", []string{"internal/...", "pack/delta/internal/..."}},
		{"build/...", shared("build/...")},
		{"pack", shared("pack/delta")},
		{"verify/timestamp/...", nil}, // the test authority shares no code with what it tests
		{"verify/sign/tsa", []string{"verify/timestamp"}},
		{"verify/sign", shared("verify", "verify/timestamp")},
		{"verify/inline", shared("verify")},
		{"verify", shared("verify/timestamp")},
		{"verify/keyless", shared("verify")},
		{"verify/audit", shared("verify")},
		{"apply/swap", []string{"hotswap", "pack/manifest", "internal/..."}},
		{"apply/health", []string{"internal/..."}},
		{"apply/health/web", []string{"apply/health"}},
		{"apply/sandbox", []string{"internal/..."}},
		{"apply/journal", shared()},
		{"apply/internal/store", shared("verify")},
		{"apply", shared("pack", "pack/delta", "verify", "verify/audit", "verify/inline", "apply/health", "apply/internal/...", "apply/journal", "apply/sandbox", "apply/swap")},
		{"apply/agent", shared("verify", "verify/inline", "apply", "apply/health", "apply/journal", "apply/sandbox", "apply/swap")},
		{"rollout", shared("apply", "verify")},
		{"rollout/...", shared("apply", "verify", "rollout")},
		{".", shared("build/...", "pack/...", "verify", "verify/inline")},
		{"internal/speed", []string{"..."}},                                                        // a program that measures all the others
		{"internal/hotfixes", []string{"..."}},                                                     // a program that tries them on real ones
		{"internal/deltas", shared("pack/delta")},                                                  // a program that measures patches of real ones
		{"internal/bases", []string{"..."}},                                                        // a program that rebuilds real ones
		{"internal/tampering", []string{"..."}},                                                    // a program that alters what verify judges
		{"internal/golive", shared("apply/...", "hotswap")},                                        // a program that measures the host
		{"internal/releases", shared("pack", "verify", "verify/inline", "verify/sign")},            // signed releases for tests and proofs of the host's side
		{"internal/crash/trace", nil},                                                              // sees the calls of any program
		{"internal/crash/disk", nil},                                                               // cuts the power of any
		{"internal/crash/...", shared("verify")},                                                   // a program that disturbs the agent, which it builds and knows from outside
		{"internal/reportschema", []string{".", "build/...", "pack/manifest", "target", "verify"}}, // a program that describes the result of the root
		{"internal/swaps/...", []string{"..."}},                                                    // a program that exchanges a service under load
		{"internal/...", shared()},
		{"examples/...", []string{"..."}},
	}
}

func matches(pattern, pkg string) bool {
	prefix, below := strings.CutSuffix(pattern, "...")
	if !below {
		return pattern == pkg
	}
	return strings.HasPrefix(pkg+"/", prefix)
}

// violations returns one line for each import that breaks a rule.
func violations(packages []listed, rows []row) []string {
	var broken []string
	for _, p := range packages {
		from, ours := p.path()
		if !ours {
			continue
		}
		r, ok := rowOf(from, rows)
		if !ok {
			broken = append(broken, fmt.Sprintf("%s has no row in the table of layers", from))
			continue
		}
		for _, imported := range p.Imports {
			if to, ours := relative(imported); ours && !allowed(r, from, to) {
				broken = append(broken, fmt.Sprintf("%s must not import %s", from, to))
			}
		}
	}
	return broken
}

func rowOf(pkg string, rows []row) (row, bool) {
	for _, r := range rows {
		if matches(r.pkg, pkg) {
			return r, true
		}
	}
	return row{}, false
}

func allowed(r row, from, to string) bool {
	if matches("examples/...", to) && !matches("examples/...", from) {
		return false
	}
	for _, pattern := range r.may {
		if matches(pattern, to) {
			return true
		}
	}
	return false
}

// systems are those whose files differ.
var systems = []string{"linux", "windows", "darwin"}

func TestLayers(t *testing.T) {
	for _, goos := range systems {
		packages := list(t, goos, "./...")
		assert.Greater(t, len(packages), 10)
		assert.Empty(t, violations(packages, table()), "on %s", goos)
	}
}

// The test above would also pass if it looked at nothing.
func TestLayersAreEnforced(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"target", "internal/gocmd", "must not import"},
		{"hotswap", "target", "must not import"},
		{"pack/manifest", "pack", "must not import"},
		{"pack/delta", "pack/manifest", "must not import"},
		{"build", "pack", "must not import"},
		{"build/policy", "verify", "must not import"},
		{"pack", "build", "must not import"},
		{"pack", "verify", "must not import"},
		{"verify", "pack", "must not import"},
		{"verify", "verify/sign", "must not import"},
		{"verify", "verify/sign/tsa", "must not import"},
		{"verify/timestamp", "verify", "must not import"},
		{"verify/timestamp", "verify/timestamp/timestamptest", "must not import"},
		{"verify/sign", "verify/sign/tsa", "must not import"},
		{"verify", "verify/audit", "must not import"},
		{"verify/audit", "pack", "must not import"},
		{"verify/inline", "pack", "must not import"},
		{"verify", "verify/keyless", "must not import"},
		{"verify/keyless", "verify/sign", "must not import"},
		{"apply", "verify/keyless", "must not import"},
		{".", "verify/keyless", "must not import"},
		{"verify/inline", "verify/sign", "must not import"},
		{"apply", "build", "must not import"},
		{"apply/sandbox", "apply", "must not import"},
		{"apply/sandbox", "pack/manifest", "must not import"},
		{"apply", "verify/sign", "must not import"},
		{"apply", "hotswap", "must not import"},
		{"apply/swap", "apply", "must not import"},
		{"apply/swap", "apply/health", "must not import"},
		{"apply/health", "pack/manifest", "must not import"},
		{"apply/health", "apply/health/web", "must not import"},
		{"apply/agent", "apply/health/web", "must not import"},
		{"apply", "apply/health/web", "must not import"},
		{"apply/sandbox", "apply/swap", "must not import"},
		{"hotswap", "apply/swap", "must not import"},
		{"hotswap", "hotswap/web", "must not import"},
		{"apply/swap", "hotswap/web", "must not import"},
		{"rollout", "rollout/ssh", "must not import"},
		{"rollout/pull", "rollout/ssh", "must not import"},
		{".", "rollout/ssh", "must not import"},
		{".", "verify/sign", "must not import"},
		{"internal/report", "build", "must not import"},
		{"verify", "examples/quickstart", "must not import"},
		{"utils", "target", "has no row"},
		{"build", "pack/manifest", ""},
		{"apply", "apply/swap", ""},
		{"apply", "apply/sandbox", ""},
		{"apply/swap", "hotswap", ""},
		{"rollout/ssh", "rollout", ""},
		{"examples/releasetool", "rollout/ssh", ""},
		{"examples/releasetool", "examples/shared", ""},
		{".", "build/policy", ""},
	} {
		graph := []listed{{ImportPath: modulePath + "/" + test.from, Imports: []string{"os", modulePath + "/" + test.to}}}
		if test.from == "." {
			graph[0].ImportPath = modulePath
		}
		broken := violations(graph, table())
		if test.want == "" {
			assert.Empty(t, broken)
			continue
		}
		assert.Len(t, broken, 1, "%s imports %s", test.from, test.to)
		assert.Contains(t, strings.Join(broken, "\n"), test.want)
	}
}

// TestWhatIsLinked looks through all dependencies, also through those of
// dependencies.
func TestWhatIsLinked(t *testing.T) {
	const sigstore, ssh = "github.com/sigstore/", "golang.org/x/crypto/ssh"
	for _, test := range []struct {
		packages []string
		without  []string
	}{
		{[]string{"./target", "./build"}, []string{sigstore, ssh, modulePath + "/verify"}},
		{[]string{"./pack"}, []string{sigstore, ssh, modulePath + "/build"}},
		{[]string{"./verify"}, []string{ssh, modulePath + "/verify/sign", modulePath + "/build", "os/exec"}},
		{[]string{"./verify/timestamp"}, []string{sigstore, ssh, "net/http", "os/exec"}},
	} {
		for _, p := range list(t, "linux", append([]string{"-deps"}, test.packages...)...) {
			for _, prefix := range test.without {
				assert.False(t, strings.HasPrefix(p.ImportPath, prefix), "%v links %s", test.packages, p.ImportPath)
			}
		}
	}
}

func TestStandardLibraryOnly(t *testing.T) {
	for _, pkg := range []string{"./target", "./pack/manifest", "./hotswap"} {
		for _, p := range list(t, "linux", "-deps", pkg) {
			_, ours := p.path()
			assert.True(t, p.Standard || ours, "%s links %s", pkg, p.ImportPath)
		}
	}
}
