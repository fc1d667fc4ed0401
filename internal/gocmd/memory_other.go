//go:build !unix

package gocmd

import "os"

func peakMemory(*os.ProcessState) int64 { return 0 }
