// Package web serves HTTP for package hotswap without losing a request: an
// [http.Server] is drained, or goes on, as its process is told to.
package web
