package evaluator

import (
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// Options say how a window is evaluated. Zero values mean the defaults.
type Options struct {
	Level      float64            // of intervals, default 0.95
	Methods    []string           // drift measures that judge; empty: chosen by type
	Threshold  *float64           // for every judging measure; nil: each its own
	Thresholds map[string]float64 // by measure, before Threshold
	MinRows    int64              // fewer rows on either side: shown, not judged; default 200
}

// The drift measures that this version computes.
const (
	MeasurePSI               = "psi"
	MeasureKS                = "ks"
	MeasureWasserstein       = "wasserstein"
	MeasureWassersteinNormed = "wasserstein_normed"
	MeasureJS                = "js"
	MeasureTVD               = "tvd"
)

// Measures lists the drift measures that this version computes.
func Measures() []string {
	return []string{MeasurePSI, MeasureKS, MeasureWasserstein, MeasureWassersteinNormed, MeasureJS, MeasureTVD}
}

// defaultThreshold is the threshold of a measure that judges (statistics: Drift, one
// column). Wasserstein in the column's own units has none.
func defaultThreshold(measure string) float64 {
	switch measure {
	case MeasurePSI:
		return 0.2
	case MeasureWasserstein:
		return math.NaN()
	default:
		return 0.1
	}
}

func (o Options) withDefaults() Options {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.MinRows == 0 {
		o.MinRows = 200
	}
	return o
}

func (o Options) threshold(measure string) float64 {
	if t, ok := o.Thresholds[measure]; ok {
		return t
	}
	if o.Threshold != nil {
		return *o.Threshold
	}
	return defaultThreshold(measure)
}

// Evaluate computes everything of a window from its Summary and, where there is
// one, the reference profile. It changes neither.
func Evaluate(cur *Summary, ref *Profile, opt Options) *Evaluation {
	opt = opt.withDefaults()
	out := &Evaluation{
		Metrics:  Regression(cur.Errors(), opt.Level),
		Versions: map[string]Group{},
		Segments: map[string]map[string]Group{},
	}
	for name, e := range cur.Versions() {
		out.Versions[name] = Group{N: e.N(), Metrics: Regression(e, opt.Level)}
	}
	for column, values := range cur.Segments() {
		groups := make(map[string]Group, len(values))
		for value, e := range values {
			groups[value] = Group{N: e.N(), Metrics: Regression(e, opt.Level)}
		}
		out.Segments[column] = groups
	}
	out.Quality = columnsQuality(cur)
	if ref == nil {
		return out
	}
	out.Reference = &Reference{Rows: ref.Summary.Predictions(), Metrics: Regression(ref.Summary.Errors(), opt.Level)}
	out.Drift = columnsDrift(cur, ref, opt)
	return out
}

// Reserved reports whether a feature cannot have this name, because a mapped column
// is reported under it.
func Reserved(name string) bool { return name == predictionColumn || name == labelColumn }

// The names under which the mapped columns appear among the drift columns.
const (
	predictionColumn = "prediction"
	labelColumn      = "label"
	numberKind       = groundtruth.Number
)

func columnsDrift(cur *Summary, ref *Profile, opt Options) *Drift {
	d := &Drift{Profile: "hindcast", Columns: map[string]ColumnDrift{}, LeftOut: ref.Layout.LeftOut}
	d.Columns[predictionColumn] = columnDrift(ref.Summary.Prediction(), cur.Prediction(), opt)
	if cur.Matched() > 0 {
		d.Columns[labelColumn] = columnDrift(ref.Summary.Label(), cur.Label(), opt)
	}
	unknown := 0
	for _, r := range ref.Summary.Features() {
		cd := columnDrift(r, cur.Feature(r.Name()), opt)
		d.Columns[r.Name()] = cd
		switch {
		case cd.Drifted == nil:
			unknown++
		case *cd.Drifted:
			d.Count++
		}
	}
	features := len(ref.Summary.Features())
	d.Judged = features - unknown
	nan := Number(math.NaN())
	d.Share, d.Low, d.High = nan, nan, nan
	switch {
	case features == 0:
		d.Reason = "no feature columns"
	case d.Judged == 0:
		d.Reason = fmt.Sprintf("all %d feature columns are inconclusive", features)
		d.Low, d.High = 0, 1
	default:
		d.Share = Number(float64(d.Count) / float64(d.Judged))
		d.Low = Number(float64(d.Count) / float64(features))
		d.High = Number(float64(d.Count+unknown) / float64(features))
	}
	return d
}

// columnDrift computes every measure that suits the column and lets the judging
// ones decide: drifted above both threshold and noise floor; inconclusive where
// none is and a floor exceeds its threshold.
func columnDrift(ref, cur *ColumnSummary, opt Options) ColumnDrift {
	l := ref.Layout()
	out := ColumnDrift{Kind: "text", N: cur.N(), Measures: map[string]Measure{}}
	number := l.Kind == numberKind
	if number {
		out.Kind = "number"
	}
	judging := opt.Methods
	if len(judging) == 0 {
		judging = autoMethods(l)
	}
	// Any one judging measure makes the column drift, so each floor is high enough
	// that all together exceed theirs in at most 5 % of samples without change.
	level := 1 - 0.05/float64(max(1, len(judging)))
	n, m := float64(ref.N()), float64(cur.N())
	enough := cur.N() >= opt.MinRows && ref.N() >= opt.MinRows
	add := func(name string, value, floor, bound float64, p *Number) {
		f := Number(floor)
		ms := Measure{Value: Number(value), NoiseFloor: &f, PValue: p}
		if bound > 0 {
			b := Number(bound)
			ms.Bound = &b
		}
		if t := opt.threshold(name); slices.Contains(judging, name) && !math.IsNaN(t) {
			th := Number(t)
			ms.Threshold = &th
			ms.judge(value, bound, t, floor, enough)
		}
		out.Measures[name] = ms
	}
	if ref.N() > 0 && cur.N() > 0 {
		rb, cb := psiBins(ref), psiBins(cur)
		floor := psiFloor
		if number && !l.categorical() {
			floor = psiFloorRanged
		}
		add(MeasurePSI, psi(rb, cb), floor(rb, cb, level), 0, nil)
		if number {
			rs, cs := stepsOf(ref), stepsOf(cur)
			d, bound := kolmogorovSmirnov(rs, cs)
			p := Number(ksPValue(d, n, m))
			add(MeasureKS, d, ksFloor(n, m, level), bound, &p)
			w, wBound := wasserstein1(rs, cs)
			floor := sharedBridges().wassersteinFloor(rs, cs, level)
			add(MeasureWasserstein, w, floor, wBound, nil)
			if sd := math.Sqrt(ref.Variance()); sd > 0 {
				add(MeasureWassersteinNormed, w/sd, floor/sd, wBound/sd, nil)
			}
		}
		if !number || l.categorical() {
			rb, cb = categoryBins(ref), categoryBins(cur)
		}
		if !number || l.categorical() || slices.Contains(judging, MeasureJS) || slices.Contains(judging, MeasureTVD) {
			add(MeasureJS, jensenShannon(rb, cb), drawnFloor(rb, cb, level, jensenShannon), 0, nil)
			add(MeasureTVD, totalVariation(rb, cb), drawnFloor(rb, cb, level, totalVariation), 0, nil)
		}
	}
	out.conclude(judging, n, m, enough, opt.MinRows)
	return out
}

// autoMethods are the measures that judge a column when none are configured.
func autoMethods(l *ColumnLayout) []string {
	switch {
	case l.values() == 2:
		return []string{MeasureTVD}
	case l.Kind == numberKind && !l.categorical():
		return []string{MeasureWassersteinNormed, MeasurePSI}
	default:
		return []string{MeasureJS}
	}
}

// judge sets Drifted: true above threshold and floor, nil with a reason where the
// floor exceeds the threshold or the numeric bound reaches over the threshold.
func (ms *Measure) judge(value, bound, threshold, floor float64, enough bool) {
	yes, no := true, false
	limit := threshold
	if floor > limit {
		limit = floor
	}
	switch {
	case !enough:
		ms.Reason = "too few rows to judge"
	case value-bound > limit:
		ms.Drifted = &yes
	case floor > threshold:
		ms.Reason = fmt.Sprintf("noise floor %.3g exceeds threshold %.3g: too few rows to tell", floor, threshold)
	case value+bound > limit:
		ms.Reason = fmt.Sprintf("within its numeric bound of %.3g of the threshold", bound)
	default:
		ms.Drifted = &no
	}
}

// conclude decides the column from its judging measures.
func (c *ColumnDrift) conclude(judging []string, n, m float64, enough bool, minRows int64) {
	if n == 0 || m == 0 {
		c.Reason = "no values in the window"
		if n == 0 {
			c.Reason = "no values in the reference"
		}
		return
	}
	if !enough {
		c.Reason = fmt.Sprintf("%.0f rows against %.0f in the reference, fewer than min_rows %d: shown, not judged", m, n, minRows)
		return
	}
	drifted, judged := false, false
	for _, name := range judging {
		ms, ok := c.Measures[name]
		if !ok || ms.Threshold == nil {
			continue
		}
		judged = true
		switch {
		case ms.Drifted == nil:
			c.Reason = name + ": " + ms.Reason
		case *ms.Drifted:
			drifted = true
		}
	}
	switch {
	case drifted:
		c.Reason = ""
		c.Drifted = &drifted
	case !judged:
		c.Reason = "none of the configured measures applies to this column"
	case c.Reason == "":
		c.Drifted = &drifted
	}
}

// columnsQuality computes the quality of the features. What lies out of range or is
// unseen is NaN without a reference, and without predictions everything is.
func columnsQuality(cur *Summary) *Quality {
	q := &Quality{MissingShare: Number(math.NaN()), Columns: map[string]ColumnQuality{}}
	rows := float64(cur.Predictions())
	var missing float64
	for _, c := range cur.Features() {
		missing += float64(c.Missing())
		cq := ColumnQuality{
			Missing: Number(float64(c.Missing()) / rows),
			Invalid: Number(float64(c.Invalid()) / rows),
		}
		switch {
		case cur.Layout() == nil || rows == 0:
			cq.OutOfRange, cq.Unseen = Number(math.NaN()), Number(math.NaN())
		case c.Kind() == numberKind:
			cq.OutOfRange = Number(float64(c.Open(0)+c.Open(len(c.Edges()))) / rows)
		default:
			cq.Unseen = Number(float64(c.Unseen()) / rows)
		}
		q.Columns[c.Name()] = cq
	}
	if n := float64(len(q.Columns)); n > 0 && rows > 0 {
		q.MissingShare = Number(missing / (rows * n))
	}
	return q
}
