//go:build unix

package hotswap_test

import "github.com/gohotfix/hotfix/hotswap"

func serveTLS(*hotswap.Process) error { return nil }
