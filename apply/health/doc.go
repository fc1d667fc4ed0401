// Package health asks a service whether it is well: once, until it is, or for as
// long as it must stay so.
//
// # Guarantee
//
// A check that returns nil has had an answer from the service, within its own time
// limit, over a connection that was opened for it: one kept open might lead to the
// process that is about to go. [Wait] and [Soak] return nil only after such answers;
// no data is never a pass. Whatever the service sends, a check takes bounded memory
// and time.
//
// # Checks
//
//	HTTP      a GET of an http address that is answered with a status 2xx
//	TCP       a connection that is accepted
//	Conn      a connection to something that a function finds well
//	Command   a program that ends with exit status 0
//
// Each makes a [*Probe], which may be used by several goroutines at once. Anything
// else with the methods of [Checker] will do as well. HTTP is spoken by this package
// itself (HTTP/1.1, RFC 9112), and TLS is not linked, so that the agents of hosts stay
// small; package web adds https and gRPC.
//
// # Caveats
//
// Nothing of this process's environment counts: no proxy variables, no PATH. Names are
// resolved by the system. A check sees what it asks: a health endpoint that always
// says yes gates nothing.
package health
