package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The targets, as ratios.
const (
	maxTimeToDuckDB        = 0.5
	maxTimeToBoundedDuckDB = 1.0 / 3
	maxPeakMemory          = 512 << 20
	maxTimePerRow          = 1.5
	minThreads             = 1.7
	maxRowScaling          = 1.25 // "near-linear in rows": time per row, ten times the rows
	maxBinary              = 1.1
	maxColumns             = 1.1 // "cost what 12 columns cost", but for noise
	maxForDay              = 1.1 // "reads only its row groups", but for footers
	minFromStore           = 0.8
	maxWithLatency         = 1.5
	addedLatency           = 50 * time.Millisecond
	minTextPerSecond       = 150e6
	maxSmallRun            = 100 * time.Millisecond
	maxFleet               = 60 * time.Second
)

// speed compares hindcast with DuckDB, which does the same work by evaluate.sql.
func (b *bench) speed(ctx context.Context) error {
	folder, err := b.data(ctx, b.rows)
	if err != nil {
		return err
	}
	all, err := b.alternate(ctx, b.n,
		b.contest("hindcast", files(folder, "parquet")),
		b.duckDB("duckdb", folder, ""),
		b.duckDB("duckdb 512MB", folder, "512MB"),
	)
	if err != nil {
		return err
	}
	ours, theirs, bounded := all[0], all[1], all[2]
	versus := func(what string, limit float64, than series, of func(series) time.Duration) {
		b.atMost(what, limit, fmt.Sprintf("%s : %s", seconds(of(ours)), seconds(of(than))), share(of(ours).Seconds(), of(than).Seconds()), ours, than)
	}
	versus("wall : DuckDB's", maxTimeToDuckDB, theirs, series.wall)
	versus("CPU : DuckDB's", maxTimeToDuckDB, theirs, series.cpu)
	versus("wall : DuckDB's at 512MB", maxTimeToBoundedDuckDB, bounded, series.wall)
	versus("CPU : DuckDB's at 512MB", maxTimeToBoundedDuckDB, bounded, series.cpu)
	b.add("peak memory : DuckDB's, and at 512MB", "", fmt.Sprintf("%s : %s, %s", mebibytes(ours.rss()), mebibytes(theirs.rss()), mebibytes(bounded.rss())),
		share(float64(ours.rss()), float64(theirs.rss())), false, ours, theirs)
	b.keepMain(ours)
	return b.agreement("figures that agree with DuckDB's", ours, theirs)
}

// agreement adds a line on whether a peer's output is hindcast's.
func (b *bench) agreement(what string, ours, theirs series) error {
	a, err := ours.last().output()
	if err != nil {
		return err
	}
	p, err := theirs.last().output()
	if err != nil {
		return err
	}
	n, err := agree(a, p)
	measured := fmt.Sprintf("%d", n)
	if err != nil {
		measured = err.Error()
	}
	b.add(what, "all", measured, 0, err == nil && n > 0, nil, nil)
	return nil
}

// mainRuns returns hindcast's runs over the log of -rows; a section that needs them and
// comes first makes them.
func (b *bench) mainRuns(ctx context.Context) (series, error) {
	if b.main != nil {
		return b.main, nil
	}
	folder, err := b.data(ctx, b.rows)
	if err != nil {
		return nil, err
	}
	s, err := one(b.alternate(ctx, b.n, b.contest("hindcast", files(folder, "parquet"))))
	b.keepMain(s)
	return s, err
}

func (b *bench) keepMain(s series) { b.main = s }

// peak adds a line on the peak of resident memory.
func (b *bench) peak(what string, s series) {
	b.add(what, "≤ "+mebibytes(maxPeakMemory), mebibytes(s.rss()), share(float64(s.rss()), maxPeakMemory), s.rss() <= maxPeakMemory, s, nil)
}

