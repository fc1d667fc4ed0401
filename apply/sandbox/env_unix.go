//go:build unix

package sandbox

// defaultEnv is what programs need to find tools and a place to write.
func defaultEnv(tmp string) []string {
	return []string{"TMPDIR=" + tmp, "HOME=" + tmp, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}
