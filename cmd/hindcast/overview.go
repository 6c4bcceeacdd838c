package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// overviewOf holds what a pass found of one of several models: the newest window with labels, and
// where that is not healthy, or there is none with labels, the newest closed one, whose drift is
// known before them.
type overviewOf struct {
	model   string
	failed  bool
	windows []*job.Outcome
}

// standing is the worst that is said of a model's windows.
func (m *overviewOf) standing() string {
	worst := ""
	for _, o := range m.windows {
		switch {
		case o.Verdict == rule.Breached:
			return rule.Breached.String()
		case o.Verdict == rule.Inconclusive || worst == "":
			worst = o.Verdict.String()
		}
	}
	switch {
	case m.failed:
		return failedWord
	case worst == "":
		return idleWord
	}
	return worst
}

// The words for models of which there is no verdict.
const (
	failedWord = "failed"
	idleWord   = "nothing due"
)

// overviewsOf puts together what is shown of each model, in the order of the file.
func overviewsOf(models []*config.Model, outcomes []job.Outcome, failures []report.Failure) []overviewOf {
	out := make([]overviewOf, len(models))
	for i, m := range models {
		of := &out[i]
		of.model = m.Name
		of.failed = slices.ContainsFunc(failures, func(f report.Failure) bool { return f.Model == m.Name })
		newest := map[string]*job.Outcome{} // by stage
		for k := range outcomes {
			o := &outcomes[k]
			if o.Model != m.Name {
				continue
			}
			if have := newest[o.Stage]; have == nil || o.Window.Start.After(have.Window.Start) {
				newest[o.Stage] = o
			}
		}
		mature, closed := newest[trigger.StageMature], newest[trigger.StageClosed]
		if mature != nil {
			of.windows = append(of.windows, mature)
		}
		if closed != nil && (mature == nil || closed.Verdict != rule.Healthy) {
			of.windows = append(of.windows, closed)
		}
	}
	return out
}

// writeOverview shows several models: how many stand how, a line for each one's newest windows, and
// the notes on all.
func writeOverview(w io.Writer, models []overviewOf, outcomes []job.Outcome) {
	l := lookOf(w)
	writeStandings(w, models)
	t := newTable(w, "model", "window", "verdict", "metric", "95 % interval", "reference", "coverage", "drift", "decision")
	var bars []gauge
	nan := math.NaN()
	for i := range models {
		m := &models[i]
		if m.failed {
			t.AppendRow([]any{m.model, "", breachedMark().word(l, failedWord), "", "", "", "", "", "the error is in the log"})
			bars = append(bars, gauge{nan, nan, nan, nan, nil, noRuleMark()})
		} else if len(m.windows) == 0 {
			t.AppendRow([]any{m.model, "", waitsMark().word(l, idleWord), "", "", "", "", "", ""})
			bars = append(bars, gauge{nan, nan, nan, nan, nil, noRuleMark()})
		}
		for _, o := range m.windows {
			row, bar := overviewRow(l, o)
			t.AppendRow(row)
			bars = append(bars, bar)
		}
	}
	t.spare("95 % interval", "reference", "coverage")
	at := 4 // behind the metric
	for _, title := range []string{"95 % INTERVAL", "REFERENCE"} {
		if slices.ContainsFunc(t.header, func(p painted) bool { return p.String() == title }) {
			at++
		}
	}
	gap(w)
	drawn := t.gauges(at, false, bars)
	t.Render()
	if drawn {
		barLegend(w, slices.ContainsFunc(bars, func(g gauge) bool { return len(g.limits) > 0 }))
	}
	var notes noteList
	for i := range outcomes {
		for _, note := range outcomes[i].Notes {
			notes.add(outcomes[i].Model+" "+nightTime(outcomes[i].Window.Start, &outcomes[i]), note)
		}
	}
	notes.write(w)
	say(w, nil, styled(faintStyle, "--details shows every window whole, --model NAME those of one model"))
}

// writeStandings says how many models stand how, the worst first.
func writeStandings(w io.Writer, models []overviewOf) {
	l := lookOf(w)
	line := styled(strongStyle, count(int64(len(models)), "model"))
	for _, s := range []struct {
		word string
		mark mark
	}{
		{failedWord, breachedMark()}, {rule.Breached.String(), breachedMark()}, {rule.Inconclusive.String(), unsureMark()},
		{rule.Healthy.String(), healthyMark()}, {idleWord, waitsMark()},
	} {
		n := 0
		for k := range models {
			if models[k].standing() == s.word {
				n++
			}
		}
		if n > 0 {
			line = line.and(plain("  "), s.mark.word(l, fmt.Sprintf("%d %s", n, s.word)))
		}
	}
	say(w, nil, line)
}

// overviewRow returns the line of a window, and its metric's bar.
func overviewRow(l look, o *job.Outcome) ([]any, gauge) {
	nan := math.NaN()
	bar := gauge{nan, nan, nan, nan, nil, noRuleMark()}
	var value, interval, reference, coverage, share string
	name, m, ok := primary(o)
	switch {
	case o.Coverage.Matched != nil && *o.Coverage.Matched > 0 && ok:
		bar = gaugeOf(o, name, name, m)
		value, interval, reference = name+" "+report.Number(m.Value), intervalOf(m), ofReference(o, name)
		coverage = percentOf(o.Coverage.Coverage)
	case o.Coverage.Matched != nil:
		value, coverage = "no labels", percentOf(o.Coverage.Coverage)
	default:
		value = "no labels yet"
	}
	if o.Drift != nil {
		share = percentOf(o.Drift.Share)
	}
	return []any{
		o.Model, nightTime(o.Window.Start, o), verdictCell(l, o.Verdict), value, interval, reference, figure(coverage), figure(share), shortDecision(o.Decision),
	}, bar
}

// percentOf writes a share as whole percents, nothing where there is none.
func percentOf(n stat.Number) string {
	if math.IsNaN(float64(n)) {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f %%", float64(100*float64(n))))
}
