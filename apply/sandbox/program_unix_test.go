//go:build unix

package sandbox_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const terminate = syscall.SIGTERM

// tree starts two processes that do not want to end, one of them in a session of
// its own, and does not either.
func tree(args []string) int {
	signal.Ignore(terminate)
	for _, session := range []bool{false, true} {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = environment("block")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			_, err = bufio.NewReader(out).ReadString('\n')
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
	}
	fmt.Println("both are there")
	return block(nil)
}
