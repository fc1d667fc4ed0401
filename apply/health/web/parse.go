package web

import (
	"strings"

	"github.com/gohotfix/hotfix/apply/health"
)

// Parse returns the check that a text names: what [health.Parse] knows, and
//
//	https://HOST/PATH                      [HTTP]
//	grpc:ADDRESS or grpc:ADDRESS/SERVICE   [GRPC]
//
// Errors are those of the check's own function, or wrap [health.ErrSyntax].
func Parse(text string, opts ...health.Option) (*health.Probe, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "http", "https":
		return HTTP(text, opts...)
	case "grpc":
		address, service, _ := strings.Cut(rest, "/")
		return GRPC(address, service, opts...)
	}
	return health.Parse(text, opts...)
}
