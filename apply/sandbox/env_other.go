//go:build !unix && !windows

package sandbox

func defaultEnv(string) []string { return nil }
