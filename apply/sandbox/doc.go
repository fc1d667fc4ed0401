// Package sandbox runs a program confined: a new version before it takes over,
// for a smoke check, and the script that verifies it. Whatever the program does,
// it ends when its time is over, its output and its use of the machine are
// bounded, and, where the system can do it, it changes nothing outside.
//
// [New] tries what the system can confine and [Sandbox.Lacks] says in words what
// it cannot. Each run does exactly what New found, or fails: a sandbox never
// gets weaker silently. [WithRequired] makes what is lacking an error of New.
//
//	box, err := sandbox.New(sandbox.WithRequired(sandbox.Network, sandbox.Processes))
//	outcome, err := box.Run(ctx, sandbox.Program{Path: "/srv/store/ab12/payments", Args: []string{"-version"}})
//	if err == nil {
//		err = outcome.Err() // exit code 0?
//	}
//
// A service is started with [Sandbox.Start], asked through
// [Running.DialContext], which reaches it in its private network, and ended with
// [Running.Stop].
//
// # Linux
//
// No other program is needed. There are four ways; New takes the first that
// works, by trying it:
//
//  1. With a [Stage], as root or as an ordinary user: the running program is
//     started again as the first process of a process namespace (for an ordinary
//     user in a user namespace too), which confines itself as below, sees its
//     own /proc only, starts the program, collects orphans, and opens connections for DialContext.
//  2. As root (CAP_SYS_ADMIN): a thread that is used for nothing else moves into
//     namespaces of its own (mounts, network, System V IPC, host name) and starts the
//     program in a process namespace. It differs from the first way in two
//     points: the program can read the names of the host's processes in /proc,
//     and it is the first process of its namespace, which SIGTERM does
//     not end unless it handles it.
//  3. As an ordinary user without a stage: user, process, IPC and host name
//     namespaces by clone(2), and Landlock (Linux 5.13) for files. A loopback network cannot be had this way.
//  4. Where namespaces are forbidden, as in most containers: Landlock, a session of its own, and limits.
//
// In the first two ways the file system is read-only, /tmp, /var/tmp, /dev/shm
// and /run are empty folders in memory, each bounded by [WithTemporary], and /dev holds null, zero, full, random and urandom alone. In
// the others files everywhere can be read as far as their modes allow, and the
// temporary folder is a new one below the host's. In all ways the program has no_new_privs set, no capabilities
// (see capabilities(7)), a session of its own, limits by setrlimit(2) set before its
// first instruction (where ptrace is forbidden: just after), and dies if this process does.
//
// Limits are of each process, not of all together: control groups are not used.
//
// # Other systems
//
// On macOS and the BSDs a program gets a session, an environment and a temporary folder of
// its own, and with a [Stage] limits by setrlimit. On Windows it runs in a job
// object that bounds memory, CPU time and processes and ends all of them, with a
// temporary folder of its own. Files and network are not confined on either, and
// Lacks says so.
//
// # Caveats
//
// Descriptors without close-on-exec that something other than Go code opened in
// this process are inherited unless a [Stage] is used. A sandbox is no virtual machine: a
// program that breaks the kernel breaks out. It is meant for programs whose
// signature was verified, and that may be wrong, not for programs of strangers.
package sandbox