// memory looks at the peak of resident memory, and with -large at 100 million rows.
func (b *bench) memory(ctx context.Context) error {
	usual, err := b.mainRuns(ctx)
	if err != nil {
		return err
	}
	b.peak("peak memory, "+b.rows+" rows", usual)
	if !b.large {
		b.add("100m rows", "", "not run: -large", 0, false, nil, nil)
		return nil
	}
	folder, err := b.data(ctx, "100m")
	if err != nil {
		return err
	}
	large, err := one(b.alternate(ctx, 1, b.contest("hindcast 100m", files(folder, "parquet"))))
	if err != nil {
		return err
	}
	b.peak("peak memory, 100m rows", large)
	perRow := func(s series) float64 { return s.wall().Seconds() / float64(s.last().Stats.RowsRead) }
	b.atMost("time per row : that of "+b.rows, maxTimePerRow,
		fmt.Sprintf("%s; %.0f : %.0f ns", seconds(large.wall()), perRow(large)*1e9, perRow(usual)*1e9), share(perRow(large), perRow(usual)), large, usual)
	b.add("spilled, 100m rows", "", mebibytes(large.last().Stats.SpilledBytes), 0, false, nil, nil)
	return nil
}

// threads compares one worker and core with two.
func (b *bench) threads(ctx context.Context) error {
	folder, err := b.data(ctx, b.rows)
	if err != nil {
		return err
	}
	narrow, wide := files(folder, "parquet"), files(folder, "parquet")
	narrow.workers, wide.workers = 1, 2
	all, err := b.alternate(ctx, b.n, b.contest("1 thread", narrow), b.contest("2 threads", wide))
	if err != nil {
		return err
	}
	b.atLeast("1 to 2 threads, times as fast", minThreads, fmt.Sprintf("%s : %s", seconds(all[0].wall()), seconds(all[1].wall())),
		share(all[0].wall().Seconds(), all[1].wall().Seconds()), all[0], all[1])
	return nil
}

// rowScaling compares the time per row of 1 and 10 million.
func (b *bench) rowScaling(ctx context.Context) error {
	small, err := b.data(ctx, "1m")
	if err != nil {
		return err
	}
	large, err := b.data(ctx, "10m")
	if err != nil {
		return err
	}
	all, err := b.alternate(ctx, b.n, b.contest("1m", files(small, "parquet")), b.contest("10m", files(large, "parquet")))
	if err != nil {
		return err
	}
	b.atMost("1m to 10m rows, time per row", maxRowScaling, fmt.Sprintf("%s : %s", seconds(all[1].wall()), seconds(all[0].wall())),
		share(all[1].wall().Seconds()/10, all[0].wall().Seconds()), all[1], all[0])
	return nil
}

// tasks compares classifiers with a regression, on the same rows.
func (b *bench) tasks(ctx context.Context) error {
	folder, err := b.data(ctx, b.rows+"-classes")
	if err != nil {
		return err
	}
	of := func(name string, t task) contestant {
		s := files(folder, "parquet")
		s.task = t
		return b.contest(name, s)
	}
	all, err := b.alternate(ctx, b.n, of("regression", regression()), of("binary", binary()), of("binary, weighted", binary().weighted()),
		of("multiclass", multiclass()), of("regression, weighted", regression().weighted()))
	if err != nil {
		return err
	}
	base := all[0]
	b.atMost("binary with scores : regression, wall", maxBinary, fmt.Sprintf("%s : %s", seconds(all[1].wall()), seconds(base.wall())),
		share(all[1].wall().Seconds(), base.wall().Seconds()), all[1], base)
	for i, what := range []string{"binary with scores", "the same with weights", "three classes with scores", "regression with weights"} {
		s := all[i+1]
		measured := fmt.Sprintf("%s : %s; %s : %s", seconds(s.cpu()), seconds(base.cpu()), mebibytes(s.rss()), mebibytes(base.rss()))
		b.add(what+" : regression, CPU; peak memory", "", measured, share(s.cpu().Seconds(), base.cpu().Seconds()), false, s, base)
	}
	return nil
}

