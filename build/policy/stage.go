package policy

import "slices"

// Stage is when a policy can be asked: as soon as what it judges is known, so
// that minutes of building are not lost to a rule that a look at the source
// would have settled.
type Stage int

// Stages, in their order.
const (
	BeforeBuild Stage = iota // the change, the plans and the proofs are known
	AfterTests               // and what the tests say
	AfterBuild               // and what differs between the executables
)

// String is the stage in words.
func (s Stage) String() string {
	switch s {
	case AfterTests:
		return "after the tests"
	case AfterBuild:
		return "after the build"
	default:
		return "before the build"
	}
}

// StageOf returns when a policy can be asked. A policy of one's own says so by
// a method Stage; without one it is asked before the build. Policies that are
// made of others are asked when the last of these can be.
func StageOf(p Policy) Stage {
	if s, ok := p.(interface{ Stage() Stage }); ok {
		return s.Stage()
	}
	return BeforeBuild
}

// At makes a policy that is asked at a stage, and otherwise is the one that is
// given. [Func] needs it for what judges tests or executables.
func At(stage Stage, p Policy) Policy {
	return derived(p, func(_ Case, found []Finding) ([]Finding, error) { return found, nil }).at(stage)
}

// Of returns the policies that are asked at a stage.
func Of(stage Stage, policies ...Policy) []Policy {
	return slices.DeleteFunc(slices.Clone(policies), func(p Policy) bool { return StageOf(p) != stage })
}

// latest is the stage at which all of several policies can be asked.
func latest(policies []Policy) Stage {
	stage := BeforeBuild
	for _, p := range policies {
		stage = max(stage, StageOf(p))
	}
	return stage
}
