// Command quickstart shows the main job of the hotfix library from end to end,
// with nothing but Go: it builds a release, makes a signed hotfix of it,
// verifies that as a host would, runs both, and shows the fault gone.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -targets linux/amd64,windows/amd64 -out dist
//	go run ./examples/quickstart -module filippo.io/age -base v1.3.1 -fix v1.3.2 -pkg ./cmd/age \
//		-version-variable main.Version -run --version
//
// The first two work on a small service that is embedded here. The third takes
// two versions of any program from the Go module proxy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/gohotfix/hotfix/target"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, newProgress(os.Stderr, term.IsTerminal(int(os.Stderr.Fd()))))
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	targets           []target.Target
	out               string // "" keeps nothing
	module, base, fix string // "" for the embedded service
	pkg               string
	versionVariable   string
	run               []string
}

func parse(args []string, help io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	targets := flags.String("targets", defaultTargets(), "targets and `patterns`, as linux/amd64,darwin/*,!*/386")
	flags.StringVar(&s.out, "out", "", "keep the dist in this `folder` (default: show it and remove it)")
	flags.StringVar(&s.module, "module", "", "make a hotfix of a program of the Go module proxy: its module `path`")
	flags.StringVar(&s.base, "base", "", "`version` of the module that is in production")
	flags.StringVar(&s.fix, "fix", "", "`version` of the module that has the fix")
	flags.StringVar(&s.pkg, "pkg", ".", "main `package` of the module, as ./cmd/app")
	flags.StringVar(&s.versionVariable, "version-variable", "", "set a string `variable` of the module's program, as main.Version, to the version")
	command := flags.String("run", "", "run base and fix of the module with these `arguments`, as -version")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(help, "usage: quickstart [-flag ...]\nMakes, signs, verifies and runs a hotfix of an embedded service, or of a module.")
		flags.SetOutput(help)
		flags.PrintDefaults()
		return nil, err
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: see quickstart -h", err)
	case flags.NArg() > 0:
		return nil, fmt.Errorf("%q is not a flag: see quickstart -h", flags.Arg(0))
	case s.module != "" && (s.base == "" || s.fix == ""):
		return nil, errors.New("-module needs the two versions: give -base and -fix")
	case s.module == "" && (s.base != "" || s.fix != "" || s.pkg != "." || s.versionVariable != "" || *command != ""):
		return nil, errors.New("-base, -fix, -pkg, -version-variable and -run are for -module: give the module's path")
	}
	set, err := target.ParseSet(*targets)
	if err != nil {
		return nil, err
	}
	s.run = strings.Fields(*command)
	s.targets, err = set.Expand(target.Known())
	return s, err
}

// defaultTargets are this machine and one other, so that a first run is short.
func defaultTargets() string {
	other := "linux/arm64"
	if runtime.GOOS+"/"+runtime.GOARCH == other {
		other = "linux/amd64"
	}
	return target.Host().String() + "," + other
}
