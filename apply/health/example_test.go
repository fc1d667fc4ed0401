package health_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gohotfix/hotfix/apply/health"
)

// A service that has just been swapped must get well within 30 seconds, and stay
// well.
func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "version 1.4.3")
	}))
	defer service.Close()

	page, err := health.HTTP(service.URL+"/healthz", health.WithBody("1.4.3"))
	if err != nil {
		log.Fatal(err)
	}
	port, err := health.TCP(service.Listener.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := health.Wait(ctx, page, health.Settings{Within: 30 * time.Second}); err != nil {
		log.Fatal(err)
	}
	period := health.Period{For: 20 * time.Millisecond, Every: 5 * time.Millisecond, Tolerate: 1}
	if err := health.Soak(ctx, []health.Checker{page, port}, period); err != nil {
		log.Fatal(err)
	}
	fmt.Println("well")
	// Output: well
}
