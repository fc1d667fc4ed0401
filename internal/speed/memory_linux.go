package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// memoryWatch samples the memory of a process tree. Pages that several of its
// processes share are counted once (PSS).
type memoryWatch struct {
	quit chan struct{}
	peak chan int64
}

func watchMemory(root int) *memoryWatch {
	w := &memoryWatch{quit: make(chan struct{}), peak: make(chan int64)}
	go func() {
		ticker := time.NewTicker(sampleInterval)
		defer ticker.Stop()
		most := int64(0)
		for {
			most = max(most, treeMemory(root))
			select {
			case <-ticker.C:
			case <-w.quit:
				w.peak <- most
				return
			}
		}
	}()
	return w
}

// stop ends the watch and returns the peak.
func (w *memoryWatch) stop() int64 {
	close(w.quit)
	return <-w.peak
}

func treeMemory(root int) int64 {
	parents := processParents()
	sum := int64(0)
	for pid := range parents {
		if descends(pid, root, parents) {
			sum += proportionalMemory(pid)
		}
	}
	return sum
}

// processParents returns the parent of every process.
func processParents() map[int]int {
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// The name in parentheses may hold anything: fields count from the last one.
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parents[pid], err = strconv.Atoi(fields[1]); err != nil {
			delete(parents, pid)
		}
	}
	return parents
}

func descends(pid, root int, parents map[int]int) bool {
	for depth := 0; pid > 1 && depth < len(parents); depth++ {
		if pid == root {
			return true
		}
		pid = parents[pid]
	}
	return false
}

// proportionalMemory reads the process's share of the memory that it maps.
func proportionalMemory(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "Pss:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
