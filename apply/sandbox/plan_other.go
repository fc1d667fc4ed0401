//go:build !linux && !windows && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package sandbox

import "errors"

func newPlan(*config) (plan, lacks, error) {
	return nil, nil, errors.ErrUnsupported
}
