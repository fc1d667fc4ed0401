package goaware

// vote finds out where addresses and lines moved that were not copied.
func (m *maker) vote() error { return nil }
