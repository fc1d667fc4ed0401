//go:build !unix && !windows

package build

func isDiskFull(error) bool { return false }
