// Package web adds the checks of package health that need TLS or HTTP/2: those of
// https addresses and of gRPC health services. A program that imports it weighs about
// 1.8 MB more.
//
//	HTTP    a GET of an http or https address that is answered with a status 2xx
//	GRPC    grpc.health.v1.Health/Check (https://github.com/grpc/grpc/blob/master/doc/health-checking.md)
//	GRPCS   the same, with TLS
//
// What package health guarantees for its checks holds for these.
package web
