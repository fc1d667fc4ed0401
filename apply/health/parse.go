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
//	http://HOST/PATH, https://HOST/PATH    [HTTP]
//	tcp:ADDRESS                            [TCP]
//	grpc:ADDRESS or grpc:ADDRESS/SERVICE   [GRPC]
//	command:PROGRAM ARGUMENT…              [Command], split at spaces; there is no quoting
//
// Errors are those of the check's own function, or wrap [ErrSyntax].
func Parse(text string, opts ...Option) (*Probe, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "http", "https":
		return HTTP(text, opts...)
	case "tcp":
		return TCP(rest, opts...)
	case "grpc":
		address, service, _ := strings.Cut(rest, "/")
		return GRPC(address, service, opts...)
	case "command":
		return Command(strings.Fields(rest), opts...)
	}
	return nil, fmt.Errorf("%w: %q; give a URL, tcp:ADDRESS, grpc:ADDRESS/SERVICE or command:PROGRAM", ErrSyntax, text)
}
