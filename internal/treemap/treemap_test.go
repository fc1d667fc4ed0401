package treemap

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The example of the paper: a rectangle of 6 by 4. The first row of two stands
// on the left, the second of two lies above the rest.
func TestExampleOfThePaper(t *testing.T) {
	rects := Squarify([]int64{6, 6, 4, 3, 2, 2, 1}, Rect{0, 0, 6, 4})
	for i, want := range []Rect{
		{0, 0, 3, 2}, {0, 2, 3, 2}, {3, 0, 12.0 / 7, 7.0 / 3}, {3 + 12.0/7, 0, 9.0 / 7, 7.0 / 3}, {3, 7.0 / 3, 1.2, 5.0 / 3},
	} {
		assert.InDeltaSlice(t, []float64{want.X, want.Y, want.W, want.H}, []float64{rects[i].X, rects[i].Y, rects[i].W, rects[i].H}, 1e-9, "%d", i)
	}
}

func TestAreasAreInProportion(t *testing.T) {
	in := Rect{10, 20, 1000, 300}
	for name, weights := range map[string][]int64{
		"one":        {7},
		"unsorted":   {1, 100, 3, 3, 3, 50, 1000, 2},
		"steep":      {math.MaxInt64 / 4, 1 << 40, 1 << 20, 1},
		"equal":      {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5},
		"with zeros": {0, 4, 0, 4, -3},
	} {
		t.Run(name, func(t *testing.T) {
			rects := Squarify(weights, in)
			require.Len(t, rects, len(weights))
			sum := 0.0
			for _, w := range weights {
				sum += float64(max(w, 0))
			}
			for i, r := range rects {
				assert.InDelta(t, float64(max(weights[i], 0))/sum*in.Area(), r.Area(), 1e-4)
				inside(t, in, r)
				for _, other := range rects[:i] {
					assert.False(t, overlap(r, other), "%v and %v", r, other)
				}
			}
		})
	}
}

func inside(t *testing.T, in, r Rect) {
	t.Helper()
	const slack = 1e-6
	if r.Area() > 0 {
		assert.True(t, r.X >= in.X-slack && r.Y >= in.Y-slack && r.X+r.W <= in.X+in.W+slack && r.Y+r.H <= in.Y+in.H+slack, "%v", r)
	}
}

func overlap(a, b Rect) bool {
	const slack = 1e-6
	return a.X+a.W > b.X+slack && b.X+b.W > a.X+slack && a.Y+a.H > b.Y+slack && b.Y+b.H > a.Y+slack
}

func TestNothingToDivide(t *testing.T) {
	assert.Empty(t, Squarify(nil, Rect{0, 0, 1, 1}))
	assert.Equal(t, []Rect{{}}, Squarify([]int64{0}, Rect{0, 0, 1, 1}))
	assert.Equal(t, []Rect{{}}, Squarify([]int64{3}, Rect{}))
}
