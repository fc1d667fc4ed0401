package verify

// checkTimestamps notes when a signature was made, if a timestamp proves it.
func (v *Verifier) checkTimestamps(namedBundle, *Signature) error { return nil }
