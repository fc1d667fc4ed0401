package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Scripts that a package may carry, besides scripts/verify.
const (
	RunScript  = "scripts/run"  // runs once on each host, before the switch
	UndoScript = "scripts/undo" // undoes what scripts/run did, when the hotfix is taken back
)

// scriptFolder keeps the scripts of the hotfix, their output, and that they have run,
// beyond the life of staging and versions.
func (o *operation) scriptFolder(elem ...string) string {
	return o.store.Path(append([]string{"scripts", o.record.Hotfix}, elem...)...)
}

// runScript runs the package's scripts/run, once on this host: one that has succeeded
// is not run again, one that was interrupted is, and must bear that.
func (o *operation) runScript(ctx context.Context, dir string) error {
	if !exists(filepath.Join(dir, filepath.FromSlash(RunScript))) || exists(o.scriptFolder("done")) {
		return nil
	}
	if err := o.keepScripts(dir); err != nil {
		return err
	}
	err := o.step("run the script", func() error { return o.script(ctx, "run") })
	if err != nil {
		undone := o.undo(context.WithoutCancel(ctx))
		return errors.Join(fmt.Errorf("%w: %s: %w", ErrScript, RunScript, err), undone)
	}
	o.text("%s has run", RunScript)
	return atomicfile.WriteFile(o.scriptFolder("done"), nil, 0o644)
}

// keepScripts copies the scripts to where they outlive the version.
func (o *operation) keepScripts(dir string) error {
	if err := os.MkdirAll(o.scriptFolder(), 0o755); err != nil {
		return err
	}
	for _, name := range []string{RunScript, UndoScript} {
		err := o.keepScript(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// begun says that there is something to undo
	return errors.Join(atomicfile.WriteFile(o.scriptFolder("begun"), nil, 0o644), atomicfile.SyncDir(o.store.Path("scripts")))
}

func (o *operation) keepScript(path string) error {
	f, err := o.openVerified(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return atomicfile.Write(o.scriptFolder(filepath.Base(path)), 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// undo runs the hotfix's scripts/undo if its scripts/run has been begun.
func (o *operation) undo(ctx context.Context) error {
	if o.record.Hotfix == "" || !exists(o.scriptFolder("begun")) {
		return nil
	}
	if exists(o.scriptFolder("undo")) {
		if err := o.step("undo the script", func() error { return o.script(ctx, "undo") }); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrScript, UndoScript, err)
		}
		o.text("%s has run", UndoScript)
	}
	var errs []error
	for _, name := range []string{"done", "begun"} {
		if err := os.Remove(o.scriptFolder(name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, atomicfile.SyncDir(o.scriptFolder()))...)
}

// script runs one of the kept scripts and keeps its output beside it.
func (o *operation) script(ctx context.Context, name string) error {
	program := subprocess.Program{Argv: []string{o.scriptFolder(name)}, Dir: o.store.Dir(), Env: o.scriptEnv(), Timeout: o.scripts}
	output, err := program.Run(ctx)
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		output = failed.Stderr
	}
	return errors.Join(err, atomicfile.WriteFile(o.scriptFolder(name+".output"), output, 0o600))
}

// scriptEnv is what a script is told.
func (o *operation) scriptEnv() []string {
	env := []string{
		"HOTFIX_ID=" + o.record.Hotfix,
		"HOTFIX_PRODUCT=" + o.store.Product(),
		"HOTFIX_VERSION=" + o.record.Version,
		"HOTFIX_STORE=" + o.store.Dir(),
	}
	if m, err := o.move(); err == nil {
		env = append(env, "HOTFIX_FROM="+m.From.Path, "HOTFIX_TO="+m.To.Path)
	}
	return append(subprocess.SystemPath(), env...)
}
