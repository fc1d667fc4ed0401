package sandbox

import "os"

// defaultEnv is what programs need to find libraries and a place to write.
func defaultEnv(tmp string) []string {
	root := os.Getenv("SystemRoot")
	return []string{"TEMP=" + tmp, "TMP=" + tmp, "SystemRoot=" + root, "PATH=" + root + `\System32;` + root}
}
