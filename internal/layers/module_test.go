package layers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	modulePath = "github.com/gohotfix/hotfix"
	moduleRoot = "../.." // tests run in their package's folder
)

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool
	Imports    []string // without those of tests
}

// path returns the package's path in the module: "." for the root. The second
// result is false for packages of others.
func (p listed) path() (string, bool) { return relative(p.ImportPath) }

func relative(importPath string) (string, bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// list runs "go list -json" at the module's root for an operating system.
func list(t *testing.T, goos string, args ...string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Name,Dir,Standard,Imports"}, args...)...)
	cmd.Dir, cmd.Env = filepath.FromSlash(moduleRoot), append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
