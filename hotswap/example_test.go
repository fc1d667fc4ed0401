package hotswap_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/hotswap/web"
)

// A service that can be upgraded.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	p, err := hotswap.Open(hotswap.WithDrainTimeout(time.Minute)) // and WithControl("/run/payments/control.sock")
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := p.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	go p.Serve(ln, web.HTTP(&http.Server{Handler: hello}))
	if err := p.Ready(); err != nil {
		fmt.Println(err)
		return
	}

	response, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(response.Body)
	fmt.Print(string(body))
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println(err, p.Status().State)

	stop() // as SIGTERM does
	fmt.Println(p.Wait(ctx), p.Status().State)
	// Output:
	// hello
	// <nil> serving
	// <nil> draining
}

// Whoever upgrades a service asks it through its control socket, and has time
// to look before it confirms.
func ExampleClient() {
	ctx := context.Background()
	client := hotswap.NewClient("/run/payments/control.sock")
	_, err := client.Upgrade(ctx, hotswap.Upgrade{
		Path:   "/var/lib/hotfix/payments/current/bin/payments",
		Digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Steps: []hotswap.Step{
			{Percent: 1, Pause: 10 * time.Second},
			{Percent: 10, Pause: 10 * time.Second},
			{Percent: 50, Pause: 10 * time.Second},
		},
		ConfirmWithin: 5 * time.Minute,
	})
	if err != nil {
		fmt.Println(err) // the old process serves on
		return
	}
	if healthy(ctx) {
		err = client.Finish(ctx)
	} else {
		err = client.Revert(ctx)
	}
	fmt.Println(err)
}

func healthy(context.Context) bool { return true }
