package program

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	for _, n := range []string{"nats.base", "yq.base", "age.base", "agew.base"} {
		data, err := os.ReadFile("/tmp/prof/hf/" + n)
		if err != nil {
			t.Fatal(err)
		}
		t0 := time.Now()
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		p, err := Open(data)
		runtime.ReadMemStats(&m1)
		if err != nil {
			t.Error(n, err)
			continue
		}
		kinds := map[string]int{}
		for _, r := range p.References {
			kinds[fmt.Sprint(r.Kind, "/", r.Base)]++
		}
		fmt.Println(n, len(data), time.Since(t0), (m1.TotalAlloc-m0.TotalAlloc)>>10, "KB", len(p.Functions), len(p.References), kinds, p.Parts)
		var entries []uint64
		for _, f := range p.Functions {
			entries = append(entries, f.Entry)
		}
		l := p.Functions[len(p.Functions)-1]
		made := MakeFinder(entries, l.Entry+uint64(l.Size))
		fmt.Println("finder", bytes.Equal(made, p.Data[p.Parts.Finder.Start:p.Parts.Finder.End]))
		// pctab
		tab := []byte{0}
		seen := map[string]uint32{}
		bad := 0
		for i := range p.Functions {
			f := &p.Functions[i]
			order := []int{0, 1, 2}
			for j := 3; j < len(f.Tables); j++ {
				if j != TableInlined {
					order = append(order, j)
				}
			}
			if len(f.Tables) > TableInlined {
				order = append(order, TableInlined)
			}
			for _, j := range order {
				if f.Tables[j] == 0 {
					continue
				}
				b := p.TableBytes(f, j)
				if !bytes.Equal(AppendTable(nil, p.Steps(f, j, nil), p.Quantum()), b) {
					bad++
				}
				if _, ok := seen[string(b)]; !ok {
					seen[string(b)] = uint32(len(tab))
					tab = append(tab, b...)
				}
				if seen[string(b)] != f.Tables[j] {
					bad++
					if bad < 5 {
						fmt.Println(i, j, p.NameOf(f), f.Tables, seen[string(b)])
					}
				}
			}
		}
		fmt.Println("pctab", bad, len(tab), p.Parts.Programs.Len(), bytes.Equal(tab, p.Data[p.Parts.Programs.Start:p.Parts.Programs.End][:min(len(tab), p.Parts.Programs.Len())]))
	}
}
