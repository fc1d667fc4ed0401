package goaware

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

func TestZZ(t *testing.T) {
	pairs := os.Getenv("PAIRS")
	if pairs == "" {
		pairs = "/tmp/prof/hf/nats.base:/tmp/prof/hf/nats.a,/tmp/prof/hf/nats.base:/tmp/prof/hf/nats.b,/tmp/prof/hf/yq.base:/tmp/prof/hf/yq.a,/tmp/prof/hf/yq.base:/tmp/prof/hf/yq.b,/tmp/prof/hf/age.base:/tmp/prof/hf/age.a,/tmp/prof/hf/agew.base:/tmp/prof/hf/agew.a"
	}
	for pair := range strings.SplitSeq(pairs, ",") {
		paths := strings.Split(pair, ":")
		old, _ := os.ReadFile(paths[0])
		now, err := os.ReadFile(paths[1])
		if err != nil {
			t.Fatal(err)
		}
		t0 := time.Now()
		before, err := program.Open(old)
		if err != nil {
			t.Fatal(err)
		}
		after, err := program.Open(now)
		if err != nil {
			t.Fatal(err)
		}
		m := &maker{old: before, new: after, script: &script{}}
		if err := m.run(context.Background()); err != nil {
			t.Error(err)
			continue
		}
		e := entropy.NewEncoder()
		k := newCodec(e, before, len(now))
		s := m.script
		var sizes []string
		last := 0
		for i, part := range []func(*script) error{k.sections, k.operations, k.literals, k.labelMoves, k.numberMoves, k.functionEdits, k.relocationEdits, k.seals, k.corrections} {
			if err := part(s); err != nil {
				t.Fatal(i, err)
			}
			sizes = append(sizes, fmt.Sprintf("%s %d", strings.Split("sections ops literals moves lines edits places seals fixes", " ")[i], e.Len()-last))
			last = e.Len()
		}
		body, err := Make(context.Background(), old, now)
		if err != nil {
			t.Fatal(err)
		}
		t1 := time.Now()
		made, err := Apply(context.Background(), old, body, len(now))
		if err != nil {
			t.Error(err)
		}
		fmt.Println(paths[1], len(now), "body", len(body), sizes, "ops", len(s.Operations), "lit", len(s.Literals), "moves", len(s.Moves), "lines", len(s.Lines), "edits", len(s.Functions), "fixes", len(s.Corrections), "ok", bytes.Equal(made, now), "make x2", t1.Sub(t0), "apply", time.Since(t1))
		if os.Getenv("W") != "" {
			m.where()
		}
		if os.Getenv("V") != "" {
			m.why()
			m.dump()
		}
	}
}

func (m *maker) dump() {
	s := m.script
	at := 0
	for i, op := range s.Operations {
		if i < 1600 {
			fmt.Printf("op %d at %#x old %#x size %d\n", op.Kind, at, op.Old, op.Size)
			if op.Kind == literalBytes {
				fmt.Printf("   %q\n", m.new.Data[at:at+min(op.Size, 80)])
			}
		}
		at += op.Size
	}
	for i, e := range s.Functions {
		if i < 40 {
			fmt.Println("edit", e.Keep, e.Kind, func() string {
				if e.Kind == dropped {
					return ""
				}
				f := e.Record.Function
				return m.new.NameOf(&f)
			}())
		}
	}
	for _, l := range s.Lines {
		fmt.Println("line", l)
	}
	for i, l := range s.Moves {
		if i < 40 {
			fmt.Println("move", l)
		}
	}
	for i, f := range s.Corrections {
		if i < 30000 {
			addr, _, _ := m.new.Loaded(f.Offset)
			refs := m.new.References
			kind := ""
			for j := range refs {
				if int(refs[j].Offset) <= f.Offset && f.Offset < int(refs[j].Offset)+int(refs[j].Size) {
					kind = fmt.Sprintf("kind %d/%d target %#x", refs[j].Kind, refs[j].Base, uint64(refs[j].Target)+m.new.Low())
				}
			}
			fn := ""
			if i := m.new.FunctionAt(addr); i >= 0 {
				fn = m.new.NameOf(&m.new.Functions[i])
			}
			fmt.Printf("fix %#x addr %#x +%d %s %s\n", f.Offset, addr, f.Value, kind, fn)
		}
	}
}

