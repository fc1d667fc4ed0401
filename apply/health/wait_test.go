package health_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/health"
)

// checker answers in turn, one letter an attempt: "+" at once and well, "-" at once
// and badly, "." never. The last letter goes on for ever.
type checker struct {
	name, turns string
	made        []time.Duration // when each attempt began
	since       time.Time
}

func script(turns string) *checker { return &checker{name: "db", turns: turns, since: time.Now()} }

func (c *checker) String() string { return c.name }

func (c *checker) Check(ctx context.Context) error {
	turn := c.turns[min(len(c.made), len(c.turns)-1)]
	c.made = append(c.made, time.Since(c.since))
	switch turn {
	case '-':
		return fmt.Errorf("no %d", len(c.made))
	case '.':
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := script("----+")
		var seen []health.Attempt
		s := health.Settings{Within: 10 * time.Second, Interval: time.Second, MaxInterval: 3 * time.Second, Observe: func(a health.Attempt) { seen = append(seen, a) }}
		require.NoError(t, health.Wait(t.Context(), c, s))
		assert.Equal(t, []time.Duration{0, time.Second, 3 * time.Second, 6 * time.Second, 9 * time.Second}, c.made)
		require.Len(t, seen, 5)
		assert.Equal(t, 1, seen[0].Number)
		assert.EqualError(t, seen[3].Err, "no 4")
		assert.Equal(t, health.Attempt{Check: "db", Number: 5}, seen[4])
	})
}

func TestWaitInVain(t *testing.T) {
	for _, test := range []struct {
		turns, want string
	}{
		{"-", "health check db failed (the last 5 of 5 attempts, in 10s): no 5"},
		{"-.", "health check db failed (the last 2 of 2 attempts, in 10s): no 1"},
		{".", "health check db failed (the last 1 of 1 attempts, in 10s): context deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := health.Wait(t.Context(), script(test.turns), health.Settings{Within: 10 * time.Second, Interval: time.Second, MaxInterval: 3 * time.Second})
			require.EqualError(t, err, test.want)
			var failed *health.FailedError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, 10*time.Second, failed.After)
		})
	}
}

func TestWaitIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second, func() { cancel(errors.New("not wanted")) })
		err := health.Wait(ctx, script("-"), health.Settings{Interval: time.Second})
		assert.EqualError(t, err, "waiting for health check db: not wanted, after 2 attempts; the last: no 2")
	})
}

func TestDefaultsOfWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := script("-")
		require.Error(t, health.Wait(t.Context(), c, health.Settings{}))
		assert.Equal(t, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond}, c.made[:3])
		assert.Equal(t, 2*time.Second, c.made[len(c.made)-1]-c.made[len(c.made)-2])
	})
	assert.Error(t, health.Wait(t.Context(), script("+"), health.Settings{Within: -1}))
	assert.Error(t, health.Wait(t.Context(), script("+"), health.Settings{Interval: -1}))
	assert.Error(t, health.Wait(t.Context(), script("+"), health.Settings{MaxInterval: -1}))
}

func TestSoak(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name, turns string
		period      health.Period
		made        int
		took        time.Duration
		want        string
	}{
		{"holds", "+", health.Period{For: 10 * second}, 11, 10 * second, ""},
		{"holds, asked rarely", "+", health.Period{For: 10 * second, Every: 7 * second}, 3, 10 * second, ""},
		{"holds, asked once and at the end", "+", health.Period{For: second, Every: time.Hour}, 2, second, ""},
		{"fails at once", "-", health.Period{For: 10 * second}, 1, 0, "health check db failed (the last 1 of 1 attempts, in 0s): no 1"},
		{"fails later", "+++-", health.Period{For: 10 * second}, 4, 3 * second, "failed (the last 1 of 4 attempts, in 3s): no 4"},
		{"fails now and then", "+--+--+", health.Period{For: 10 * second, Tolerate: 2}, 11, 10 * second, ""},
		{"fails too often", "+--+---+", health.Period{For: 10 * second, Tolerate: 2}, 7, 6 * second, "failed (the last 3 of 7 attempts, in 6s): no 7"},
		{"fails at the end, and gets well", "++--+", health.Period{For: 2 * second, Tolerate: 2}, 5, 4 * second, ""},
		{"fails at the end, and stays so", "++-", health.Period{For: 2 * second, Tolerate: 2}, 5, 4 * second, "failed (the last 3 of 5 attempts, in 4s): no 5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, begun := script(test.turns), time.Now()
				err := health.Soak(t.Context(), []health.Checker{c}, test.period)
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.want)
				}
				assert.Len(t, c.made, test.made)
				assert.Equal(t, test.took, time.Since(begun))
			})
		})
	}
}

// One that hangs neither delays the others nor outlives the first breach.
func TestSoakOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs, fails, well := script("."), script("++-"), script("+")
		fails.name = "queue"
		var seen []string
		err := health.Soak(t.Context(), []health.Checker{hangs, fails, well}, health.Period{
			For: time.Hour, Observe: func(a health.Attempt) { seen = append(seen, a.Check) },
		})
		var failed *health.FailedError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, "queue", failed.Check)
		assert.Len(t, fails.made, 3)
		assert.Len(t, hangs.made, 1)
		slices.Sort(seen)
		assert.Contains(t, strings.Join(seen, " "), "queue queue queue")
	})
}

func TestNoDataIsNoPass(t *testing.T) {
	assert.ErrorIs(t, health.Soak(t.Context(), nil, health.Period{For: time.Second}), health.ErrNoData)
	assert.ErrorIs(t, health.Soak(t.Context(), []health.Checker{script("+")}, health.Period{}), health.ErrNoData)
	assert.Error(t, health.Soak(t.Context(), []health.Checker{script("+")}, health.Period{For: 1, Every: -1}))
	assert.Error(t, health.Soak(t.Context(), []health.Checker{script("+")}, health.Period{For: 1, Tolerate: -1}))
}

func TestSoakIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		err := health.Soak(ctx, []health.Checker{script("+")}, health.Period{For: time.Minute})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