// columns compares a log of twelve columns with one that has 188 more.
func (b *bench) columns(ctx context.Context) error {
	narrow, err := b.data(ctx, "1m")
	if err != nil {
		return err
	}
	wide, err := b.data(ctx, "1m-wide")
	if err != nil {
		return err
	}
	all, err := b.alternate(ctx, b.n, b.contest("12 columns", files(narrow, "parquet")), b.contest("200 columns", files(wide, "parquet")))
	if err != nil {
		return err
	}
	b.atMost("200 columns : 12, wall", maxColumns, fmt.Sprintf("%s : %s", seconds(all[1].wall()), seconds(all[0].wall())),
		share(all[1].wall().Seconds(), all[0].wall().Seconds()), all[1], all[0])
	b.atMost("200 columns : 12, CPU", maxColumns, fmt.Sprintf("%s : %s", seconds(all[1].cpu()), seconds(all[0].cpu())),
		share(all[1].cpu().Seconds(), all[0].cpu().Seconds()), all[1], all[0])
	return nil
}

// days evaluates one day of a file of thirty, and all of it.
func (b *bench) days(ctx context.Context) error {
	folder, err := b.data(ctx, "10m-thirty")
	if err != nil {
		return err
	}
	whole := setting{
		predictions: "file://" + filepath.Join(folder, "predictions", "*.parquet"),
		labels:      "file://" + filepath.Join(folder, "labels", "dt={date}", "*.parquet"),
		window:      "2026-01-01/2026-01-31", asOf: "2026-01-31",
	}
	day := whole
	day.window, day.asOf = window, "2026-01-11"
	all, err := b.alternate(ctx, b.n, b.contest("one day", day), b.contest("thirty days", whole))
	if err != nil {
		return err
	}
	// Of 82 row groups of 122,880 rows four hold the day's 333,333. Labels are read from
	// the day's partition and from the next one's, which as-of begins.
	predictions, err := size(filepath.Join(folder, "predictions"))
	if err != nil {
		return err
	}
	must := float64(predictions) * 4 / 82
	for _, d := range []string{"10", "11"} {
		n, err := size(filepath.Join(folder, "labels", "dt=2026-01-"+d))
		if err != nil {
			return err
		}
		must += float64(n)
	}
	one, thirty := all[0], all[1]
	read, readWhole := float64(one.last().Stats.BytesRead), float64(thirty.last().Stats.BytesRead)
	b.atMost("bytes read for one day : its row groups and labels", maxForDay, fmt.Sprintf("%.1f : %.1f MB", read/1e6, must/1e6), share(read, must), one, nil)
	b.add("bytes read for one day of thirty : for all", "", fmt.Sprintf("%.1f : %.1f MB", read/1e6, readWhole/1e6), share(read, readWhole), false, one, thirty)
	b.add("time for one day of thirty : for all", "", fmt.Sprintf("%s : %s", seconds(one.wall()), seconds(thirty.wall())),
		share(one.wall().Seconds(), thirty.wall().Seconds()), false, one, thirty)
	return nil
}

// text reads CSV and JSON Lines on one core. The time is that of the whole process, so
// that the evaluation of the rows is in it.
func (b *bench) text(ctx context.Context) error {
	var contestants []contestant
	formats := []string{"csv", "jsonl"}
	for _, format := range formats {
		folder, err := b.data(ctx, "1m-"+format)
		if err != nil {
			return err
		}
		s := files(folder, format)
		s.workers = 1
		contestants = append(contestants, b.contest(format, s))
	}
	all, err := b.alternate(ctx, b.n, contestants...)
	if err != nil {
		return err
	}
	for i, format := range formats {
		read := float64(all[i].last().Stats.BytesRead)
		rate := read / all[i].wall().Seconds()
		b.add(format+" on one core", fmt.Sprintf("≥ %.0f MB/s", minTextPerSecond/1e6), fmt.Sprintf("%.0f MB/s: %.0f MB in %s", rate/1e6, read/1e6, seconds(all[i].wall())),
			share(rate, minTextPerSecond), rate >= minTextPerSecond, all[i], nil)
	}
	return nil
}

