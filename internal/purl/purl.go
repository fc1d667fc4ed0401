// Package purl writes package URLs (https://github.com/package-url/purl-spec).
package purl

import (
	"net/url"
	"strings"
)

// Go returns the address of a module version. Without a version, as for the one that
// is being built, it is that of the module.
func Go(path, version string) string {
	segments := strings.Split(strings.ToLower(path), "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return "pkg:golang/" + strings.Join(segments, "/") + atVersion(version)
}

// Generic returns the address of something that belongs to no registry.
func Generic(name, version string) string {
	return "pkg:generic/" + url.PathEscape(name) + atVersion(version)
}

func atVersion(version string) string {
	if version == "" || version == "(devel)" {
		return ""
	}
	return "@" + url.QueryEscape(version)
}
