// Toy keeps versions of a file as a host keeps those of a service, in as few lines as
// that takes, and makes one mistake if it is told to: the proof of crash safety is
// tried on it, and must find each mistake.
//
//	toy MISTAKE DIR apply N FILE    rollback N    recover    status
//
// The folder holds versions/N/app, the link current, and the floor: the highest N
// that was ever current.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The mistakes.
const (
	unsynced       = "unsynced"        // the file is not synced before it is current
	unsyncedFolder = "unsynced-folder" // the folder is not synced after the renaming
	inPlace        = "in-place"        // the floor is overwritten
	removeFirst    = "remove-first"    // the link is removed, and made again
	copyLast       = "copy-last"       // the file is written after it is current
	deaf           = "deaf"            // errors of writing are not looked at
	untidy         = "untidy"          // nothing is removed that was not finished
	boastful       = "boastful"        // says that it is done before it is
)

type toy struct {
	mistake string
	dir     string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "toy:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: toy MISTAKE DIR COMMAND")
	}
	t := toy{mistake: args[0], dir: args[1]}
	switch command := strings.Join(args[2:min(3, len(args))], " "); {
	case command == "apply" && len(args) == 5:
		return t.apply(args[3], args[4])
	case command == "rollback" && len(args) == 4:
		return t.say("rolled back", t.point(args[3]))
	case command == "recover":
		return t.say("recovered", t.recover())
	case command == "status":
		version, err := os.Readlink(t.path("current"))
		return t.say(version, err)
	}
	return fmt.Errorf("no such command: %q", args[2:])
}

func (t toy) path(elem ...string) string {
	return filepath.Join(append([]string{t.dir}, elem...)...)
}

func (t toy) say(what string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Println(what)
	return err
}

func (t toy) apply(n, file string) error {
	if err := t.recover(); err != nil {
		return err
	}
	if t.mistake == boastful {
		fmt.Println("applied")
	}
	err := t.receive(n, file)
	if err == nil {
		err = t.finish(n, file)
	}
	if err != nil {
		t.remove()
		return err
	}
	return t.say("applied", nil)
}

// receive makes versions/N, unless it is there.
func (t toy) receive(n, file string) error {
	if _, err := os.Stat(t.path("versions", n)); err == nil {
		return nil
	}
	if err := os.MkdirAll(t.path("staging"), 0o755); err != nil {
		return err
	}
	if t.mistake != copyLast {
		if err := t.copy(file, t.path("staging", "app")); err != nil {
			return err
		}
	}
	if err := t.sync(t.path("staging")); err != nil {
		return err
	}
	if err := os.Rename(t.path("staging"), t.path("versions", n)); err != nil {
		return err
	}
	return t.sync(t.path("versions"))
}

func (t toy) finish(n, file string) error {
	if err := t.point(n); err != nil {
		return err
	}
	if t.mistake == copyLast {
		return t.copy(file, t.path("versions", n, "app"))
	}
	return nil
}

// point lets the link lead to a version, and raises the floor.
func (t toy) point(n string) error {
	if _, err := os.Stat(t.path("versions", n)); err != nil {
		return err
	}
	name := "current.new"
	if t.mistake == removeFirst {
		name = "current"
		if err := os.Remove(t.path(name)); err != nil {
			return err
		}
	}
	if err := os.Symlink(filepath.Join("versions", n), t.path(name)); err != nil {
		return err
	}
	if err := os.Rename(t.path(name), t.path("current")); err != nil {
		return err
	}
	if err := t.sync(t.dir); err != nil {
		return err
	}
	return t.raise(n)
}

// raise sets the floor to the version, if it is below.
func (t toy) raise(n string) error {
	old, err := os.ReadFile(t.path("floor"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	before, _ := strconv.Atoi(string(old))
	if after, err := strconv.Atoi(n); err != nil || after <= before {
		return err
	}
	if t.mistake == inPlace {
		return t.write(t.path("floor"), []byte(n))
	}
	if err := t.write(t.path("floor.new"), []byte(n)); err != nil {
		return err
	}
	if err := os.Rename(t.path("floor.new"), t.path("floor")); err != nil {
		return err
	}
	return t.sync(t.dir)
}

func (t toy) recover() error {
	if err := t.remove(); err != nil {
		return err
	}
	version, err := os.Readlink(t.path("current"))
	if err != nil {
		return err
	}
	if err := t.sync(t.dir); err != nil {
		return err
	}
	return t.raise(filepath.Base(version))
}

// remove removes what an operation has left that was not finished.
func (t toy) remove() error {
	if t.mistake == untidy {
		return nil
	}
	var errs []error
	for _, litter := range []string{"staging", "current.new", "floor.new"} {
		errs = append(errs, os.RemoveAll(t.path(litter)))
	}
	return errors.Join(errs...)
}

func (t toy) copy(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return t.write(to, content)
}

// write makes a file, in several writes.
func (t toy) write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	const piece = 64 << 10
	for len(content) > 0 {
		n := min(piece, len(content))
		if _, err := f.Write(content[:n]); err != nil && t.mistake != deaf {
			return errors.Join(err, f.Close())
		}
		content = content[n:]
	}
	if t.mistake != unsynced {
		if err := f.Sync(); err != nil && t.mistake != deaf {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// sync syncs a folder.
func (t toy) sync(dir string) error {
	if t.mistake == unsyncedFolder {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