// small measures one run over 1,000 rows, from the start of the process to its end.
func (b *bench) small(ctx context.Context) error {
	folder, err := b.data(ctx, "1k")
	if err != nil {
		return err
	}
	s, err := one(b.alternate(ctx, 5*b.n, b.contest("1k", files(folder, "parquet"))))
	if err != nil {
		return err
	}
	b.add("1,000 rows, start to end", "< "+seconds(maxSmallRun), fmt.Sprintf("%s, %s CPU", seconds(s.wall()), seconds(s.cpu())),
		share(s.wall().Seconds(), maxSmallRun.Seconds()), s.wall() < maxSmallRun, s, nil)
	return nil
}

// fleet measures one pass over 1,000 models of 1,000 rows, whose references are read for the
// first time, and a second one.
func (b *bench) fleet(ctx context.Context) error {
	folder, err := b.data(ctx, "fleet")
	if err != nil {
		return err
	}
	state := filepath.Join(b.work, "fleet-state")
	config := filepath.Join(b.work, "fleet.yaml")
	const count = 1000
	if err := writeConfig(config, "file://"+state, fleetModels(folder, count)...); err != nil {
		return err
	}
	pass := func(ctx context.Context) (usage, error) {
		u, err := b.measure(ctx, nil, b.hindcast, "run", "-c", config, "-o", "json", "--log-format", "json", "--window", window, "--as-of", asOf)
		if err == nil && u.Stats.Windows != count {
			err = fmt.Errorf("the log tells of %d windows, not of %d", u.Stats.Windows, count)
		}
		return u, err
	}
	all, err := b.alternate(ctx, b.n, contestant{"1,000 models", func(ctx context.Context) (usage, error) {
		if err := os.RemoveAll(state); err != nil {
			return usage{}, fmt.Errorf("remove the state: %w", err)
		}
		return pass(ctx)
	}}, contestant{"1,000 models again", pass})
	if err != nil {
		return err
	}
	for i, what := range []string{"1,000 models, references read", "1,000 models, profiles kept"} {
		b.add(what, "< "+seconds(maxFleet), fmt.Sprintf("%s, %s CPU", seconds(all[i].wall()), seconds(all[i].cpu())),
			share(all[i].wall().Seconds(), maxFleet.Seconds()), all[i].wall() < maxFleet, all[i], nil)
	}
	b.peak("peak memory, 1,000 models", append(all[0], all[1]...))
	return nil
}

// fleetModels returns the first n models of the dataset `fleet`.
func fleetModels(folder string, n int) []model {
	var models []model
	for i := range n {
		at := func(what string) string {
			return "file://" + filepath.Join(folder, what, fmt.Sprintf("model=%d", i), "*.csv")
		}
		models = append(models, model{Name: fmt.Sprintf("model-%03d", i), Predictions: at("predictions"), Labels: at("labels"), Reference: "{url: " + at("reference") + "}"})
	}
	return models
}

// merge compares the bytes that come out for the same rows in other files, orders and
// numbers of threads.
func (b *bench) merge(ctx context.Context) error {
	many, single := "10m", "10m-single"
	if b.rows == "1m" {
		many, single = "1m-many", "1m"
	}
	folder, err := b.data(ctx, many)
	if err != nil {
		return err
	}
	whole, err := b.data(ctx, single)
	if err != nil {
		return err
	}
	turned, err := b.reversed(folder)
	if err != nil {
		return err
	}
	base := files(folder, "parquet")
	narrow, back, small, alone := base, files(turned, "parquet"), base, base
	narrow.workers = 1
	small.args = []string{"--memory", "64MiB"}
	alone.predictions = files(whole, "parquet").predictions
	variants := []contestant{
		b.contest("as they are", base), b.contest("one thread", narrow), b.contest("files in reverse order", back),
		b.contest("one file of predictions", alone), b.contest("--memory 64MiB", small),
	}
	all, err := b.alternate(ctx, 1, variants...)
	if err != nil {
		return err
	}
	for i, s := range all[1:] {
		diff, err := differ(all[0].last(), s.last())
		if err != nil {
			return err
		}
		b.add(variants[i+1].name, "same bytes", or(diff, "same"), 0, diff == "", s, nil)
	}
	return b.shards(ctx)
}

