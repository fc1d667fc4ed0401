package build

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDivide(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	tests := []struct {
		targets, atMost, cpus int
		budget                int64
		parallel, processes   int
	}{
		{targets: 6, cpus: 2, budget: 256 * mib, parallel: 1, processes: 1},
		{targets: 6, cpus: 2, budget: 3 * gib / 2, parallel: 1, processes: 1},
		{targets: 6, cpus: 2, budget: 3 * gib, parallel: 2, processes: 1},
		{targets: 1, cpus: 2, budget: 3 * gib, parallel: 1, processes: 2},
		{targets: 6, cpus: 2, budget: 64 * gib, parallel: 2, processes: 1},
		{targets: 6, cpus: 16, budget: 64 * gib, parallel: 6, processes: 3},
		{targets: 40, cpus: 16, budget: 64 * gib, parallel: 16, processes: 1},
		{targets: 6, cpus: 16, budget: 4 * gib, parallel: 2, processes: 2},
		{targets: 6, atMost: 3, cpus: 16, budget: 64 * gib, parallel: 3, processes: 6},
		{targets: 6, atMost: 6, cpus: 2, budget: 512 * mib, parallel: 2, processes: 1},
		{targets: 1, atMost: 8, cpus: 1, budget: 512 * mib, parallel: 1, processes: 1},
	}
	for _, test := range tests {
		got := divide(test.targets, test.atMost, test.cpus, test.budget)
		assert.Equal(t, test.parallel, got.parallel, "%+v", test)
		assert.Equal(t, test.processes, got.processes, "%+v", test)
		assert.LessOrEqual(t, int64(got.parallel*got.processes)*got.limit, test.budget, "%+v", test)
		assert.GreaterOrEqual(t, got.limit, int64(64*mib), "%+v", test)
	}
}

func TestFreeMemoryIsPlausible(t *testing.T) {
	assert.GreaterOrEqual(t, freeMemory(), int64(MinMemoryBudget))
}

func TestShareEnviron(t *testing.T) {
	assert.Equal(t, []string{"GOGC=400", "GOMEMLIMIT=1024B", "GOMAXPROCS=3"}, share{processes: 3, limit: 1024}.environ())
}
