//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package sandbox

func runStage() {}
