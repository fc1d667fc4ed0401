package build

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// MaxAttempts bounds how often [Reproduce] links a file that does not record its
// linker's flags.
const MaxAttempts = 32

// rebuilt is what one attempt built.
type rebuilt struct {
	attempt Attempt
	source  *source
	flags   []string
	*image
}

// attempt rebuilds the file with one value of -ldflags, and compares.
func (r *rebuilder) attempt(ctx context.Context, src *source, ldflags string) (*rebuilt, error) {
	number := len(r.result.Tried) + 1
	r.builder.emit(AttemptStarted{Target: r.recipe.target, Number: number, Ldflags: ldflags})
	start := time.Now()
	b, err := r.link(ctx, src, ldflags)
	a := Attempt{Module: src.name, Ldflags: ldflags, Verdict: CannotTell}
	if err == nil {
		a.Digest = manifest.DigestOf(b.data)
		a.Verdict, a.Differs = compareImages(r.subject.image, b.image)
	}
	a.Elapsed = time.Since(start)
	r.result.Tried = append(r.result.Tried, a)
	r.builder.emit(AttemptFinished{Target: r.recipe.target, Number: number, Attempt: a})
	if err != nil {
		return nil, err
	}
	b.attempt = a
	if r.best == nil || b.isNearer(r.best) {
		r.best = b
	}
	r.result.Identical = r.result.Identical || a.Verdict == Identical
	return b, nil
}

func (b *rebuilt) isNearer(than *rebuilt) bool {
	mine, other := verdictRank(b.attempt.Verdict), verdictRank(than.attempt.Verdict)
	return mine < other || mine == other && b.attempt.Differs < than.attempt.Differs
}

func verdictRank(v Verdict) int {
	return slices.Index([]Verdict{Identical, IdenticalButSignature, IdenticalButBuildID, Different, CannotTell}, v)
}

// link runs the go command. What was compiled for an earlier attempt is in its
// cache.
func (r *rebuilder) link(ctx context.Context, src *source, ldflags string) (*rebuilt, error) {
	out, err := os.MkdirTemp(r.temp, "out-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(out)
	flags := slices.Clone(r.recipe.flags)
	if profile, err := r.profileFlag(src); err != nil {
		return nil, err
	} else if profile != "" {
		flags = append(flags, profile)
	}
	if ldflags != "" {
		flags = append(flags, "-ldflags="+ldflags)
	}
	args := slices.Concat(src.verb[:1], []string{"-v"}, src.verb[1:], flags)
	env := slices.Clone(src.env)
	if src.verb[0] == "install" {
		env = append(env, "GOPATH="+out)
	} else {
		args = append(args, "-o", filepath.Join(out, "bin", "rebuilt"))
	}
	if _, err := r.goCommand(ctx, goRun{dir: src.dir, args: append(args, src.args...), env: env, goroot: src.goroot}); err != nil {
		return nil, err
	}
	img, err := readBuilt(filepath.Join(out, "bin"))
	if err != nil {
		return nil, err
	}
	return &rebuilt{source: src, flags: r.recipe.describe(append(slices.Clone(flags), src.verb[1:]...)), image: img}, nil
}

// readBuilt reads the one executable below a folder.
func readBuilt(dir string) (*image, error) {
	var found string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = path
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("finding what was built: %w", err)
	}
	data, err := readExecutable(found)
	if err != nil {
		return nil, fmt.Errorf("reading what was built: %w", err)
	}
	return newImage(data)
}

// profileFlag is -pgo as the file was built. Since Go 1.21 the go command finds
// default.pgo by itself.
func (r *rebuilder) profileFlag(src *source) (string, error) {
	if src.module == "" || src.verb[0] == "install" {
		return "", nil
	}
	dir := src.dir
	if len(src.args) == 1 && r.recipe.pkg != filesOnly {
		dir = filepath.Join(src.dir, filepath.FromSlash(src.args[0]))
	}
	_, err := os.Stat(filepath.Join(dir, "default.pgo"))
	switch {
	case r.recipe.profile == "" && err == nil:
		return "-pgo=off", nil
	case r.recipe.profile == "" || r.recipe.profile == "default.pgo" && err == nil:
		return "", nil
	}
	for _, place := range []string{dir, src.dir} {
		profile := filepath.Join(place, r.recipe.profile)
		if _, err := os.Stat(profile); err == nil {
			return "-pgo=" + profile, nil
		}
	}
	return "", missing("give a checkout that holds it with WithSource", "the profile %s, which it was built with, is not in the source", r.recipe.profile)
}

// keepRebuilt writes the rebuild that came nearest to the folder of WithKeep.
func (r *rebuilder) keepRebuilt() error {
	if err := os.MkdirAll(r.keep, 0o755); err != nil {
		return fmt.Errorf("keeping what was rebuilt: %w", err)
	}
	return atomicfile.WriteFile(filepath.Join(r.keep, filepath.Base(r.subject.path)), r.best.data, 0o755)
}
