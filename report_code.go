package hotfix

import (
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build"
)

// recordCode finds where the code of the executables is. It is for the report
// alone, so that what cannot be read is a warning.
func (r *run) recordCode() {
	for i := range r.result.Targets {
		t := &r.result.Targets[i]
		sizes, err := build.Sizes(t.Path)
		if err != nil {
			r.warn(fmt.Sprintf("the report cannot say how much of the executable for %s the fix touches: %v", t.Target, err))
			continue
		}
		t.Code = codeOf(sizes, t.touched())
	}
}

// touched are the packages with functions that differ, as the executable names
// them.
func (t *TargetResult) touched() []string {
	if t.Effect == nil {
		return nil
	}
	return t.Effect.Packages()
}

// codeOf keeps the largest packages and those that are touched.
func codeOf(sizes *build.SizeReport, touched []string) *Code {
	code := &Code{Unowned: sizes.Unowned}
	for i, p := range sizes.Packages {
		_, isTouched := slices.BinarySearch(touched, p.ImportPath)
		if i < MaxPackages || isTouched {
			code.Packages = append(code.Packages, PackageCode{Path: p.ImportPath, Functions: p.Functions, Bytes: p.Code})
			continue
		}
		code.Others.Functions += p.Functions
		code.Others.Bytes += p.Code
	}
	return code
}
