package tiny

import (
	"errors"
	"testing"
)

// The lower end of the range and the error of Sum are not tested.
func TestTiny(t *testing.T) {
	if Check(5) != nil || Check(Limit) != nil || !errors.Is(Check(11), ErrRange) {
		t.Error("Check")
	}
	if sum, err := Sum(2, 3); sum != 5 || err != nil {
		t.Error("Sum")
	}
}
