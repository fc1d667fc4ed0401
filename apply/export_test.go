package apply

// WithTrip calls f before and after each durable step.
func WithTrip(f func(step string) error) Option {
	return func(c *config) error {
		c.trip = f
		return nil
	}
}
