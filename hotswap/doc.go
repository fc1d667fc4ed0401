// Package hotswap replaces the executable of a running service without losing
// a request, and goes back if the new one does not hold.
//
// # Guarantee
//
// At every moment at least one process that called [Process.Ready] accepts
// connections, or they wait in the queue of a socket that such a process holds
// open; a successor that crashes or never becomes ready changes nothing of that.
// What runs is the very file whose SHA-256 was checked (Linux; see Caveats). A
// request that a server of [Conns] or of package web has read is answered,
// unless its connection is cut at the end of the drain timeout, which
// [DrainError] counts.
//
// # Use
//
// A service calls [Open] first, [Process.Listen] instead of net.Listen,
// [Process.Serve] for each listener, [Process.Ready] once it is healthy on its
// own, and [Process.Wait] last; when that returns, it exits. Everything else is
// for whoever upgrades it: [Client], or the methods of the same names.
//
// What serves HTTP is in package web below this one, so that neither a service
// without HTTP nor a Client brings net/http into its program.
//
// # States
//
// A first process is [Starting] from Open on. Its sockets are open, and
// connections wait in their queues. Ready makes it [Serving].
//
// An upgrade ([Process.Upgrade]) is possible while a process is Serving, no
// other upgrade is under way, and its own predecessor has handed over to it. It
// has these phases, as the old process reports them:
//
// PhaseStarting: the executable is opened, its digest is checked, and it is
// started with all sockets. The phase ends well when the successor calls Ready
// within the ready timeout. It is [Waiting] then.
//
// PhaseShifting, once for each [Step] below 100 percent: the old process
// accepts alone, and hands the share of the step to the successor before it has
// read a byte. Of each hundred connections in a row of one listener, exactly as
// many as the percentage are handed over. Those that the successor does not
// take, because it ends or too many wait for it already, the old process serves.
//
// PhaseStandby: the successor accepts, so it is Serving; after it has said so,
// the old process stops accepting and drains. Without ConfirmWithin this phase
// takes no time. With it, the old process stays, with all sockets open, until
// one of these happens: Finish, which leads to PhaseFinishing; or Revert, the
// end of ConfirmWithin, the end of the successor for whatever reason, or the end
// of the context of Wait of either process, which lead to PhaseReverting. Shift
// leads back to PhaseShifting and from there to standby; the deadline stays.
//
// PhaseFinishing: the successor writes the PID file, serves the control socket
// and says so; systemd hears MAINPID of it; Wait of the old process goes on to
// drain and returns. From now on nothing can be taken back. If the successor
// fails to do its part, PhaseReverting follows.
//
// PhaseReverting, also after any failure of the phases before: the old process
// accepts again; the successor is told to leave the connections to it, to drain
// and to end, and is killed when it has not done so two seconds after the drain
// timeout, or if it was never ready, two seconds after SIGTERM. It is reaped,
// and what it has not taken of the connections that were handed to it is served
// by the old process. Then there is no upgrade under way any more, and
// [Status.Last] says what happened.
//
// A successor whose predecessor dies before it has handed over goes on alone: it
// accepts as soon as it is ready, and takes PID file and control socket.
//
// # Drain
//
// On standby, nothing is cut. Servers that are a [Drainer] are told to end
// their connections: each HTTP/1 answer carries "Connection: close", HTTP/2
// connections get a GOAWAY. [Process.Draining] tells handlers of hijacked and
// other long-lived connections. Connections without a request wait for one,
// which the old process answers.
//
// At the end of a process, in Wait, the same is done and its own sockets are
// closed. It returns as soon as no connection is open. After three quarters of
// the drain timeout idle HTTP/1 connections are closed. After the drain timeout
// everything is closed.
//
// # What a successor gets
//
// The working directory, standard input, output and error, the arguments unless
// the upgrade has others, and the environment with what the upgrade adds.
// Secrets in the environment are passed on as by any exec, and never logged.
// Left out are LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and WATCHDOG_PID, which
// name the old process; added is HOTSWAP_PREDECESSOR, the id of the old process,
// which Open removes. No other descriptors than these are inherited: 3 and 4 are
// stream sockets to the old process, for words and for connections; then the
// control socket, if there is one; then all other sockets. All other
// descriptors of the old process, whoever opened them, are set to be closed.
//
// # systemd
//
// Sockets of socket units are found by address or name ([Process.Listen]) and
// handed on. A unit needs Type=notify and NotifyAccess=all: READY=1 and MAINPID
// are sent when a first process is ready, MAINPID and READY=1 when an upgrade is
// finished, STOPPING=1 when a process ends that has no successor. Until an
// upgrade is finished the old process is the main process: if it dies, systemd
// ends the successor as well, and starts the service anew. RELOADING=1 is never
// sent: an upgrade that is taken back is none of the manager's business.
//
// # Control socket
//
// A unix stream socket with mode 0600, in a folder of this user or root that
// nobody else may write to. On Linux the client must have the same user as the
// process, or be root. A client sends one line of JSON and reads one line:
//
//	{"protocol":1,"op":"status"}
//	{"protocol":1,"op":"upgrade","upgrade":{"path":"/x","digest":"…","args":[…],"env":[…],"steps":[{"percent":10,"pause":1000000000}],"confirm_within":60000000000}}
//	{"protocol":1,"op":"shift","percent":50}
//	{"protocol":1,"op":"finish"}
//	{"protocol":1,"op":"revert"}
//
//	{"status":{"state":"serving","pid":123,…}}
//	{"error":{"codes":["busy"],"message":"…"}}
//
// Durations are in nanoseconds; args, env, steps, confirm_within and percent
// are left out if they are empty or zero. A request has exactly one spelling:
// this order, no white space. Answers may get more keys in later versions. A
// client that goes away ends nothing that it has begun.
//
// # Limits
//
// See the Max… constants.
//
// # Systems
//
// Linux, macOS and the BSDs upgrade ([Supported]). Windows cannot: Listen, Serve, Ready and Wait with
// their drain work there, and Upgrade returns an error that wraps
// [errors.ErrUnsupported].
//
// # Caveats
//
// What still loses requests: the end of the drain timeout; a request that is
// on its way when an idle HTTP/1 connection is closed, after three quarters of
// it (clients send idempotent ones again); requests after the first of several
// that an HTTP/1.1 client has sent at once (pipelining), because the answer to
// the first closes the connection; connections that a successor has taken or
// accepted when it crashes; requests to a Go HTTP/2 client whose bodies cannot
// be sent again (no GetBody) if they cross the GOAWAY; the queue of a socket when
// a process ends without a successor and systemd does not hold it; a datagram
// that a process has read when it ends.
//
// Servers that [Graceful] wraps keep their connections, and thus their calls, on
// the old process until the upgrade is finished.
//
// Elsewhere than on Linux a process cannot execute an open file: the path is
// checked to lead to the file that was hashed, and then executed; keep it in a
// folder that only root may write to. On Linux too, a file can be written to
// after it was hashed: whoever may do that, may be the service. On FreeBSD,
// descriptors that something opened without O_CLOEXEC are only found, and kept
// from a successor, with fdescfs on /dev/fd.
//
// The process that was started first exits. Where the exit of one process ends
// the whole service (process 1 of a container, a supervisor that does not follow
// MAINPID or the PID file), processes cannot take turns: restart instead. A
// successor that was ended may leave processes behind that it started.
//
// Connections that a listener accepts are wrapped: assert for interfaces, or use
// NetConn, rather than for *net.TCPConn. A stream that was handed over may have
// been accepted in another process; its socket options are kept.
package hotswap
