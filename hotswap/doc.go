// Package hotswap replaces the executable of a running service without losing
// a request. What serves HTTP is in package web, so that neither a service
// without HTTP nor a [Client] brings net/http into its program.
package hotswap
