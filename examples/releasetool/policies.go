package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build/policy"
)

// policyFlags are the flags by which policies are chosen.
type policyFlags struct{ policies, waivers list }

func (f *policyFlags) define(flags *flag.FlagSet, byDefault string) {
	flags.Var(&f.policies, "policy", "`rule` that must allow the hotfix, as default, no-cgo, max-lines=50 or warn:tests-change; may be given several times"+byDefault)
	flags.Var(&f.waivers, "waive", "`RULE,UNTIL,WHO,WHY`: let a broken rule pass until a date, as max-lines,2026-03-02,release manager,generated code; may be given several times")
}

// choose makes the policies that the flags name. Those that only come with
// others keep their order.
func (f *policyFlags) choose() ([]policy.Policy, error) {
	var chosen []policy.Policy
	for _, text := range f.policies {
		found, err := parsePolicy(text)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	for _, text := range f.waivers {
		if err := waive(chosen, text); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// parsePolicy reads "warn:NAME=ARGUMENT,ARGUMENT", of which only the name must be
// there.
func parsePolicy(text string) ([]policy.Policy, error) {
	spec, warn := strings.CutPrefix(text, "warn:")
	if spec == "default" {
		return asWarnings(policy.Default(), warn), nil
	}
	name, arguments, given := strings.Cut(spec, "=")
	create, ok := rules()[name]
	if !ok {
		return nil, fmt.Errorf("-policy %s: no such rule: use default, or one of %s", text, strings.Join(slices.Sorted(maps.Keys(rules())), ", "))
	}
	var list []string
	if given {
		list = strings.Split(arguments, ",")
	}
	p, err := create(list)
	if err == nil {
		err = policy.Validate(p)
	}
	if err != nil {
		return nil, fmt.Errorf("-policy %s: %w", text, err)
	}
	return asWarnings([]policy.Policy{p}, warn), nil
}

func asWarnings(policies []policy.Policy, warn bool) []policy.Policy {
	if warn {
		for i, p := range policies {
			policies[i] = policy.AsWarning(p)
		}
	}
	return policies
}

// waive replaces the policies of a rule by waived ones.
func waive(chosen []policy.Policy, text string) error {
	parts := strings.SplitN(text, ",", 4)
	if len(parts) != 4 {
		return fmt.Errorf("-waive %s: give the rule, until when, who and why, separated by commas", text)
	}
	until, err := time.Parse(time.DateOnly, strings.TrimSpace(parts[1]))
	if err != nil {
		return fmt.Errorf("-waive %s: %q is not a date as 2026-03-02", text, parts[1])
	}
	found := false
	for i, p := range chosen {
		if p.Rule() == parts[0] {
			chosen[i], found = policy.Waive(p, parts[2], parts[3], until), true
		}
	}
	if !found {
		return fmt.Errorf("-waive %s: no policy of the rule %s is asked: check its name, or leave the waiver out", text, parts[0])
	}
	return policy.Validate(chosen...)
}

// constructor makes a policy of its arguments.
type constructor func(arguments []string) (policy.Policy, error)

// rules are the policies that can be named on the command line.
func rules() map[string]constructor {
	return map[string]constructor{
		"affected-known":        plain(policy.AffectedKnown),
		"allowed-licenses":      several(policy.AllowedLicenses),
		"base-is-ancestor":      plain(policy.BaseIsAncestor),
		"base-proven":           plain(policy.BaseProven),
		"changed-lines-covered": numbered(policy.ChangedLinesCovered),
		"clean-tree":            plain(policy.CleanTree),
		"compatible-api":        plain(policy.CompatibleAPI),
		"expected-effects":      plain(policy.ExpectedEffects),
		"fault-shown":           plain(policy.FaultShown),
		"forbidden-paths":       several(forbiddenPaths),
		"hotfix-version":        plain(policy.HotfixVersion),
		"max-effects":           numbered(policy.MaxEffects),
		"max-files":             numbered(policy.MaxFiles),
		"max-functions":         numbered(policy.MaxFunctions),
		"max-lines":             numbered(policy.MaxLines),
		"max-packages":          numbered(policy.MaxPackages),
		"min-go":                single(policy.MinGo),
		"no-cgo":                plain(policy.NoCgo),
		"no-debug-flags":        plain(policy.NoDebugFlags),
		"no-directive-changes":  plain(policy.NoDirectiveChanges),
		"no-hidden-effects":     plain(policy.NoHiddenEffects),
		"no-module-changes":     plain(policy.NoModuleChanges),
		"no-new-failures":       plain(policy.NoNewFailures),
		"no-new-modules":        plain(policy.NoNewModules),
		"no-race":               plain(policy.NoRace),
		"no-replaced-modules":   plain(policy.NoReplacedModules),
		"no-sensitive-imports":  several(policy.NoSensitiveImports),
		"only-packages":         several(policy.OnlyPackages),
		"only-patch-bumps":      plain(policy.OnlyPatchBumps),
		"only-paths":            several(policy.OnlyPaths),
		"reproducible":          plain(policy.Reproducible),
		"same-flags":            several(policy.SameFlags),
		"same-toolchain":        plain(policy.SameToolchain),
		"tagged-base":           plain(policy.TaggedBase),
		"tests-change":          plain(policy.TestsChange),
		"trimpath":              plain(policy.Trimpath),
		"vulnerabilities":       single(vulnerabilitiesIn),
	}
}

func plain(create func() policy.Policy) constructor {
	return func(arguments []string) (policy.Policy, error) {
		if len(arguments) > 0 {
			return nil, errors.New("the rule takes no arguments")
		}
		return create(), nil
	}
}

func several(create func(...string) policy.Policy) constructor {
	return func(arguments []string) (policy.Policy, error) { return create(arguments...), nil }
}

func single(create func(string) policy.Policy) constructor {
	return func(arguments []string) (policy.Policy, error) {
		if len(arguments) != 1 {
			return nil, errors.New("the rule takes one argument")
		}
		return create(arguments[0]), nil
	}
}

func numbered(create func(int) policy.Policy) constructor {
	return func(arguments []string) (policy.Policy, error) {
		n, err := strconv.Atoi(strings.Join(arguments, ","))
		if err != nil {
			return nil, errors.New("the rule takes one number")
		}
		return create(n), nil
	}
}

// forbiddenPaths are those that are given, or what a hotfix had better leave
// alone.
func forbiddenPaths(patterns ...string) policy.Policy {
	if len(patterns) == 0 {
		patterns = slices.Concat(policy.MigrationPaths(), policy.CIPaths())
	}
	return policy.ForbiddenPaths(patterns...)
}

// vulnerabilitiesIn reads what "govulncheck -json" wrote to a file.
func vulnerabilitiesIn(file string) policy.Policy {
	return policy.Vulnerabilities(func(context.Context) (io.ReadCloser, error) { return os.Open(file) })
}
