package seal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestZZ(t *testing.T) {
	list, _ := filepath.Glob("/tmp/deltas.cache/*/*/old")
	for _, p := range append(list, "/tmp/prof/hf/nats.base", "/tmp/prof/hf/agew.base") {
		data, _ := os.ReadFile(p)
		s, err := Find(data)
		if err != nil {
			t.Fatal(err)
		}
		_, ok := s.ID()
		fmt.Println(p, ok, s.Known(), s.id, s.note, s.sum, s.hashes, s.signature)
	}
}
