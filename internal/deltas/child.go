package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/pack/delta"
)

// Jobs that the program gives to itself: what they do is done in a process that
// knows nothing of what was done before, and whose resources can be counted.
const (
	createJob = "child-create" // OLD NEW PATCH; prints the coder
	applyJob  = "child-apply"  // OLD PATCH NEW
	flipJob   = "child-flip"   // OLD NEW PATCH BITS; prints flips as JSON
)

func childJob(name string) func(ctx context.Context, args []string, out io.Writer) error {
	switch name {
	case createJob:
		return create
	case applyJob:
		return apply
	case flipJob:
		return flip
	}
	return nil
}

func create(ctx context.Context, args []string, out io.Writer) error {
	old, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	now, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var patch bytes.Buffer
	info, err := delta.Diff(ctx, old, now, &patch)
	if err != nil {
		return err
	}
	fmt.Fprint(out, info.Coder)
	return os.WriteFile(args[2], patch.Bytes(), 0o644)
}

func apply(ctx context.Context, args []string, _ io.Writer) (err error) {
	old, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer old.Close()
	patch, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer patch.Close()
	file, err := os.Create(args[2])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 64<<10)
	if err := delta.Apply(ctx, old, patch, buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// child runs one of the jobs in a process of its own.
func (b *bench) child(ctx context.Context, args ...string) (*gocmd.Result, error) {
	return gocmd.Run(ctx, gocmd.Command{Argv: append([]string{b.self}, args...), Dir: b.temp, Env: os.Environ()})
}

// childResult runs a job that prints JSON.
func (b *bench) childResult(ctx context.Context, into any, args ...string) (*gocmd.Result, error) {
	result, err := b.child(ctx, args...)
	if err != nil {
		return nil, err
	}
	return result, json.Unmarshal(result.Stdout, into)
}
