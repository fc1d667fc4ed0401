package main

import (
	"maps"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// small is a program that every release of Go since 1.21 builds in seconds.
func small(on target.Target) upstream.Executable {
	return upstream.Executable{Files: map[string]string{"go.mod": smallModule, "main.go": smallMain}, Package: ".", Target: on}
}

// smallFixed is the program with a check in it.
func smallFixed(on target.Target) upstream.Executable {
	e := small(on)
	e.Edit = &upstream.Edit{File: "main.go", Name: "parse", Insert: `if len(words) == 0 { return nil, errors.New("no numbers were given") }`}
	return e
}

// withC is the small program with a C function in it.
func withC(e upstream.Executable) upstream.Executable {
	e.Files = maps.Clone(e.Files)
	e.Files["c.go"] = smallC
	return e
}

const (
	smallModule = "module example.com/small\n\ngo 1.21\n"

	smallMain = `package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
)

var version = "none"

func main() {
	numbers, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sort.Ints(numbers)
	for i, n := range numbers {
		fmt.Println(i, n, add(n, i))
	}
	fmt.Println(version)
}

func parse(words []string) ([]int, error) {
	var numbers []int
	var failed error
	for _, word := range words {
		n, err := strconv.Atoi(word)
		failed = errors.Join(failed, err)
		numbers = append(numbers, n)
	}
	return numbers, failed
}

var add = func(a, b int) int { return a + b }
`

	smallC = `package main

// static int plus(int a, int b) { return a + b; }
import "C"

func init() {
	add = func(a, b int) int { return int(C.plus(C.int(a), C.int(b))) }
}
`
)
