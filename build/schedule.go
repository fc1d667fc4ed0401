package build

import (
	"runtime"
	"strconv"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/shirou/gopsutil/v4/mem"
)

const (
	// heavyCompile is what a large package needs: the compiler peaked at
	// 1.1 GiB on nats-server. A target that cannot have as much does not run
	// beside another.
	heavyCompile = 3 << 29 // 1.5 GiB

	// fairCompile is below what one process among several should not be
	// pressed: a smaller number of processes is faster than constant
	// collection.
	fairCompile = 3 << 28 // 768 MiB

	// goCommand is set aside for the go command itself, one a target.
	goCommand = 160 << 20

	// fallbackBudget is used where the system does not say what is free.
	fallbackBudget = 4 << 30
)

// share is what each of several targets gets that are built at once.
type share struct {
	parallel  int   // targets at once
	processes int   // tools at once within a target
	limit     int64 // bytes of memory that each tool's collector keeps to
}

// schedule divides CPUs and the memory budget among n targets.
func (b *Builder) schedule(n int) share {
	budget := b.budget
	if budget == 0 {
		budget = freeMemory() / 4 * 3
	}
	return divide(n, b.parallel, runtime.GOMAXPROCS(0), budget)
}

// divide is schedule without the machine. At most so many targets run at once
// as were asked for; 0 leaves it to the CPUs and the budget.
func divide(targets, atMost, cpus int, budget int64) share {
	parallel := min(cpus, int(budget/heavyCompile))
	if atMost > 0 {
		parallel = min(atMost, int(budget/MinMemoryBudget))
	}
	parallel = max(1, min(parallel, targets))
	each := budget / int64(parallel)
	forTools := max(each-goCommand, each/2)
	processes := min((cpus+parallel-1)/parallel, int(forTools/fairCompile))
	processes = max(1, processes)
	// A collector's limit does not cover mapped files and the tool's own
	// image; a tenth is left for them.
	return share{parallel: parallel, processes: processes, limit: forTools / int64(processes) / 10 * 9}
}

// collectAt is GOGC for the tools: how far a heap grows before it is collected,
// in percent of what is live. A compile of nats-server's largest package took
// 23.7 CPU s and 1.1 GiB at the default of 100, 20.9 s and 1.3 GiB at 200,
// 18.9 s and 1.4 GiB at 400, 20.7 s and 1.8 GiB at 800, and 22.1 s and 2.5 GiB
// without a collector: beyond 400, the kernel's work to hand out new pages costs
// more than the collector did.
const collectAt = 400

// environ returns the variables that keep a tool to its share. They have no
// effect on the bytes (measured: all values of GOGC give equal files).
// GOMAXPROCS is what the go command derives -p from.
func (s share) environ() []string {
	return []string{
		"GOGC=" + strconv.Itoa(collectAt),
		"GOMEMLIMIT=" + strconv.FormatInt(s.limit, 10) + "B",
		"GOMAXPROCS=" + strconv.Itoa(s.processes),
	}
}

// freeMemory returns how many bytes are free on the host, or less if the
// container's limit is below that.
func freeMemory() int64 {
	free := int64(fallbackBudget)
	if stat, err := mem.VirtualMemory(); err == nil && stat.Available > 0 {
		free = int64(stat.Available)
	}
	if limit, err := memlimit.FromCgroup(); err == nil && limit > 0 && limit < uint64(free) {
		free = int64(limit)
	}
	return max(free, MinMemoryBudget)
}
