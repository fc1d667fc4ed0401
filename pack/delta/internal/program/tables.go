package program

import "encoding/binary"

// Step is a stretch of code for which a table has one value (pcvalue in
// runtime/symtab.go).
type Step struct {
	End   uint32 // offset from the function's entry
	Value int32  // in this stretch
}

// Steps appends the steps of one of a function's tables. It has no more of them
// than the function has instructions.
func (p *Program) Steps(f *Function, table int, steps []Step) []Step {
	if table >= len(f.Tables) {
		return steps
	}
	return appendSteps(p.tableFrom(f.Tables[table]), p.table.Quantum, uint32(f.Size), steps)
}

// AppendSteps appends the steps of the table at the beginning of data. A table that
// is cut short has those up to there.
func AppendSteps(steps []Step, data []byte, quantum uint32) []Step {
	return appendSteps(data, quantum, None, steps)
}

// tableFrom is the data that begins at an offset among the programs.
func (p *Program) tableFrom(offset uint32) []byte {
	if offset == 0 || int64(offset) >= int64(p.Parts.Programs.Len()) {
		return nil
	}
	return p.Data[p.Parts.Programs.Start+int(offset) : p.Parts.Programs.End]
}

func appendSteps(data []byte, quantum, size uint32, steps []Step) []Step {
	at, s := 0, Step{Value: -1}
	for first := true; s.End < size; first = false {
		delta, n := uvarint(data[at:])
		if n == 0 || delta == 0 && !first {
			return steps
		}
		at += n
		distance, n := uvarint(data[at:])
		if n == 0 || distance == 0 {
			return steps
		}
		at += n
		s.Value += int32(delta>>1) ^ -int32(delta&1)
		s.End += distance * quantum
		steps = append(steps, s)
	}
	return steps
}

// TableBytes are the bytes of one of a function's tables, with the zero at its end;
// none if there is no table.
func (p *Program) TableBytes(f *Function, table int) []byte {
	return firstTable(p.tableFrom(f.Tables[table]), p.table.Quantum, uint32(f.Size))
}

// FirstTable are the bytes of the table at the beginning of data.
func FirstTable(data []byte) []byte { return firstTable(data, 0, None) }

func firstTable(data []byte, quantum, size uint32) []byte {
	at := 0
	for end := uint32(0); end <= size; {
		delta, n := uvarint(data[at:])
		if n == 0 {
			return data[:at]
		}
		if delta == 0 && at > 0 {
			return data[:at+n]
		}
		distance, m := uvarint(data[at+n:])
		if m == 0 {
			return data[:at]
		}
		at += n + m
		end += max(distance, 1) * quantum
	}
	return data[:at]
}

// Quantum is the smallest distance between instructions, in bytes.
func (p *Program) Quantum() uint32 { return p.table.Quantum }

// AppendTable appends a table as the compiler writes it (funcpctab in
// cmd/internal/obj/pcln.go). There is none for no steps.
func AppendTable(b []byte, steps []Step, quantum uint32) []byte {
	last := Step{Value: -1}
	for _, s := range steps {
		delta := uint32(s.Value - last.Value)
		b = binary.AppendUvarint(b, uint64(delta<<1^uint32(int32(delta)>>31)))
		b = binary.AppendUvarint(b, uint64((s.End-last.End)/quantum))
		last = s
	}
	if len(steps) > 0 {
		b = append(b, 0)
	}
	return b
}

// uvarint reads a number of at most 32 bits; n is 0 if there is none.
func uvarint(data []byte) (value uint32, n int) {
	for shift := 0; n < len(data) && n < binary.MaxVarintLen32; shift += 7 {
		b := data[n]
		n++
		value |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return value, n
		}
	}
	return 0, 0
}
