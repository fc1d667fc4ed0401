package health

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSyntax is wrapped by the error of [Parse] for a text that names no check.
var ErrSyntax = errors.New("not a check")

// Parse returns the check that a text names, as in a flag or a file:
//
//	http://HOST/PATH            [HTTP]
//	tcp:ADDRESS                 [TCP]
//	command:PROGRAM ARGUMENT…   [Command], split at spaces; there is no quoting
//
// Errors are those of the check's own function, or wrap [ErrSyntax]. Parse of package
// web knows https addresses and gRPC as well; here the error for these wraps
// [errors.ErrUnsupported].
func Parse(text string, opts ...Option) (*Probe, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "http", "https":
		return HTTP(text, opts...)
	case "tcp":
		return TCP(rest, opts...)
	case "grpc":
		return nil, fmt.Errorf("health.Parse: %q: %w: gRPC is not part of this program; give a command that asks, such as command:/usr/bin/grpc_health_probe -addr=ADDRESS", text, errors.ErrUnsupported)
	case "command":
		return Command(strings.Fields(rest), opts...)
	}
	return nil, fmt.Errorf("%w: %q; give a URL, tcp:ADDRESS or command:PROGRAM", ErrSyntax, text)
}
