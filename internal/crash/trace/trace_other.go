//go:build !linux || !(amd64 || arm64)

package trace

import (
	"context"
	"errors"
	"fmt"
)

// Run is not possible on this system: [errors.ErrUnsupported].
func Run(context.Context, Program) (Outcome, error) {
	return Outcome{}, fmt.Errorf("trace: system calls are traced on Linux on amd64 and arm64 alone: %w", errors.ErrUnsupported)
}