// shards compares a pass over some models with one that merges what three shards kept.
func (b *bench) shards(ctx context.Context) error {
	folder, err := b.data(ctx, "fleet")
	if err != nil {
		return err
	}
	run := func(name string, steps ...[]string) (usage, error) {
		at := filepath.Join(b.work, name)
		if err := os.Mkdir(at, 0o755); err != nil {
			return usage{}, fmt.Errorf("make a working folder: %w", err)
		}
		config := filepath.Join(at, "hindcast.yaml")
		if err := writeConfig(config, "file://"+filepath.Join(at, "state"), fleetModels(folder, 20)...); err != nil {
			return usage{}, err
		}
		var last usage
		for _, args := range steps {
			args = append([]string{"run", "-c", config, "-o", "json", "--log-format", "json", "--as-of", "2026-01-11T01:00:00Z"}, args...)
			if last, err = b.measure(ctx, nil, b.hindcast, args...); err != nil {
				return last, err
			}
		}
		return last, nil
	}
	whole, err := run("whole", nil)
	if err != nil {
		return err
	}
	merged, err := run("merged", []string{"--shard", "2/3"}, []string{"--shard", "0/3"}, []string{"--shard", "1/3"}, []string{"--merge"})
	if err != nil {
		return err
	}
	diff, err := differ(whole, merged)
	if err != nil {
		return err
	}
	measured := or(diff, fmt.Sprintf("same; the merge read %d rows of %d", merged.Stats.RowsRead, whole.Stats.RowsRead))
	b.add("20 models, by three shards", "same bytes", measured, 0, diff == "" && whole.Stats.RowsRead > 0, nil, nil)
	return nil
}

// differ says in what two outputs differ, and nothing where they don't.
func differ(a, b usage) (string, error) {
	x, err := a.output()
	if err != nil {
		return "", err
	}
	y, err := b.output()
	if err != nil {
		return "", err
	}
	if len(x) == 0 || len(y) == 0 {
		return "", errors.New("an output is empty")
	}
	if bytes.Equal(x, y) {
		return "", nil
	}
	return difference(x, y), nil
}

// difference returns the first line in which two texts differ.
func difference(a, b []byte) string {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return fmt.Sprintf("line %d: %s, not %s", i+1, bytes.TrimSpace(y[i]), bytes.TrimSpace(x[i]))
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(y), len(x))
}

// reversed makes a folder with the same files under names that sort the other way round.
func (b *bench) reversed(folder string) (string, error) {
	turned := filepath.Join(b.work, "reversed")
	for _, kind := range []string{"predictions", "labels"} {
		paths, err := filepath.Glob(filepath.Join(folder, kind, "*.parquet"))
		if err != nil || len(paths) < 2 {
			return "", errors.Join(fmt.Errorf("find files to turn round in %s", folder), err)
		}
		if err := os.MkdirAll(filepath.Join(turned, kind), 0o755); err != nil {
			return "", fmt.Errorf("make a folder: %w", err)
		}
		for i, path := range paths {
			if err := os.Link(path, filepath.Join(turned, kind, fmt.Sprintf("part-%03d.parquet", len(paths)-i))); err != nil {
				return "", fmt.Errorf("link a file: %w", err)
			}
		}
	}
	return turned, nil
}
