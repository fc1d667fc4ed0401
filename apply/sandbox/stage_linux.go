package sandbox

func runStage() {}

type stagePlan struct{ *threadPlan }

func newStagePlan(c *config) *threadPlan { return newNamespacePlan(c) }
