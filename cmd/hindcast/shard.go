package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
)

// shard says which of several processes this is, the index-th from 0 of so many, that read
// the windows of a pass between them.
type shard struct{ index, of int }

// indexVariable is where Kubernetes tells a pod of an Indexed Job which one it is.
const indexVariable = "JOB_COMPLETION_INDEX"

// mostShards is an upper limit, against slips of the keyboard.
const mostShards = 100_000

// parseShard reads I/N or auto/N, where the environment says which.
func parseShard(text string, env func(string) (string, bool)) (shard, error) {
	index, of, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(of)
	if !ok || err != nil || n < 1 || n > mostShards {
		return shard{}, fmt.Errorf("%q is not I/N or auto/N, with N from 1 to %d", text, mostShards)
	}
	from := ""
	if index == "auto" {
		if index, ok = env(indexVariable); !ok {
			return shard{}, fmt.Errorf("auto is the index that an Indexed Job of Kubernetes puts into %s, which is not set", indexVariable)
		}
		from = " of " + indexVariable
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= n {
		return shard{}, fmt.Errorf("the index %q%s is not from 0 to %d", index, from, n-1)
	}
	return shard{i, n}, nil
}

// shardAsOf returns the moment as of which shards look that are told none: those that start
// within an hour of the clock mean the same one.
func shardAsOf(now time.Time) time.Time { return now.UTC().Truncate(time.Hour) }

// mergeWithin is how old the kept windows may be that a merge takes without being told
// their as-of.
const mergeWithin = 24 * time.Hour

// mergeAsOf finds the moment as of which there are kept windows; the zero time where
// there are none.
func (c *connected) mergeAsOf(ctx context.Context) (time.Time, error) {
	asOf, ok, err := c.KeptAsOf(ctx, c.models)
	switch {
	case err != nil:
		return asOf, err
	case !ok:
		c.Log.Warn("no shard has kept a window: the pass reads all of them itself")
		return time.Time{}, nil
	case c.Clock().Sub(asOf) > mergeWithin:
		return asOf, usagef("the newest windows that shards kept are as of %s; to merge them all the same, add --as-of %[1]s", asOf.Format(time.RFC3339))
	}
	return asOf, nil
}

// keep reads the shard's part of the windows that a pass judges, and keeps their
// summaries. The windows of all models, in the order of the file, are dealt round.
func (c *connected) keep(ctx context.Context, s shard, asOf time.Time) (kept []job.Unit, failed bool) {
	total := newTally(c.Clock())
	c.Observe = total.add
	units := make([][]job.Unit, len(c.models))
	errs := make([]error, len(c.models))
	inTurn(ctx, len(c.models), c.atOnce, func(i int) { units[i], errs[i] = c.Units(ctx, c.models[i], asOf) })
	rank := 0
	for i := range units {
		var mine []job.Unit
		for _, u := range units[i] {
			if rank%s.of == s.index {
				mine = append(mine, u)
			}
			rank++
		}
		units[i] = mine
	}
	c.screen.begin(len(c.models))
	inTurn(ctx, len(c.models), c.atOnce, func(i int) {
		if errs[i] == nil && len(units[i]) > 0 {
			units[i], errs[i] = c.Keep(ctx, c.models[i], asOf, units[i])
		}
		total.pass(errs[i] != nil)
		c.screen.model()
	})
	c.screen.end()
	for i, m := range c.models {
		if errs[i] != nil {
			failed = true
			c.Log.Error("shard failed", "model", m.Name, "err", errs[i])
			continue
		}
		kept = append(kept, units[i]...)
	}
	c.Log.Info("run finished", total.values(c.Clock())...)
	return kept, failed || ctx.Err() != nil
}

// writeUnits shows what a shard has kept.
func (a *App) writeUnits(output string, units []job.Unit, asOf time.Time) error {
	if output != "table" {
		if units == nil {
			units = []job.Unit{}
		}
		return writeValue(a.Stdout, output, units)
	}
	for _, u := range units {
		state := fmt.Sprintf("%d rows read", u.Rows)
		if u.There {
			state = "kept before"
		}
		sayf(a.Stdout, "%s  %s  %s  as of %s: %s", u.Model, u.Window.Text(u.TimeZone, "/"), u.Stage, asOf.Format(time.RFC3339), state)
	}
	if len(units) == 0 {
		fmt.Fprintln(a.Stdout, "nothing to read for this shard")
	}
	return nil
}
