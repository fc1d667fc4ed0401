package tests

import (
	"context"

	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
)

type Event interface{ x() }
type Option func()

func WithObserver(func(Event)) Option { return nil }
func Compare(ctx context.Context, base, fix *change.Tree, plan change.Planner, opts ...Option) (*policy.Tests, error) {
	return nil, nil
}

func WithRace() Option { return nil }