func (m *maker) why() {
	x := &expectation{old: m.old, shifts: newShifts(m.old, m.script)}
	counts := map[string]int{}
	n := 0
	for i := range m.new.Functions {
		p := m.partners[i]
		if p < 0 {
			counts["new"]++
			continue
		}
		exp := x.of(&m.old.Functions[p])
		act := m.record(&m.new.Functions[i])
		if exp.equal(&act) {
			continue
		}
		var w string
		if exp.Entry != act.Entry {
			w += " entry"
		}
		for j, f := range numbers(&act.Function) {
			if *f != *numbers(&exp.Function)[j] {
				w += fmt.Sprintf(" field%d(%#x,%#x)", j, *f, *numbers(&exp.Function)[j])
			}
		}
		for j, d := range act.Data {
			if j >= len(exp.Data) || d != exp.Data[j] {
				w += fmt.Sprintf(" data%d", j)
				if j < len(exp.Data) && n < 10 {
					w += fmt.Sprintf("(%#x,%#x)", d, exp.Data[j])
				}
			}
		}
		for j, tb := range act.Tables {
			if j >= len(exp.Tables) || !bytes.Equal(tb, exp.Tables[j]) {
				w += fmt.Sprintf(" table%d", j)
			}
		}
		n++
		if n < 20 {
			fmt.Println(m.new.NameOf(&m.new.Functions[i]), w)
		}
		counts[strings.Split(w+"(", "(")[0]]++
	}
	fmt.Println(counts)
}

func TestZS(t *testing.T) {
	old, _ := os.ReadFile("/tmp/prof/hf/nats.base")
	now, _ := os.ReadFile("/tmp/prof/hf/nats.a")
	before, _ := program.Open(old)
	after, _ := program.Open(now)
	m := &maker{old: before, new: after, script: &script{}}
	m.run(context.Background())
	s := newShifts(before, &script{Sections: m.script.Sections, Operations: m.script.Operations})
	for _, p := range s.parts {
		fmt.Printf("part %#x %#x\n", p.start, p.shift)
	}
	s = newShifts(before, m.script)
	for _, p := range s.parts {
		fmt.Printf("with %#x %#x\n", p.start, p.shift)
	}
}

func (m *maker) where() {
	type st struct{ lit, litops, copyops, fixes int }
	by := map[string]*st{}
	get := func(off int) *st {
		addr, _, ok := m.new.Loaded(off)
		name := "unloaded"
		if ok {
			if i := m.new.FunctionAt(addr); i >= 0 {
				name = "text matched"
				if m.partners[i] < 0 {
					name = "text new fn"
				}
			} else {
				for i, p := range []program.Range{m.new.Parts.Programs, m.new.Parts.Records, m.new.Parts.Finder} {
					if p.Has(off) {
						name = fmt.Sprint("part", i)
					}
				}
				if name == "unloaded" {
					for _, s := range m.new.Sections {
						if s.Size > 0 && off >= s.Offset && off < s.Offset+s.Size {
							name = fmt.Sprintf("section %#x", s.Offset)
							if off > m.new.Parts.Records.End && s.Offset < m.new.Parts.Records.Start {
								name += " after records"
							}
						}
					}
				}
			}
		}
		if by[name] == nil {
			by[name] = &st{}
		}
		return by[name]
	}
	at := 0
	for _, op := range m.script.Operations {
		s := get(at)
		switch op.Kind {
		case literalBytes:
			s.lit += op.Size
			s.litops++
		default:
			s.copyops++
		}
		at += op.Size
	}
	for _, f := range m.script.Corrections {
		get(f.Offset).fixes++
	}
	for k, v := range by {
		fmt.Printf("  %-40s %+v\n", k, *v)
	}
	n := 0
	for _, p := range m.partners {
		if p < 0 {
			n++
		}
	}
	fmt.Println("  new functions", n)
}
