//go:build linux

package sandbox

import "errors"

// NewPlain is a sandbox as it is where namespaces are forbidden.
func NewPlain(options ...Option) (*Sandbox, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	abi := landlockABI()
	p := newPlainPlan(c, abi)
	return &Sandbox{config: c, plan: p, lacks: plainLacks(c, p, abi, errors.New("this test forbids them"))}, p.probe()
}

// ReadOnlyEach makes a view of the file system as kernels before 5.12 do, on a
// thread of its own, and calls f in it.
func ReadOnlyEach(f func() error) error {
	return onThread(func() error {
		if err := unshareMounts(); err != nil {
			return err
		}
		if err := readOnlyEach(); err != nil {
			return err
		}
		return f()
	})
}
