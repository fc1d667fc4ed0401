// Package apply installs hotfixes on a host: it verifies a release, keeps the old
// version, moves the running service to the new one, and goes back by itself if
// anything is wrong.
//
// # Guarantee
//
// After any crash, kill or power cut the old or the new version runs, whole, and never
// neither: a version is complete on the disk before the current link leads to it, and
// renaming that link is the only commit. What is executed is the very file that was
// verified. Nothing below the floor is installed, and the floor never sinks. A version
// that is not confirmed in time, that crashes, or whose applier dies is taken back; a
// release that was taken back is not applied again. Every refusal leaves the service as
// it was.
//
// # States
//
// An operation goes through these states (package journal), each of which is on the
// disk before the next step is taken:
//
//	receiving   The release is one that this host may take (package verify). Its package
//	            is copied into staging; the copy is checked as it is written.
//	verified    The package was opened, a delta was applied, and the version's folder is
//	            complete under its final name. Nothing leads to it yet.
//	preloaded   The new executable has been started in the sandbox and did what the
//	            trial asks for (WithTrial); without a trial this says nothing.
//	validated   The package's scripts/verify exited 0 in the sandbox, and its
//	            scripts/run, if it has one, has run.
//	activating  The link is about to be renamed: it leads to the old or the new version.
//	activated   The link leads to the new version.
//	swapped     The strategy says that the service runs it and is ready.
//	soaking     All checks have held once; they must go on holding for the soak time,
//	            and the service must not be started again meanwhile.
//	confirmed   It stays. The floor rises, and old versions are collected.
//	reverting   Something failed after "activating": the links are turned back, the
//	            strategy brings the old version back, and its checks are asked.
//	reverted    The old version runs, or was never left. The end, as is confirmed.
//
// Whatever fails before "activating" ends in "reverted" at once. Recover finishes or
// takes back whatever a process left behind, and can be run again at any time; a kill
// while it runs changes nothing about that.
//
// # Parties
//
// An agent on the host, or a release tool that runs there, makes a Host with New and
// calls Apply, Confirm, Rollback, Recover and Status. The service's supervisor calls
// Starting before each start. Strategies (package swap, or hotswap in the service
// itself), checks (package health) and the sandbox (package sandbox) are passed in.
// Who may sign is in a trust file (package verify).
//
// # Store
//
//	STORE/PRODUCT/versions/ID/     immutable: bin/, config/, scripts/, manifest.json,
//	                               rollback.json, bundles/, version.json, whose SHA-256 is ID
//	              current          link to versions/ID (Windows: a file with that text)
//	              previous         likewise: what ran before
//	              staging/ quarantine/ pins/ scripts/
//	              journal floor trust.json audit starts lock format
//
// A host may install at a path outside of the store too (WithInstallPath).
//
// # Payloads
//
// A package may carry an executable, configuration (config/…), which is switched with
// the same link and which the strategy reloads, and scripts. What a package does not
// carry is that of the version before it. RunScript runs once on each host, before the
// switch, as the user of the host and outside of the sandbox; UndoScript undoes it.
//
// # Windows
//
// A Windows service names its executable once and for all, and no link can lead from
// there to the current version. Either that name is the install path (WithInstallPath):
// the running executable is renamed aside, and swap.Command runs a program that stops
// and starts the service. Or the service is a small program that asks for the path of
// the executable before each start, by Starting or by the agent's command "starting",
// which prints it, and runs that one. The former needs Recover at the start of the system:
// between two renames nothing is at the install path.
//
// A version that still runs cannot be removed there; a later operation removes it. Who
// may write to the store is not looked at: give its folder an access control list.
// RunScript, UndoScript and scripts/verify have to be programs that the system can start
// by these names, without an extension.
//
// # Caveats
//
// A service under a strategy that cannot be asked (a command, a signal) is believed to
// run what it was told to. Windows has no links that services can make, and no way to
// make a name durable. Without WithGuard, nobody goes back when the applying process
// dies until something calls Recover or Starting.
package apply
