package apply

import (
	"os"
	"strings"
)

// bootID names the time since the system was started; "" if it cannot be told. See
// random(4): /proc/sys/kernel/random/boot_id.
func bootID() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(data) > 64 {
		return ""
	}
	return strings.TrimSpace(string(data))
}
