package job_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// inMemory makes Summaries of rows that no object holds, as an engine would that computes
// elsewhere.
type inMemory struct {
	reference []pair
	days      map[time.Time][]pair
	asked     []job.WindowQuery
}

func (*inMemory) Inputs(context.Context, job.WindowQuery) ([]groundtruth.Input, error) {
	return nil, nil
}

func (f *inMemory) Window(_ context.Context, q job.WindowQuery) (*summary.Summary, groundtruth.Result, error) {
	f.asked = append(f.asked, q)
	rows := f.days[q.Window.Start]
	b := summary.NewBuilder(q.Profile.Layout, q.Window, nil, summary.BuilderOptions{})
	send(b, rows, q.Labels)
	n := int64(len(rows))
	result := groundtruth.Result{Coverage: groundtruth.Coverage{Predictions: n}, LabelsRead: q.Labels, AsOfApplied: true}
	if q.Labels {
		result.Coverage.Labels, result.Coverage.Matched = n, n
	}
	return b.Summary(), result, nil
}

func (*inMemory) ReferenceInputs(context.Context, *config.Model) ([]groundtruth.Input, []string, error) {
	return []groundtruth.Input{{URL: "memory://reference"}}, nil, nil
}

func (f *inMemory) Reference(_ context.Context, m *config.Model) (*summary.Profile, job.Work, error) {
	p := summary.NewProfiler([]groundtruth.FeatureSpec{{Name: "x", Kind: groundtruth.Number}}, nil, summary.ProfilerOptions{})
	send(p, f.reference, true)
	layout := p.Layout()
	b := summary.NewBuilder(layout, layout.Span(), nil, summary.BuilderOptions{})
	send(b, f.reference, true)
	s := b.Summary()
	return summary.NewProfile(s), job.Work{Model: m.Name, RowsRead: s.Predictions()}, nil
}

// send gives the rows to a sink, with their labels or without.
func send(to groundtruth.Sink, rows []pair, labels bool) {
	n := len(rows)
	x, preds, ys, times := make([]float64, n), make([]float64, n), make([]float64, n), make([]int64, n)
	for i, r := range rows {
		x[i], preds[i], ys[i], times[i] = r.x, r.pred, r.y, r.at.UnixNano()
	}
	to.AddPredictions(&groundtruth.Batch{
		Len: n, Times: times, HasTime: true, Predictions: preds,
		Features: []groundtruth.Values{{Name: "x", Kind: groundtruth.Number, Rows: n, Floats: x}},
	})
	if labels {
		to.AddMatches(&groundtruth.Matches{Len: n, Times: times, HasTime: true, Predictions: preds, Labels: ys})
	}
}

// TestPassAsksForSummariesAlone holds that a pass judges whatever makes its Summaries: here
// there is no object to read.
func TestPassAsksForSummariesAlone(t *testing.T) {
	read, computed := newWorld(t, settings{}), newWorld(t, settings{})
	read.logs(1, good, good, good, drifted, drifted, good)
	fake := &inMemory{reference: makePairs(referenceRows, dayStart(1).AddDate(0, -1, 0), good, "v1"), days: map[time.Time][]pair{}}
	for i, k := range []kind{good, good, good, drifted, drifted, good} {
		fake.days[dayStart(1+i)] = makePairs(perDay, dayStart(1+i), k, "v1")
	}
	for o, err := range computed.data.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := computed.data.Delete(t.Context(), o.Key); err != nil {
			t.Fatal(err)
		}
	}
	computed.r.Summaries = fake
	for _, day := range []int{4, 6, 7} {
		want, got := read.night(day), computed.night(day)
		if w, g := figures(want), figures(got); !slices.Equal(w, g) {
			t.Errorf("on day %d the figures are\n%q\nwith objects\n%q", day, g, w)
		}
	}
	if len(fake.asked) == 0 || !slices.ContainsFunc(fake.asked, func(q job.WindowQuery) bool { return q.Labels }) {
		t.Errorf("asked for %d windows", len(fake.asked))
	}
}

// figures are what outcomes say that depends on rows.
func figures(out []job.Outcome) []string {
	lines := brief(out)
	for _, o := range out {
		lines = append(lines, fmt.Sprintf("%v %v %v", o.Metrics["rmse"].Value, o.Drift.Share, o.Quality.MissingShare))
	}
	return lines
}
