package upstream

// Release is a step from one published version of a program to the next.
type Release struct {
	Name    string
	Program Program // the old version
	To      Program // the new version
}

// Releases are patch releases, and one minor release, of real programs.
func Releases() []Release {
	return []Release{
		{"nats-2.14.9", NATS("v2.14.8"), NATS("v2.14.9")},
		{"nats-2.15.2", NATS("v2.15.1"), NATS("v2.15.2")},
		{"yq-4.54.1", yq("v4.53.6"), yq("v4.54.1")},
		{"caddy-2.11.9", caddy("v2.11.8"), caddy("v2.11.9")},
	}
}
