// Package untested has no test and nothing to get wrong.
package untested
