// Package swap makes a running service run another version that is installed on
// its host: by handing it the new executable, by the service manager, by a command,
// by a signal, or not at all.
//
// # Guarantee
//
// Swap returns nil only when the new version runs, as far as the strategy can see:
// where the system tells which executable a process has (Linux), that is the SHA-256
// of the very file that the process runs, not of what lies under its name by now. An
// error that is [ErrUnclear] says that nobody knows which version runs; every other
// error says that the service is as it was. No strategy uses a shell, every wait is
// bounded, and what a program prints is kept only up to a limit.
//
// # Strategies
//
//	Hotswap   the service itself, by package hotswap: no request is lost
//	Systemd   systemctl restart: as lossless as the unit (socket activation, Type=notify)
//	Command   a program of the operator's
//	Signal    a signal to the process in a PID file, and a wait
//	None      somebody else restarts the service
//
// A strategy has the method
//
//	Swap(ctx context.Context, m Move) error
//
// and String, which names it in messages. These methods it has only if it can do
// more; a caller asks for them by type assertion, and takes an error that is
// [errors.ErrUnsupported] as if the method were not there:
//
//	Settle(ctx context.Context, m Move) error   m.To was confirmed: the old process may go
//	Revert(ctx context.Context, m Move) error   back to m.From, gentler than Swap of the other direction
//	Running(ctx context.Context, product string) (Process, error)   what runs now
//	Reload(ctx context.Context, m Move) error   only configuration changed
//
// Swap does nothing if the new version already runs and its executable is another
// than the old one's: a call after a crash of the host program finishes what the
// first one began. A move between versions of one executable (other configuration)
// is always carried out.
//
// # Caveats
//
// A strategy does not know whether a service is healthy; package health asks that.
// Whoever swaps needs the right to: systemctl as root or by a polkit rule, signals
// and /proc/PID/exe as root or as the service's own user. Strategies keep no state
// and may be used by several goroutines, but two swaps of one service at once are for
// the caller to prevent; package apply holds a lock.
package swap
