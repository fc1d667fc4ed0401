// Package hotswap replaces the executable of a running service without losing
// a request.
package hotswap
