// Package timestamptest is a time-stamp authority for tests: it signs RFC 3161
// timestamps at any time one likes, and is wrong in any way one likes.
//
// It shares no code with package timestamp. [TSA.Stamp] answers without a
// network, [TSA.ServeHTTP] with one, and [TSA.Chain] is what a trust policy needs.
// [Answer] holds what a test can change of an answer before or after it is signed.
//
// Nothing here is for production: keys are made anew and kept in memory, and the
// authority stamps whatever anybody sends, at whatever time it is told.
package timestamptest
