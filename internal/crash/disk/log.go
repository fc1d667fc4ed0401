package disk

import (
	"slices"
	"sync"
)

// Entry is one thing that happened to a device: a write, a flush, or a mark.
type Entry struct {
	Off   int64  // where Data was written
	Data  []byte // of a write; nil otherwise
	Flush bool
	Mark  string // what whoever records has to remember, as that a result was acknowledged
}

// Recorder is a disk that writes down what is done to it, once [Recorder.Start] was
// called. It is safe for concurrent use.
type Recorder struct {
	disk    *Disk
	mu      sync.Mutex
	on      bool
	entries []Entry
}

// NewRecorder records what happens to a disk, which is changed.
func NewRecorder(d *Disk) *Recorder { return &Recorder{disk: d} }

// Start begins the record and returns a copy of what it begins with.
func (r *Recorder) Start() *Disk {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.entries = true, nil
	return r.disk.Clone()
}

// Stop ends the record and returns it.
func (r *Recorder) Stop() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.entries
}

// Mark puts a mark between the writes.
func (r *Recorder) Mark(text string) { r.add(Entry{Mark: text}) }

// Flush notes that all writes are there for good.
func (r *Recorder) Flush() { r.add(Entry{Flush: true}) }

func (r *Recorder) add(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.entries = append(r.entries, e)
	}
}

// Size returns the number of bytes of the disk.
func (r *Recorder) Size() int64 { return r.disk.Size() }

// ReadAt implements [io.ReaderAt].
func (r *Recorder) ReadAt(p []byte, off int64) (int, error) { return r.disk.ReadAt(p, off) }

// WriteAt implements [io.WriterAt].
func (r *Recorder) WriteAt(p []byte, off int64) (int, error) {
	r.add(Entry{Off: off, Data: slices.Clone(p)})
	return r.disk.WriteAt(p, off)
}
