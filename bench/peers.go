package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// How many times as fast as these hindcast has to be, on a million rows.
const (
	minToNannyML   = 30
	minToEvidently = 100
)

func (b *bench) polars(ctx context.Context) error { return b.pythonPeer(ctx, "polars", b.rows, 0) }

func (b *bench) chdb(ctx context.Context) error { return b.pythonPeer(ctx, "chdb", b.rows, 0) }

func (b *bench) nannyml(ctx context.Context) error {
	return b.pythonPeer(ctx, "nannyml", "1m", minToNannyML)
}

func (b *bench) evidently(ctx context.Context) error {
	return b.pythonPeer(ctx, "evidently", "1m", minToEvidently)
}

// pythonPeer runs peers/NAME_peer.py in an environment of its own.
func (b *bench) pythonPeer(ctx context.Context, name, rows string, times float64) error {
	python, err := b.environment(ctx, name)
	if err != nil {
		return err
	}
	reference, err := b.reference(ctx)
	if err != nil {
		return err
	}
	folder, err := b.data(ctx, rows)
	if err != nil {
		return err
	}
	return b.peer(ctx, name, folder, rows, times, func(ctx context.Context) (usage, error) {
		return b.measure(ctx, nil, python, filepath.Join(b.repo, "bench", "peers", name+"_peer.py"),
			"--predictions", filepath.Join(folder, "predictions", "*.parquet"), "--labels", filepath.Join(folder, "labels", "*.parquet"),
			"--reference", filepath.Join(reference, "reference.parquet"), "--profile", filepath.Join(reference, "duckdb"))
	})
}

// duckdbGo runs evaluate.sql by the Go driver.
func (b *bench) duckdbGo(ctx context.Context) error {
	binary := filepath.Join(b.dir, "duckdb-go")
	if err := b.tell(ctx, filepath.Join(b.repo, "bench", "duckdb-go"), []string{"CGO_ENABLED=1"}, "go", "build", "-trimpath", "-o", binary, "."); err != nil {
		return err
	}
	reference, err := b.reference(ctx)
	if err != nil {
		return err
	}
	folder, err := b.data(ctx, b.rows)
	if err != nil {
		return err
	}
	return b.peer(ctx, "duckdb-go", folder, b.rows, 0, func(ctx context.Context) (usage, error) {
		return b.measure(ctx, nil, binary, append(sqlVariables(folder, reference), filepath.Join(b.repo, "bench", "duckdb", "evaluate.sql"))...)
	})
}

// peer runs one beside hindcast; times is the target for the wall times, if there is one.
func (b *bench) peer(ctx context.Context, name, folder, rows string, times float64, run func(ctx context.Context) (usage, error)) error {
	all, err := b.alternate(ctx, b.n, b.contest("hindcast", files(folder, "parquet")), contestant{name, run})
	if err != nil {
		return err
	}
	ours, theirs := all[0], all[1]
	if times > 0 {
		b.atLeast(rows+" rows, times as fast", times, fmt.Sprintf("%s : %s", seconds(ours.wall()), seconds(theirs.wall())),
			share(theirs.wall().Seconds(), ours.wall().Seconds()), ours, theirs)
	} else {
		b.add(rows+" rows, wall", "", fmt.Sprintf("%s : %s", seconds(ours.wall()), seconds(theirs.wall())),
			share(ours.wall().Seconds(), theirs.wall().Seconds()), false, ours, theirs)
	}
	b.add("CPU", "", fmt.Sprintf("%s : %s", seconds(ours.cpu()), seconds(theirs.cpu())), share(ours.cpu().Seconds(), theirs.cpu().Seconds()), false, ours, theirs)
	b.add("peak memory", "", fmt.Sprintf("%s : %s", mebibytes(ours.rss()), mebibytes(theirs.rss())), share(float64(ours.rss()), float64(theirs.rss())), false, ours, theirs)
	return b.agreement("figures that agree with "+name+"'s", ours, theirs)
}
