//go:build !linux

package apply

// bootID cannot be told here.
func bootID() string { return "" }
