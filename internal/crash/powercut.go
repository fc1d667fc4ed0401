//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gohotfix/hotfix/internal/crash/disk"
	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// acknowledged is the mark that a result was told.
const acknowledged = "acknowledged"

// cutter cuts the power of a file system.
type cutter struct {
	*prover
	filesystem disk.Filesystem
	server     *disk.Server
	mountpoint string
}

// powercut lets an operation run on a new file system, and then looks at the states in
// which a power cut could have left it.
func (p *prover) powercut(ctx context.Context, f disk.Filesystem, o operation) (err error) {
	c := &cutter{prover: p, filesystem: f, mountpoint: p.stage.path("mnt")}
	s, err := p.survey(ctx, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.mountpoint, 0o700); err != nil {
		return err
	}
	if c.server, err = disk.NewServer(p.stage.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.server.Close()) }()
	start, record, err := c.record(ctx, o)
	if err != nil {
		return err
	}
	states := disk.States(record, f.Sector, 1)
	row := p.report.row(f.Name, p.label, o.name, len(states))
	var chosen []disk.State
	for _, i := range sample(len(states), p.most) {
		chosen = append(chosen, states[i])
	}
	return disk.Replay(start, record, chosen, f.Sector, func(state disk.State, d *disk.Disk, marks []string) error {
		wrong, err := c.examine(ctx, s, d, len(marks) > 0)
		row.tried(fmt.Sprintf("power cut after %d of %d writes and flushes, %s", state.Cut, len(record), state.Name), wrong)
		return err
	})
}

// record runs the operation once and returns what it began with and what was written.
func (c *cutter) record(ctx context.Context, o operation) (start *disk.Disk, record []disk.Entry, err error) {
	r := disk.NewRecorder(disk.New(c.filesystem.Bytes))
	path, done := c.server.Add(r)
	defer done()
	if err := c.filesystem.Make(ctx, path); err != nil {
		return nil, nil, err
	}
	err = c.mounted(path, func(dir string) error {
		if err := copyTree(o.before, dir); err != nil {
			return err
		}
		unix.Sync()
		start = r.Start()
		end, err := c.traced(ctx, dir, o.command, func(call trace.Call) trace.Action {
			if call.Stream == 1 {
				r.Mark(acknowledged)
			}
			return trace.Action{}
		})
		record = r.Stop()
		if err == nil && end.exit != 0 {
			err = fmt.Errorf("%s: on %s, it exits %d: %s", o.name, c.filesystem.Name, end.exit, end.errors)
		}
		return err
	})
	return start, record, err
}

// mounted calls f with the folder of a subject on the file system of a file.
func (c *cutter) mounted(path string, f func(dir string) error) error {
	unmount, err := c.filesystem.Mount(path, c.mountpoint)
	if err != nil {
		return err
	}
	dir := c.mountpoint + "/subject"
	err = os.Mkdir(dir, 0o755)
	if errors.Is(err, os.ErrExist) {
		err = nil
	}
	if err == nil {
		err = f(dir)
	}
	return errors.Join(err, unmount())
}

// examine says what is wrong with a state of the disk.
func (c *cutter) examine(ctx context.Context, s survey, d *disk.Disk, acknowledged bool) (wrong, err error) {
	path, done := c.server.Add(d)
	defer done()
	err = c.mounted(path, func(dir string) error {
		wrong = c.judge(ctx, dir, s, acknowledged, func() error { return c.asks(ctx, dir, s.operation, "recover") })
		return nil
	})
	return wrong, err
}
