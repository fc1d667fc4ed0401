package source

import "fmt"

// Option changes what [Compare] looks at.
type Option func(*config) error

type config struct {
	skip func(path string) bool
}

// OptionError says which option of [Compare] is wrong, and how.
type OptionError struct {
	Option string // as "WithoutFiles"
	Reason string // what is wrong and what to do
}

func (e *OptionError) Error() string { return fmt.Sprintf("source: %s: %s", e.Option, e.Reason) }

// WithoutFiles leaves files out of both trees, as if they were not there; by
// default none are, but folders of version control. It is for what no commit
// holds: the go command compiles a Go file whether it is ignored or not, so leave
// none out that is in the folder of a package. skip is called with slash-separated
// paths below the tree's folder, on the goroutine of Compare.
func WithoutFiles(skip func(path string) bool) Option {
	return func(c *config) error {
		if skip == nil {
			return &OptionError{Option: "WithoutFiles", Reason: "no function: leave the option out to compare all files"}
		}
		c.skip = skip
		return nil
	}
}
