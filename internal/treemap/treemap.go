// Package treemap divides a rectangle into one rectangle a weight, with areas
// in proportion to the weights, and as nearly square as possible, so that areas
// can be compared by eye. The same weights give the same rectangles.
//
// The algorithm is that of M. Bruls, K. Huizing and J. J. van Wijk, Squarified
// Treemaps, Proceedings of the Joint Eurographics and IEEE TCVG Symposium on
// Visualization, 2000.
package treemap

import (
	"cmp"
	"math"
	"slices"
)

// Rect is a rectangle with its corner at the top left.
type Rect struct{ X, Y, W, H float64 }

// Area returns the area of the rectangle.
func (r Rect) Area() float64 { return r.W * r.H }

// Squarify returns a rectangle for each weight, in the order of the weights.
// That of a weight which is not positive is empty.
func Squarify(weights []int64, in Rect) []Rect {
	rects := make([]Rect, len(weights))
	order := descending(weights)
	sum := 0.0
	for _, i := range order {
		sum += float64(weights[i])
	}
	free := in
	for len(order) > 0 && free.Area() > 0 {
		scale := free.Area() / sum
		n, rowSum := row(weights, order, scale, min(free.W, free.H))
		if n == len(order) {
			rowSum = sum // what rounding left goes to the last row
		}
		free = place(rects, weights, order[:n], rowSum, rowSum/sum, free)
		order, sum = order[n:], sum-rowSum
	}
	return rects
}

// descending returns the indices of the positive weights, the largest first.
func descending(weights []int64) []int {
	var order []int
	for i, w := range weights {
		if w > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	return order
}

// row returns how many of the weights make the best row along a side: it grows
// as long as the worst of its rectangles gets no longer.
func row(weights []int64, order []int, scale, side float64) (n int, sum float64) {
	best := math.Inf(1)
	largest := float64(weights[order[0]]) * scale
	for n < len(order) {
		smallest := float64(weights[order[n]])
		area := (sum + smallest) * scale
		worst := max(side*side*largest/(area*area), area*area/(side*side*smallest*scale))
		if worst > best {
			break
		}
		best, sum, n = worst, sum+smallest, n+1
	}
	return n, sum
}

// place lays a row along the shorter side of the free rectangle, of which it
// takes a share, and returns what is left.
func place(rects []Rect, weights []int64, row []int, sum, share float64, free Rect) Rect {
	upright := free.W >= free.H
	at := 0.0
	for _, i := range row {
		part := float64(weights[i]) / sum
		if upright {
			rects[i] = Rect{free.X, free.Y + at*free.H, free.W * share, part * free.H}
		} else {
			rects[i] = Rect{free.X + at*free.W, free.Y, part * free.W, free.H * share}
		}
		at += part
	}
	if upright {
		return Rect{free.X + free.W*share, free.Y, free.W * (1 - share), free.H}
	}
	return Rect{free.X, free.Y + free.H*share, free.W, free.H * (1 - share)}
}
