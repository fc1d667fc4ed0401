package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Defaults and bounds of the options.
const (
	DefaultTime      = 30 * time.Second // of [WithTime]
	MaxTime          = 24 * time.Hour   // of [WithTime] and [WithCPUTime]
	DefaultOutput    = 1 << 20          // bytes, of [WithOutput]
	MaxOutput        = 64 << 20         // bytes
	DefaultMemory    = 4 << 30          // bytes, of [WithMemory]
	MinMemory        = 16 << 20         // bytes; no Go program starts with less
	DefaultProcesses = 512              // of [WithProcesses]
	DefaultFileSize  = 1 << 30          // bytes, of [WithFileSize]
	DefaultOpenFiles = 1024             // of [WithOpenFiles]
	DefaultTemporary = 256 << 20        // bytes, of [WithTemporary]
	DefaultGrace     = 3 * time.Second  // of [WithGrace]
	MaxPaths         = 256              // of [WithReadOnly] and [WithWritable] each
)

// reach is what a program may reach over the network.
type reach string

const (
	reachNothing  reach = "nothing"
	reachLoopback reach = "loopback"
	reachHost     reach = "host"
)

// user is a user and a group, by number.
type user struct{ UID, GID uint32 }

// limits are the bounds that the system itself holds. 0 is none.
type limits struct {
	Memory    int64
	Processes int64
	CPU       time.Duration
	FileSize  int64
	OpenFiles int64
}

type config struct {
	Reach     reach
	Limits    limits
	Temporary int64
	ReadOnly  []string
	Writable  []string
	User      *user

	processesAsked bool // the number of processes is not the default
	time           time.Duration
	grace          time.Duration
	output         int
	required       []Aspect
	hook           *Hook
}

func newConfig(options []Option) (*config, error) {
	c := &config{
		Reach:     reachLoopback,
		Limits:    limits{Memory: DefaultMemory, Processes: DefaultProcesses, FileSize: DefaultFileSize, OpenFiles: DefaultOpenFiles},
		Temporary: DefaultTemporary,
		time:      DefaultTime, grace: DefaultGrace, output: DefaultOutput,
	}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("sandbox: a nil option")
		}
		if err := option(c); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	return c, nil
}

// asks reports whether the caller wants an aspect confined at all.
func (c *config) asks(a Aspect) bool {
	switch a {
	case Network:
		return c.Reach != reachHost
	case Memory:
		return c.Limits.Memory > 0
	case ProcessCount:
		return c.Limits.Processes > 0
	case CPUTime:
		return c.Limits.CPU > 0
	case FileSize:
		return c.Limits.FileSize > 0
	case OpenFiles:
		return c.Limits.OpenFiles > 0
	default:
		return true
	}
}

// Option is a setting of a sandbox, for [New].
type Option func(*config) error

// WithoutNetwork lets the program reach nothing, not even itself.
func WithoutNetwork() Option { return withReach(reachNothing) }

// WithLoopbackOnly gives the program a network of its own in which only the
// loopback addresses answer: it can listen on any port, whatever listens
// outside, and [Running.DialContext] reaches it. It is the default.
func WithLoopbackOnly() Option { return withReach(reachLoopback) }

// WithNetwork leaves the program the network of the host: a smoke check can
// write to the production database then.
func WithNetwork() Option { return withReach(reachHost) }

func withReach(r reach) Option {
	return func(c *config) error {
		c.Reach = r
		return nil
	}
}

// WithMemory bounds the memory of each process of the program, in bytes; at
// least [MinMemory], 0 is no limit. Default: [DefaultMemory]. On Linux it counts
// what a process may write to, not what it maps (RLIMIT_DATA): a Go program's
// reserved addresses do not count. On Windows it is the committed memory.
func WithMemory(bytes int64) Option {
	return func(c *config) error {
		if bytes != 0 && bytes < MinMemory {
			return fmt.Errorf("WithMemory(%d): give 0 for no limit, or at least %d bytes", bytes, int64(MinMemory))
		}
		c.Limits.Memory = bytes
		return nil
	}
}

// WithProcesses bounds how many processes and, on Unix, threads the program may
// have at once; 0 is no limit. Default: [DefaultProcesses], where the system
// can count those of the sandbox alone. Where it counts all processes of the
// user, only a number that was asked for is set.
func WithProcesses(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithProcesses(%d): the number cannot be negative", n)
		}
		c.Limits.Processes, c.processesAsked = int64(n), n > 0
		return nil
	}
}

// WithCPUTime bounds the CPU time of each process of the program, rounded up to
// seconds; at most [MaxTime], 0 is no limit. Default: none, for [WithTime] bounds it too.
func WithCPUTime(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 || d > MaxTime {
			return fmt.Errorf("WithCPUTime(%v): give 0 to %v", d, MaxTime)
		}
		c.Limits.CPU = d
		return nil
	}
}

