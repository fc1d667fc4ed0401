package sandbox

import (
	"context"
	"net"
)

// plan is how programs are confined on this system: newPlan tries what works,
// and start does exactly that or fails.
type plan interface {
	// temporary is the folder for temporary files as the program sees it, if the
	// sandbox makes it; otherwise "".
	temporary() string
	start(j *job) (process, error)
}

// process is a program that was started.
type process interface {
	wait() (exit, error) // once; when it returns, nothing of the program is left that the plan can reach
	terminate() error    // asks it to end
	kill()               // ends it and what it started; also after its end
	dial(ctx context.Context, network, address string) (net.Conn, error)
}
