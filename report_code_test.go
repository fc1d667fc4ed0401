package hotfix

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/build"
)

// Small packages are summed up, but for those that the fix touches.
func TestCodeKeepsWhatIsTouched(t *testing.T) {
	sizes := &build.SizeReport{Unowned: 7}
	for i := range MaxPackages + 5 {
		sizes.Packages = append(sizes.Packages, build.PackageSize{ImportPath: fmt.Sprintf("p%03d", i), Functions: 2, Code: int64(1000 - i)})
	}
	code := codeOf(sizes, []string{"p000", "p062"})
	assert.Len(t, code.Packages, MaxPackages+1)
	assert.Equal(t, PackageCode{Path: "p062", Functions: 2, Bytes: 938}, code.Packages[MaxPackages])
	assert.Equal(t, PackageCode{Functions: 8, Bytes: 940 + 939 + 937 + 936}, code.Others)
	assert.Equal(t, int64(7), code.Unowned)
}

func TestNamesInPackages(t *testing.T) {
	for _, test := range []struct{ name, path, want string }{
		{"net/http.(*Server).Serve", "net/http", "(*Server).Serve"}, {"net/http/httptest.New", "net/http", "net/http/httptest.New"},
		{"net/httptrace.X", "net/http", "net/httptrace.X"}, {"type:.eq.T", "", "type:.eq.T"},
	} {
		assert.Equal(t, test.want, inPackage(test.name, test.path))
	}
}