// WithFileSize bounds the size of each file that the program writes, in bytes;
// 0 is no limit. Default: [DefaultFileSize].
func WithFileSize(bytes int64) Option {
	return func(c *config) error {
		if bytes < 0 {
			return fmt.Errorf("WithFileSize(%d): the size cannot be negative", bytes)
		}
		c.Limits.FileSize = bytes
		return nil
	}
}

// WithOpenFiles bounds how many files and connections each process may have
// open at once, at least 16; 0 is no limit. Default: [DefaultOpenFiles].
func WithOpenFiles(n int) Option {
	return func(c *config) error {
		if n != 0 && n < 16 {
			return fmt.Errorf("WithOpenFiles(%d): give 0 for no limit, or at least 16", n)
		}
		c.Limits.OpenFiles = int64(n)
		return nil
	}
}

// WithTemporary bounds all files in the folder for temporary files together, in
// bytes, above 0. Default: [DefaultTemporary]. It holds where that folder is a
// file system of its own.
func WithTemporary(bytes int64) Option {
	return func(c *config) error {
		if bytes <= 0 {
			return fmt.Errorf("WithTemporary(%d): give the size in bytes", bytes)
		}
		c.Temporary = bytes
		return nil
	}
}

// WithTime bounds how long the program may run, above 0, at most [MaxTime].
// Default: [DefaultTime].
func WithTime(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 || d > MaxTime {
			return fmt.Errorf("WithTime(%v): give more than 0, and at most %v", d, MaxTime)
		}
		c.time = d
		return nil
	}
}

// WithGrace is how long [Running.Stop] waits between asking the program to end
// and killing it; 0 kills it at once. Default: [DefaultGrace].
func WithGrace(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 || d > MaxTime {
			return fmt.Errorf("WithGrace(%v): give 0 to %v", d, MaxTime)
		}
		c.grace = d
		return nil
	}
}

// WithOutput bounds how much of the program's output is kept, in bytes, at most
// [MaxOutput]. Default: [DefaultOutput]. The program can print more, and is not
// held up by it.
func WithOutput(bytes int) Option {
	return func(c *config) error {
		if bytes < 0 || bytes > MaxOutput {
			return fmt.Errorf("WithOutput(%d): give 0 to %d bytes", bytes, MaxOutput)
		}
		c.output = bytes
		return nil
	}
}

// WithReadOnly lets the program see files or folders that it otherwise would
// not, because they lie where the sandbox puts folders of its own: on Linux
// /tmp, /var/tmp, /run and /dev. All other files can be read anyway, as far as
// their modes allow. Paths are absolute, and exist when the program starts.
func WithReadOnly(paths ...string) Option {
	return func(c *config) (err error) {
		c.ReadOnly, err = addPaths("WithReadOnly", c.ReadOnly, paths)
		return err
	}
}

// WithWritable lets the program write in folders. Paths are absolute, and exist
// when the program starts.
func WithWritable(folders ...string) Option {
	return func(c *config) (err error) {
		c.Writable, err = addPaths("WithWritable", c.Writable, folders)
		return err
	}
}

func addPaths(option string, have, more []string) ([]string, error) {
	for _, path := range more {
		if !filepath.IsAbs(path) || filepath.Clean(path) != path || filepath.Dir(path) == path {
			return nil, fmt.Errorf("%s(%q): give an absolute path in its shortest form, and not the root", option, path)
		}
	}
	have = slices.Concat(have, more)
	if len(have) > MaxPaths {
		return nil, fmt.Errorf("%s: more than %d paths", option, MaxPaths)
	}
	return have, nil
}

// WithUser runs the program as another user and group, by number, without
// further groups. Only root can do this, and only on Unix: elsewhere [New]
// returns an error that wraps [errors.ErrUnsupported]. Default: the own user.
// As root, name one that runs nothing else: root itself is exempt from the
// limit of processes, and owns files that the sandbox must then hide.
func WithUser(uid, gid uint32) Option {
	return func(c *config) error {
		if uid == ^uint32(0) || gid == ^uint32(0) {
			return errors.New("WithUser: the highest number is no user")
		}
		c.User = &user{UID: uid, GID: gid}
		return nil
	}
}

// WithRequired names what must be confined: where the system cannot, [New]
// returns a [*LackError] in place of a weaker sandbox. Without it what is
// lacking is told by [Sandbox.Lacks] only.
func WithRequired(required ...Aspect) Option {
	return func(c *config) error {
		for _, a := range required {
			if !slices.Contains(aspects(), a) {
				return fmt.Errorf("WithRequired(%q): there is no such aspect", a)
			}
			if slices.Contains(c.required, a) {
				continue
			}
			c.required = append(slices.Clone(c.required), a)
		}
		return nil
	}
}

// WithStage lets the sandbox start the running program itself as its first
// process; see [Stage].
func WithStage(hook *Hook) Option {
	return func(c *config) error {
		if hook == nil || !hook.called {
			return errors.New("WithStage: give what Stage returned")
		}
		c.hook = hook
		return nil
	}
}
