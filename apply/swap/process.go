package swap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// MaxPIDFile bounds what is read of a PID file, in bytes.
const MaxPIDFile = 32

// readPIDFile returns the process id in a file: decimal digits, and a newline at
// most. 1 is the system's own process, and no service. If there is no file, or
// nothing in it, as while it is written, the error is ErrNotRunning.
func readPIDFile(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w: %w", err, ErrNotRunning)
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxPIDFile+1))
	if err != nil {
		return 0, err
	}
	pid, err := parsePID(string(data))
	if err != nil {
		return 0, fmt.Errorf("PID file %s: %w", path, err)
	}
	return pid, nil
}

func parsePID(text string) (int, error) {
	digits := strings.TrimSuffix(text, "\n")
	if digits == "" {
		return 0, fmt.Errorf("it is empty: %w", ErrNotRunning)
	}
	pid, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || pid < 2 || digits[0] == '0' {
		return 0, fmt.Errorf("%q is not the id of a process", clip(text, MaxPIDFile))
	}
	return int(pid), nil
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// digestOf reads an open executable to its end, unless ctx is done before.
func digestOf(ctx context.Context, f io.Reader) (manifest.Digest, error) {
	digest, _, err := manifest.DigestReader(&patient{ctx: ctx, from: f})
	return digest, err
}

// patient is a reader whose patience is that of a context, which lives no longer
// than the call that made it.
type patient struct {
	ctx  context.Context
	from io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.from.Read(b)
}
