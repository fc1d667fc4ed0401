// Command agent is the host's side as one small static program: it applies a hotfix to
// a service, goes back, and says what is installed.
//
// Usage:
//
//	agent apply    -store DIR [-trust FILE] [-swap HOW] [-check WHAT] RELEASE|-
//	agent confirm  -store DIR -product P [-swap HOW]
//	agent rollback -store DIR -product P [-swap HOW] [-check WHAT]
//	agent recover  -store DIR [-product P] [-swap HOW]
//	agent starting -store DIR -product P
//	agent adopt    -store DIR -product P [PATH]
//	agent status   -store DIR [-product P] [-json]
//
// RELEASE is a dist folder, a package beside its bundles, or a text with an inline
// release; "-" reads such a text from standard input. It exits 0, or 1 with one line on
// standard error that says what to do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

func main() {
	stage := sandbox.Stage()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], stage, os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent: "+strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}
