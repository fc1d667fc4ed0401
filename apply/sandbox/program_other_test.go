//go:build !unix && !windows

package sandbox_test

import "os"

var terminate = os.Interrupt

func tree([]string) int { return 1 }
