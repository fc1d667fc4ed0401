package swap

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Strategy is what all strategies of this package have in common. Some have more
// methods; see their types.
type Strategy interface {
	Swap(ctx context.Context, m Move) error
	String() string
}

// ErrSyntax is wrapped by the error of [Parse] for a text that names no strategy.
var ErrSyntax = errors.New("not a strategy")

// Parse returns the strategy that a text names, as in a flag or a file:
//
//	none                        [None]
//	hotswap:SOCKET              [Hotswap]
//	systemd:UNIT                [Systemd]
//	signal:NAME:PIDFILE         [Signal]
//	command:PROGRAM ARGUMENT…   [Command], split at spaces; there is no quoting
//
// Errors are those of the strategy's own function, or wrap [ErrSyntax].
func Parse(text string, opts ...Option) (Strategy, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "none":
		if rest == "" {
			return None(), nil
		}
	case "hotswap":
		return strategy(Hotswap(rest, opts...))
	case "systemd":
		return strategy(Systemd(rest, opts...))
	case "signal":
		name, file, _ := strings.Cut(rest, ":")
		return strategy(Signal(file, name, opts...))
	case "command":
		return strategy(Command(strings.Fields(rest), opts...))
	}
	return nil, fmt.Errorf("%w: %q; give none, hotswap:SOCKET, systemd:UNIT, signal:NAME:PIDFILE or command:PROGRAM", ErrSyntax, text)
}

// strategy keeps a nil pointer from becoming an interface that is not nil.
func strategy[S Strategy](s S, err error) (Strategy, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
