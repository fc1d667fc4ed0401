package program

import ("testing";"os";"fmt")

func TestZY(t *testing.T) {
	for i, n := range []string{"old","new"} {
		data, _ := os.ReadFile("/tmp/deltas.cache/nats-2.14.9/linux_amd64/"+n)
		p, err := Open(data)
		if err != nil { t.Fatal(err) }
		from := []int{0xee8b98, 0xeeab38}[i]
		for _, r := range p.References { if int(r.Offset) >= from && int(r.Offset) < from+64 { fmt.Printf("%s +%d %+v\n", n, int(r.Offset)-from, r) } }
	}
}
