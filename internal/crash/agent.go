//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/crash/trace"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

const (
	product   = "payments"
	noVersion = "none" // where nothing is installed
)

// agent is the program apply/agent with releases of a small service.
type agent struct {
	program string
	stage   *stage
	// versions are those of the executables, by their digests.
	versions map[manifest.Digest]string
	all      []operation
}

// newAgent makes releases and the folders in which the operations begin.
func newAgent(ctx context.Context, s *stage) (*agent, error) {
	program, err := s.build(ctx, module+"apply/agent", "agent", "")
	if err != nil {
		return nil, err
	}
	a := &agent{program: program, stage: s, versions: map[manifest.Digest]string{}}
	if err := a.release(ctx); err != nil {
		return nil, err
	}
	return a, a.prepare(ctx)
}

// release makes two releases, the second as a delta and in full, and both once more, for
// a host that has taken one back and thus will not apply that again.
func (a *agent) release(ctx context.Context) error {
	m, err := releases.NewMaker(product)
	if err != nil {
		return err
	}
	trust, err := m.Trust().Document().Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.stage.path("trust.json"), trust, 0o644); err != nil {
		return err
	}
	first, err := a.service(ctx, "1")
	if err != nil {
		return err
	}
	second, err := a.service(ctx, "2")
	if err != nil {
		return err
	}
	for _, r := range []releases.Release{
		{Version: "1.0.1", Sequence: 1, Executable: first},
		{Version: "1.0.2", Sequence: 2, Executable: second, Old: first, OldVersion: "1.0.1"},
		{Version: "1.0.2", Sequence: 3, Executable: second, Old: first, OldVersion: "1.0.1"},
		{Version: "1.0.1", Sequence: 4, Executable: first},
	} {
		r.Product, r.ID = product, fmt.Sprintf("HF-%d", r.Sequence)
		if _, err := m.Make(ctx, a.dist(r.Sequence), r); err != nil {
			return err
		}
	}
	return nil
}

// service builds the executable of a version.
func (a *agent) service(ctx context.Context, version string) (string, error) {
	path, err := a.stage.build(ctx, module+"internal/crash/testdata/service", "service-"+version, "-X main.version="+version)
	if err != nil {
		return "", err
	}
	digest, _, err := manifest.DigestFile(path)
	a.versions[digest] = version
	return path, err
}

func (a *agent) dist(n int64) string { return a.stage.path(fmt.Sprintf("dist-%d", n)) }

// prepare makes the folders and lists the operations.
func (a *agent) prepare(ctx context.Context) error {
	empty, first, second := a.stage.path("agent-empty"), a.stage.path("agent-1"), a.stage.path("agent-2")
	p := &prover{stage: a.stage, subject: a}
	apply := func(n int64) []string { return []string{"apply", a.dist(n)} }
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return err
	}
	for _, step := range []struct {
		from, to string
		command  []string
	}{{empty, first, apply(1)}, {first, second, apply(2)}} {
		if err := copyTree(step.from, step.to); err != nil {
			return err
		}
		if err := p.plain(ctx, step.to, step.command...); err != nil {
			return err
		}
	}
	a.all = []operation{
		{name: "apply", before: first, command: apply(2), instead: apply(3), from: "1", to: "2", repeats: true},
		{name: "rollback", before: second, command: []string{"rollback"}, from: "2", to: "1"},
		{name: "first apply", before: empty, command: apply(1), instead: apply(4), from: noVersion, to: "1", repeats: true, nothing: "no such product in the store"},
	}
	return a.interrupt(ctx, a.all[0])
}

// interrupt adds recoveries of an operation that was killed before the switch and after it.
func (a *agent) interrupt(ctx context.Context, o operation) error {
	for _, r := range []operation{
		{name: "recovery before the switch", from: o.from, to: o.from},
		{name: "recovery after the switch", from: o.to, to: o.from},
	} {
		r.before, r.command, r.repeats = a.stage.path(strings.ReplaceAll(r.name, " ", "-")), []string{"recover"}, true
		if err := copyTree(o.before, r.before); err != nil {
			return err
		}
		end, err := (&prover{stage: a.stage, subject: a}).traced(ctx, r.before, o.command, killBesideSwitch(r.from == o.to))
		if err == nil && end.exit >= 0 {
			err = errors.New("the agent was to be killed beside its switch, and ended by itself: say in this program what its switch is now")
		}
		if err != nil {
			return err
		}
		a.all = append(a.all, r)
	}
	return nil
}

