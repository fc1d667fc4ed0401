//go:build unix

package swap_test

import (
	"fmt"
	"log"
	"time"

	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
)

// A service that was written with package hotswap gives its connections to the new
// version step by step.
func ExampleHotswap() {
	s, err := swap.Hotswap("/run/payments/control.sock", swap.WithSteps(
		hotswap.Step{Percent: 1, Pause: 30 * time.Second},
		hotswap.Step{Percent: 10, Pause: 30 * time.Second},
	))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s)
	// Output: hotswap by /run/payments/control.sock
}

func ExampleSystemd() {
	s, err := swap.Systemd("payments.service", swap.WithTimeout(30*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s)
	// Output: systemd unit payments.service
}

func ExampleCommand() {
	s, err := swap.Command([]string{"/usr/local/sbin/restart-payments", "--graceful"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s)
	// Output: command /usr/local/sbin/restart-payments
}

// The process executes itself again when it gets the signal.
func ExampleSignal() {
	s, err := swap.Signal("/run/payments.pid", "USR2", swap.WithExecutablesBelow("/srv/hotfix/payments"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s)
	// Output: signal user defined signal 2 to the process in /run/payments.pid
}
