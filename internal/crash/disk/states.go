package disk

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// State is what can be on a device after a power cut.
type State struct {
	// Name says how it was made.
	Name string
	// Cut is how many entries of the record had been sent to the device.
	Cut   int
	parts map[int][]bool // of writes since the last flush: which sectors are there
	from  int            // what is before it is there for good
}

// States returns states that a record has, no two of which are the same, in the order of
// the moments at which the power is cut. For each moment there is one in which all is there that had been sent. For each
// moment before a flush or after a mark there are others in which of what was sent since
// the flush before some writes are lost, or some of their sectors: nothing but one
// write, all but one, and choices by chance, of which seed makes the same
// again. sector is how many bytes a device writes as a whole.
func States(record []Entry, sector int, seed uint64) []State {
	g := generator{record: record, sector: sector, random: rand.New(rand.NewPCG(seed, 0)), seen: map[string]bool{}}
	for cut := range len(record) + 1 {
		g.add(cut, "all that was sent", func(int) bool { return true })
		if cut == len(record) || record[cut].Flush || cut > 0 && record[cut-1].Mark != "" {
			g.lossy(cut)
		}
		if cut < len(record) && record[cut].Flush {
			g.from = cut + 1
		}
	}
	return g.states
}

type generator struct {
	record []Entry
	sector int
	random *rand.Rand
	from   int // after the last flush
	states []State
	seen   map[string]bool
}

// choices by chance for one moment, of each kind.
const choices = 4

// lossy adds the states of one moment in which something is lost.
func (g *generator) lossy(cut int) {
	writes := g.writes(cut)
	if len(writes) == 0 {
		return
	}
	g.add(cut, "nothing since the flush", func(int) bool { return false })
	for range min(choices, len(writes)) {
		one := writes[g.random.IntN(len(writes))]
		g.add(cut, fmt.Sprintf("all but write %d", one), func(i int) bool { return i != one })
		if len(writes) > 1 {
			g.add(cut, fmt.Sprintf("nothing but write %d", one), func(i int) bool { return i == one })
		}
	}
	for range choices {
		if len(writes) > 2 {
			g.add(cut, "some writes", g.chance())
		}
		g.torn(cut, writes)
	}
}

// chance chooses writes by chance, and the same for all sectors of one.
func (g *generator) chance() func(int) bool {
	chosen := map[int]bool{}
	return func(i int) bool {
		if _, known := chosen[i]; !known {
			chosen[i] = g.random.IntN(2) == 0
		}
		return chosen[i]
	}
}

// writes returns the writes since the last flush.
func (g *generator) writes(cut int) []int {
	var writes []int
	for i := g.from; i < cut; i++ {
		if g.record[i].Data != nil {
			writes = append(writes, i)
		}
	}
	return writes
}

// add adds a state in which those writes are there that keep holds for.
func (g *generator) add(cut int, name string, keep func(int) bool) {
	g.addParts(cut, name, func(i int) []bool {
		return g.sectors(i, func(int) bool { return keep(i) })
	})
}

// addParts adds a state, unless it is there, in which those sectors of the writes are there that
// part says.
func (g *generator) addParts(cut int, name string, part func(int) []bool) {
	s := State{Name: name, Cut: cut, from: g.from, parts: map[int][]bool{}}
	for _, i := range g.writes(cut) {
		s.parts[i] = part(i)
	}
	if key := g.key(s); !g.seen[key] {
		g.seen[key] = true
		g.states = append(g.states, s)
	}
}

// key is the same for states that leave the same on the disk with the same marks
// before the cut: how many writes are there from the first on, and what there is
// beyond.
func (g *generator) key(s State) string {
	whole, marks, gap := 0, 0, false
	var rest strings.Builder
	for i, e := range g.record[:s.Cut] {
		switch {
		case e.Mark != "":
			marks++
		case e.Data == nil:
		case !gap && (i < s.from || !slices.Contains(s.parts[i], false)):
			whole++
		default:
			gap = true
			if slices.Contains(s.parts[i], true) {
				fmt.Fprint(&rest, i, s.parts[i])
			}
		}
	}
	return fmt.Sprint(whole, " ", marks, " ", rest.String())
}

// torn adds a state in which one write, if there is one of several sectors, is there
// in part, and others are there or not.
func (g *generator) torn(cut int, writes []int) {
	var large []int
	for _, i := range writes {
		if len(g.record[i].Data) > g.sector {
			large = append(large, i)
		}
	}
	if len(large) == 0 {
		return
	}
	one := large[g.random.IntN(len(large))]
	g.addParts(cut, fmt.Sprintf("write %d is torn", one), func(i int) []bool {
		if i == one {
			return g.sectors(i, func(int) bool { return g.random.IntN(2) == 0 })
		}
		there := g.random.IntN(4) > 0
		return g.sectors(i, func(int) bool { return there })
	})
}

func (g *generator) sectors(write int, keep func(int) bool) []bool {
	all := make([]bool, (len(g.record[write].Data)+g.sector-1)/g.sector)
	for i := range all {
		all[i] = keep(i)
	}
	return all
}

// Replay returns what the states of a record leave of a disk, each given to yield in
// turn, with the marks that were set before the power cut. The states must be in the order
// in which [States] returns them.
func Replay(start *Disk, record []Entry, states []State, sector int, yield func(State, *Disk, []string) error) error {
	base, done := start.Clone(), 0
	var marks []string
	for _, s := range states {
		for ; done < s.from; done++ {
			if err := write(base, record[done].Off, record[done].Data); err != nil {
				return err
			}
		}
		d := base.Clone()
		for i := s.from; i < s.Cut; i++ {
			if err := s.apply(d, i, record[i], sector); err != nil {
				return err
			}
		}
		marks = marks[:0]
		for _, e := range record[:s.Cut] {
			if e.Mark != "" {
				marks = append(marks, e.Mark)
			}
		}
		if err := yield(s, d, marks); err != nil {
			return err
		}
	}
	return nil
}

func (s State) apply(d *Disk, i int, e Entry, sector int) error {
	for n, there := range s.parts[i] {
		if !there {
			continue
		}
		at := n * sector
		if err := write(d, e.Off+int64(at), e.Data[at:min(len(e.Data), at+sector)]); err != nil {
			return err
		}
	}
	return nil
}

func write(d *Disk, off int64, data []byte) error {
	_, err := d.WriteAt(data, off)
	return err
}
