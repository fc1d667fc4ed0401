//go:build unix

package sandbox_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

// A smoke check of a new version: does it start at all?
func ExampleSandbox_Run() {
	box, err := sandbox.New(sandbox.WithoutNetwork(), sandbox.WithMemory(512<<20))
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome, err := box.Run(context.Background(), sandbox.Program{Path: "/bin/sh", Args: []string{"-c", "echo payments 1.4.3; exit 3"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(outcome.Output))
	fmt.Println(outcome.Err())
	// Output:
	// payments 1.4.3
	// /bin/sh in the sandbox: exit status 3: payments 1.4.3
}

// A service is asked for its health on a port that only the sandbox has.
func ExampleSandbox_Start() {
	box, err := sandbox.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	running, err := box.Start(ctx, sandbox.Program{Path: "/srv/store/ab12/payments", Args: []string{"-listen=127.0.0.1:8080"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: &http.Transport{DialContext: running.DialContext}}
	response, err := client.Get("http://127.0.0.1:8080/health") // again until it answers, or running.Done
	if err == nil {
		_ = response.Body.Close()
	}
	outcome, err := running.Stop(ctx)
	fmt.Println(outcome.ExitCode, err)
}