// killBesideSwitch kills the agent as it makes the new link, or as it writes to the journal
// what follows the switch and the note of it.
func killBesideSwitch(after bool) func(trace.Call) trace.Action {
	switched, noted := false, 0
	return func(c trace.Call) trace.Action {
		switch name := filepath.Base(c.Path); {
		case name == "current.next" && strings.HasPrefix(c.Name, "symlink") && !after:
			return trace.Kill()
		case name == "current.next" && strings.HasPrefix(c.Name, "rename"):
			switched = true
		case name == "journal" && c.Bytes > 0 && switched:
			noted++
		}
		if noted == 2 {
			return trace.Kill()
		}
		return trace.Action{}
	}
}

func (a *agent) name() string { return "agent" }

func (a *agent) operations() []operation { return a.all }

func (a *agent) argv(dir string, command ...string) []string {
	args := []string{a.program, command[0], "-store", dir, "-trust", a.stage.path("trust.json"), "-product", product, "-swap", "none", "-soak", "0", "-try", "version"}
	return append(args, command[1:]...)
}

func (a *agent) look(dir string) (sight, error) {
	root := filepath.Join(dir, product)
	s := sight{version: noVersion}
	link, err := os.Readlink(filepath.Join(root, "current"))
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return s, err
	default:
		if s.version, err = a.whole(filepath.Join(root, link)); err != nil {
			return s, fmt.Errorf("the current version %s: %w", link, err)
		}
	}
	floor, err := verify.ReadFloor(context.Background(), filepath.Join(root, "floor"), product)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	s.floor = floor.Sequence
	s.names, err = a.names(dir)
	return s, err
}

// whole reads a version's folder, whose name is the digest of its list of files, and
// compares them all with that. It does not use the code of the store.
func (a *agent) whole(folder string) (version string, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "version.json"))
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != filepath.Base(folder) {
		return "", errors.New("version.json is torn")
	}
	var list struct {
		Files []struct {
			Path   string          `json:"path"`
			Digest manifest.Digest `json:"digest"`
		} `json:"files"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return "", err
	}
	for _, f := range list.Files {
		digest, _, err := manifest.DigestFile(filepath.Join(folder, f.Path))
		if err != nil {
			return "", err
		}
		if digest != f.Digest {
			return "", fmt.Errorf("%s is torn", f.Path)
		}
		if v, ok := a.versions[digest]; ok && strings.HasPrefix(f.Path, "bin/") {
			version = v
		}
	}
	if version == "" {
		return "", errors.New("it holds no executable that was signed")
	}
	return version, nil
}

// names leaves out what the host remembers of releases that were taken back, and the
// files of whole versions: a full package has one that a delta does not have.
func (a *agent) names(dir string) ([]string, error) {
	names, err := namesIn(dir)
	return slices.DeleteFunc(names, func(name string) bool {
		if strings.HasPrefix(name, product+"/quarantine/") {
			return true
		}
		below, ok := strings.CutPrefix(name, product+"/versions/")
		id, _, inside := strings.Cut(below, "/")
		if !ok || !inside {
			return false
		}
		_, err := a.whole(filepath.Join(dir, product, "versions", id))
		return err == nil
	}), err
}

// pending are the folders of operations that were switched: the recovery
// looks there for what was not finished.
func (a *agent) pending(name string) bool { return strings.HasPrefix(name, product+"/staging/") }

// guarded: the agent starts a process that outlives it.
func (a *agent) guarded() bool { return true }

// unsettled reads the last line of the journal. Before the switch, nothing has to be
// settled for the service's sake.
func (a *agent) unsettled(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, product, "journal"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, object, _ := strings.Cut(lastLine(string(text)), " ")
	if object == "" {
		return nil
	}
	var last struct {
		State string `json:"state"`
	}
	if err := json.Unmarshal([]byte(object), &last); err != nil {
		return fmt.Errorf("the end of the journal: %w", err)
	}
	if slices.Contains([]string{"activated", "swapped", "soaking", "reverting"}, last.State) {
		return fmt.Errorf("the guard has ended, and the operation is %s", last.State)
	}
	return nil
}
