package main

import (
	"context"
	"errors"
	"fmt"
)

// roundTrips makes and applies the patch of each pair, and prints a line for each.
func (b *bench) roundTrips(ctx context.Context, chosen []pair) error {
	var tried, missing, failed int
	for _, p := range chosen {
		m := &measured{Name: p.name, Target: p.target, Kind: p.kind}
		files, err := b.store.pair(ctx, p)
		if err == nil {
			err = b.ours(ctx, m, files)
		}
		lacking := (*missingError)(nil)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &lacking):
			missing++
			fmt.Fprintf(b.out, "%-44s not tried: %s\n", p, lacking.reason)
		case err != nil:
			failed++
			fmt.Fprintf(b.out, "%-44s FAILED: %v\n", p, err)
		default:
			tried++
			fmt.Fprintf(b.out, "%-44s %10d bytes, patch %9d, %s\n", p, m.New, m.Ours.Size, m.Coder)
		}
	}
	fmt.Fprintf(b.out, "\n%d patches gave the new file, %d pairs failed, %d cannot be had here\n", tried, failed, missing)
	if failed > 0 {
		return fmt.Errorf("%d of %d round trips failed", failed, tried+failed)
	}
	return nil
}
