package sandbox

// Hook is proof that [Stage] was called, for [WithStage].
type Hook struct{ called bool }

// Stage lets sandboxes start the running program itself as their first process.
// A program calls it at the very start of main, before it reads its arguments:
//
//	func main() {
//		stage := sandbox.Stage()
//		// …
//		box, err := sandbox.New(sandbox.WithStage(stage))
//
// It returns at once in a process that a person or a service manager started. In
// one that a sandbox started as its first process, it never returns: main goes
// no further, but the program's package initialization has run. On Linux it gives an
// ordinary user a private loopback, a read-only file system and an own /proc;
// on other Unix systems, the limits. Where neither is so it does nothing.
func Stage() *Hook {
	runStage()
	return &Hook{called: true}
}
