// Package tiny is tested with gaps.
package tiny

import "errors"

// ErrRange says that a number is out of range.
var ErrRange = errors.New("out of range")

// Limit is the largest number.
const Limit = 10

// Top is the largest byte.
const Top uint8 = 255

// Check accepts 1 to Limit.
func Check(n int) error {
	if n < 1 || n > Limit {
		return ErrRange
	}
	return nil
}

// Sum adds numbers up, and stops at the first that is out of range.
func Sum(numbers ...int) (int, error) {
	sum := 0
	for _, n := range numbers {
		if err := Check(n); err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
