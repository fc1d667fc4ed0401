package policy

func NoNewFailures() Policy { return nil }

func ChangedLinesCovered(int) Policy { return nil }
