package target_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/target"
)

func ExampleParse() {
	t, err := target.Parse("linux/amd64/v3")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t, t.Environ(), t.FileName())

	_, err = target.Parse("linux/amd46")
	fmt.Println(err)
	var unknown *target.UnknownError
	if errors.As(err, &unknown) {
		fmt.Println("building", unknown.Suggestion, "instead")
	}
	// Output:
	// linux/amd64/v3 [GOOS=linux GOARCH=amd64 GOAMD64=v3] linux_amd64_v3
	// target "linux/amd46" does not exist; did you mean "linux/amd64"?
	// building linux/amd64 instead
}

func ExampleSet_Expand() {
	set, err := target.ParseSet("linux/*,windows/amd64", "!*/386,!*/mips*")
	if err != nil {
		fmt.Println(err)
		return
	}
	// In earnest, what "go tool dist list -json" prints.
	list := []byte(`[
		{"GOOS": "linux", "GOARCH": "386"},
		{"GOOS": "linux", "GOARCH": "amd64"},
		{"GOOS": "linux", "GOARCH": "arm"},
		{"GOOS": "windows", "GOARCH": "amd64"}
	]`)
	supported, err := target.ParseDistList(bytes.NewReader(list))
	if err != nil {
		fmt.Println(err)
		return
	}
	targets, err := set.Expand(supported)
	fmt.Println(targets, err)
	// Output:
	// [linux/amd64 linux/arm/7 windows/amd64] <nil>
}

func ExampleParseDistList() {
	list := []byte(`[{"GOOS": "linux", "GOARCH": "amd64"}, {"GOOS": "linux", "GOARCH": "sparc64", "Broken": true}]`)
	supported, err := target.ParseDistList(bytes.NewReader(list))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = supported.Parse("linux/arm64")
	fmt.Println(err)
	// Output:
	// target "linux/arm64" is not supported by this toolchain; did you mean "linux/amd64"?
}

func ExampleTarget_OCI() {
	p := target.MustParse("linux/arm/7").OCI()
	fmt.Println(p.OS, p.Architecture, p.Variant)
	// Output: linux arm v7
}

func ExampleFromEnviron() {
	recorded := map[string]string{"GOOS": "linux", "GOARCH": "arm", "GOARM": "6,softfloat"}
	t, err := target.FromEnviron(func(name string) string { return recorded[name] })
	fmt.Println(t, err)
	// Output: linux/arm/6+softfloat <nil>
}
