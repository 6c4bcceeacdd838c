package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// table of rows of a model, of one task.
type logged struct {
	task        groundtruth.Task
	numbers     map[string][]float64 // features; NaN is missing
	texts       map[string][]string  // empty is missing
	predictions []float64            // scores of Binary
	labels      []float64
	actual      []string // of Multiclass
	predicted   []string
	scores      [][]float64 // by class of classNames
}

func classNames() []string { return []string{"ant", "bee", "cat"} }

func (l *logged) rows() int { return max(len(l.predictions), len(l.actual)) }

func (l *logged) classifier() summary.ClassifierOptions {
	switch l.task {
	case groundtruth.Binary:
		return summary.ClassifierOptions{Positive: "late", Scored: true}
	case groundtruth.Multiclass:
		return summary.ClassifierOptions{Classes: classNames()}
	}
	return summary.ClassifierOptions{}
}

func (l *logged) features() (out []groundtruth.FeatureSpec) {
	for name := range l.numbers {
		out = append(out, groundtruth.FeatureSpec{Name: name, Kind: groundtruth.Number})
	}
	for name := range l.texts {
		out = append(out, groundtruth.FeatureSpec{Name: name, Kind: groundtruth.Text})
	}
	return out
}

// textColumn is a column of texts, all of which are there.
func textColumn(values []string) groundtruth.Column {
	c := groundtruth.Column{Kind: groundtruth.Text, Valid: slices.Repeat([]bool{true}, len(values))}
	for _, v := range values {
		if !slices.Contains(c.Dict, v) {
			c.Dict = append(c.Dict, v)
		}
		c.Codes = append(c.Codes, uint32(slices.Index(c.Dict, v)))
	}
	return c
}

// send sends the rows as a scan does.
func (l *logged) send(to groundtruth.Sink) {
	n := l.rows()
	times := make([]int64, n)
	for i := range times {
		times[i] = day(1).Start.UnixNano() + int64(i)*int64(24*time.Hour)/int64(n)
	}
	c := groundtruth.Classifier{Scores: l.scores}
	if l.task == groundtruth.Binary {
		for _, s := range l.predictions {
			c.Positive = append(c.Positive, s >= 0.5)
		}
	}
	b := &groundtruth.Batch{Len: n, HasTime: true, Times: times, Predictions: l.predictions, Version: groundtruth.Values{Kind: groundtruth.Absent}}
	m := &groundtruth.Matches{Len: n, HasTime: true, Times: times, Predictions: l.predictions, Labels: l.labels, Version: groundtruth.Column{Kind: groundtruth.Absent}}
	if l.task == groundtruth.Multiclass {
		c.Class, m.LabelClass = textColumn(l.predicted), textColumn(l.actual)
	}
	b.Classifier, m.Classifier = c, c
	for name, xs := range l.numbers {
		v := groundtruth.Values{Name: name, Kind: groundtruth.Number, Rows: n}
		for _, x := range xs {
			if !math.IsNaN(x) {
				v.Floats = append(v.Floats, x)
			}
		}
		b.Features = append(b.Features, v)
	}
	for name, xs := range l.texts {
		v := groundtruth.Values{Name: name, Kind: groundtruth.Text, Rows: n}
		for _, x := range xs {
			if x != "" {
				v.Texts = append(v.Texts, x)
			}
		}
		b.Features = append(b.Features, v)
	}
	to.AddPredictions(b)
	to.AddMatches(m)
}

// storyOf is the story of one window that is compared with a reference.
func storyOf(ref, cur *logged) *job.Story {
	profiler := summary.NewProfiler(ref.features(), nil, summary.ProfilerOptions{Task: ref.task, Classifier: ref.classifier()})
	ref.send(profiler)
	builder := summary.NewProfileBuilder(profiler.Layout(), profiler.Partition(), nil, nil)
	ref.send(builder)
	profile := builder.Profile()
	b := summary.NewBuilder(profile.Layout, day(1), nil, summary.BuilderOptions{
		Task: cur.task, Classifier: cur.classifier(), Shapes: groundtruth.NewCalendar(groundtruth.Zone{}, day(1).Start, day(1).End),
	})
	cur.send(b)
	n := int64(cur.rows())
	o := job.Outcome{Model: "m", Window: day(1), Stage: "mature", Evaluation: *evaluator.Evaluate(b.Summary(), profile, evaluator.Options{})}
	o.Coverage = job.Coverage{Predictions: n, Labels: &n, Matched: &n}
	return &job.Story{Model: "m", Task: cur.task, Windows: []job.Told{{Outcome: o}}, Summary: b.Summary(), Profile: profile}
}

// figuresOf returns the sections by their ids.
func figuresOf(t *testing.T, s *job.Story) map[string]section {
	t.Helper()
	out := map[string]section{}
	for _, sec := range figures(s) {
		if !slices.Contains(order(), sec.ID) || out[sec.ID].ID != "" {
			t.Errorf("section %s", sec.ID)
		}
		out[sec.ID] = sec
	}
	return out
}

// chartOf returns the figure of that place of a section.
func chartOf[C chart.Chart](t *testing.T, s section, at int) C {
	t.Helper()
	if at >= len(s.Figures) {
		t.Fatalf("section %q has %d figures: %s", s.ID, len(s.Figures), s.Lead)
	}
	c, ok := s.Figures[at].Chart.(C)
	if !ok {
		t.Fatalf("figure %d of %s is a %T", at, s.ID, s.Figures[at].Chart)
	}
	return c
}

// late draws rows of a binary classifier whose scores are moved by so much.
func late(rng *rand.Rand, n int, moved float64) *logged {
	l := &logged{task: groundtruth.Binary, numbers: map[string][]float64{}, texts: map[string][]string{}}
	for range n {
		x := rng.NormFloat64()
		l.numbers["size"] = append(l.numbers["size"], x+3*moved)
		weight := 10 + rng.NormFloat64()
		if rng.Float64() < 0.2*moved {
			weight = math.NaN()
		}
		l.numbers["weight"] = append(l.numbers["weight"], weight)
		city := [...]string{"Oslo", "Bergen", "<b>&\"", "שלום 🙂 " + strings.Repeat("x", 300)}[rng.IntN(4)]
		if rng.Float64() < moved {
			city = "Oslo"
		}
		if rng.Float64() < moved/10 {
			city = "Bodø"
		}
		l.texts["city"] = append(l.texts["city"], city)
		p := 1 / (1 + math.Exp(1-1.5*x))
		label := 0.0
		if rng.Float64() < p {
			label = 1
		}
		l.labels = append(l.labels, label)
		l.predictions = append(l.predictions, min(1, p+moved/2))
	}
	return l
}

// houses draws rows of a regression whose predictions are moved by so much.
func houses(rng *rand.Rand, n int, moved float64) *logged {
	l := &logged{task: groundtruth.Regression, numbers: map[string][]float64{}}
	for range n {
		area := 50 + 100*rng.Float64()
		rooms := math.Round(area/30) + float64(rng.IntN(3))
		l.numbers["area"], l.numbers["rooms"] = append(l.numbers["area"], area*(1+moved)), append(l.numbers["rooms"], rooms)
		l.labels = append(l.labels, 3*area+20*rng.NormFloat64())
		l.predictions = append(l.predictions, 3*area*(1+moved))
	}
	return l
}

// animals draws rows of a classifier of several classes.
func animals(rng *rand.Rand, n int) *logged {
	l := &logged{task: groundtruth.Multiclass, scores: make([][]float64, 3)}
	for range n {
		k := rng.IntN(5) % 3
		weights, sum, best := [3]float64{}, 0.0, 0
		for j := range weights {
			weights[j] = rng.ExpFloat64()
			if j == k {
				weights[j] += 1
			}
			sum += weights[j]
			if weights[j] > weights[best] {
				best = j
			}
		}
		for j := range weights {
			l.scores[j] = append(l.scores[j], weights[j]/sum)
		}
		l.actual, l.predicted = append(l.actual, classNames()[k]), append(l.predicted, classNames()[best])
	}
	return l
}

// distributionsOf returns the distributions of a window by the names of their columns.
func distributionsOf(t *testing.T, s *job.Story) map[string]chart.Overlay {
	t.Helper()
	sec, found := figuresOf(t, s)["distributions"], map[string]chart.Overlay{}
	for i, f := range sec.Figures {
		c := chartOf[chart.Overlay](t, sec, i)
		name, _, _ := strings.Cut(c.Title, " drifted")
		name, _, _ = strings.Cut(name, ":")
		found[name] = c
		if f.Caption == "" {
			t.Errorf("%s has no caption", name)
		}
	}
	if len(found) != 5 || len(sec.Folded) != 0 {
		t.Fatalf("columns %v", found)
	}
	return found
}

// checkBins compares the bins of a column of numbers with the rows of the reference and the window.
func checkBins(t *testing.T, name string, bins []chart.Bin, then, now []float64) {
	t.Helper()
	share := func(rows []float64, b chart.Bin, last bool) float64 {
		n := 0
		for _, x := range rows {
			missing := math.IsNaN(x) && b.Name == "(missing)"
			if missing || x >= b.Low && x < b.High || last && x == b.High {
				n++
			}
		}
		return float64(n) / float64(len(rows))
	}
	for i, b := range bins {
		last := i+1 == len(bins) || bins[i+1].Name != "" || math.IsInf(bins[i+1].High, 1)
		if math.IsInf(b.High, 1) {
			b.Low = math.Nextafter(b.Low, b.High)
		}
		if want := share(then, b, last); math.Abs(b.Reference-want) > 1e-12 {
			t.Errorf("%s: reference %g in %+v", name, want, b)
		}
		if want := share(now, b, last); math.Abs(b.Current-want) > 1e-12 {
			t.Errorf("%s: window %g in %+v", name, want, b)
		}
	}
}

// The shares of every bin of a column are those of the rows, missing values, rare categories and
// those that the reference has not among them.
func TestDistributionsAreThoseOfTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 14))
	ref, cur := late(rng, 3000, 0), late(rng, 1000, 0.5)
	found := distributionsOf(t, storyOf(ref, cur))
	for name, c := range found {
		sums := [2]float64{}
		for _, b := range c.Bins {
			sums[0], sums[1] = sums[0]+b.Reference, sums[1]+b.Current
		}
		if math.Abs(sums[0]-1) > 1e-12 || math.Abs(sums[1]-1) > 1e-12 {
			t.Errorf("the shares of %s are %v together", name, sums)
		}
	}
	for _, name := range []string{"size", "weight"} {
		checkBins(t, name, found[name].Bins, ref.numbers[name], cur.numbers[name])
	}
	checkBins(t, "prediction", found["prediction"].Bins, ref.predictions, cur.predictions)
	for _, b := range found["city"].Bins {
		want := 0
		for _, x := range cur.texts["city"] {
			if x == b.Name || x == "Bodø" && b.Name == "(new)" {
				want++
			}
		}
		if math.Abs(b.Current-float64(want)/1000) > 1e-12 {
			t.Errorf("%s is %g of the window, want %d rows", b.Name, b.Current, want)
		}
	}
	if label := found["label"]; len(label.Bins) != 2 || label.Bins[1].Name != "late" {
		t.Errorf("the label's bins are %+v", label.Bins)
	}
	for name, want := range map[string]string{
		"size":   "% of values are above the reference's 95 % point",
		"weight": "% of values are missing, 0 % in the reference",
		"city":   "city drifted: Oslo makes ",
	} {
		if c := found[name]; !strings.Contains(c.Title, want) {
			t.Errorf("%s: %q", name, c.Title)
		}
	}
}

// The curves of a binary classifier are those of its metrics.
func TestCurvesAreThoseOfTheMetrics(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 14))
	s := storyOf(late(rng, 3000, 0), late(rng, 2000, 0.3))
	sec, o := figuresOf(t, s)["curves"], s.Last().Outcome
	roc := chartOf[chart.Curves](t, sec, 0)
	area := func(points []chart.XY) (sum float64) {
		for i, p := range points[1:] {
			sum += (p.X - points[i].X) * (p.Y + points[i].Y) / 2
		}
		return sum
	}
	for i, want := range []stat.Number{o.Metrics["roc_auc"].Value, o.Reference.Metrics["roc_auc"].Value} {
		if got := area(roc.Curves[i].Points); math.Abs(got-float64(want)) > 0.002 {
			t.Errorf("the area under curve %d is %g, want %g", i, got, want)
		}
	}
	mark := roc.Curves[2].Points[0]
	if mark.Y != float64(o.Metrics["recall"].Value) || math.Abs(1-mark.X-float64(o.Metrics["specificity"].Value)) > 1e-15 {
		t.Errorf("the mark is at %+v", mark)
	}
	if !strings.HasPrefix(roc.Title, "ROC AUC ") || !strings.Contains(roc.Title, " on the reference") || !strings.Contains(roc.Desc, "score 0.5") {
		t.Errorf("%q, %q", roc.Title, roc.Desc)
	}
	pr := chartOf[chart.Curves](t, sec, 1)
	precision, found := 0.0, 0.0 // as scikit-learn's average_precision_score sums it
	for _, p := range pr.Curves[0].Points {
		precision += (p.X - found) * p.Y
		found = p.X
	}
	if want := float64(o.Metrics["average_precision"].Value); math.Abs(precision-want) > 0.02 {
		t.Errorf("the precision is %g on average, want %g", precision, want)
	}
}

// What is drawn of a binary classifier's scores is what was counted of its rows.
func TestScoresAreThoseOfTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 14))
	ref, cur := late(rng, 3000, 0), late(rng, 2000, 0.3)
	s := storyOf(ref, cur)
	secs, o := figuresOf(t, s), s.Last().Outcome
	right := chartOf[chart.Curves](t, secs["calibration"], 0)
	for i, b := range o.Calibration {
		if p := right.Curves[0].Points[i]; p.X != float64(b.Score) || p.Y != float64(b.Rate) || p.N != b.N || !(p.Low <= p.Y && p.Y <= p.High) {
			t.Errorf("bin %+v is drawn as %+v", b, p)
		}
	}
	if !strings.HasPrefix(right.Title, "Scores are too high: ") {
		t.Errorf("%q", right.Title)
	}
	matrix := chartOf[chart.Matrix](t, secs["confusion"], 0)
	for a, row := range o.Confusion.Counts {
		for p, n := range row {
			if matrix.Counts[a][p] != int64(n) {
				t.Errorf("%d rows of %d are taken for %d, want %g", matrix.Counts[a][p], a, p, n)
			}
		}
	}
	byClass := chartOf[chart.Overlay](t, secs["scores"], 0)
	for _, b := range byClass.Bins {
		want, all := 0, 0
		for i, score := range cur.predictions {
			if cur.labels[i] != 1 {
				continue
			}
			all++
			if score > b.Low && score < b.High || score == b.Low && score <= 0.5 || score == b.High && score > 0.5 {
				want++
			}
		}
		if math.Abs(b.Current-float64(want)/float64(all)) > 1e-12 {
			t.Errorf("bin %+v, want %d of %d", b, want, all)
		}
	}
	if n, m := len(secs["scores"].Figures), len(secs["calibration"].Figures); n != 2 || m != 2 {
		t.Errorf("%d figures of scores and %d of calibration", n, m)
	}
}

func TestFiguresOfSeveralClasses(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	s := storyOf(animals(rng, 3000), animals(rng, 1000))
	secs, o := figuresOf(t, s), s.Last().Outcome
	rest := chartOf[chart.Curves](t, secs["curves"], 0)
	if len(rest.Curves) != 3 || !strings.HasPrefix(rest.Curves[2].Name, "cat (0.") {
		t.Errorf("curves %+v", rest.Curves)
	}
	sure := chartOf[chart.Curves](t, secs["curves"], 1)
	if !strings.HasPrefix(sure.Title, "The model is not sure enough: ") || len(sure.Curves) != 2 {
		t.Errorf("%q", sure.Title)
	}
	for i, name := range []string{"f1", "precision", "recall"} {
		for _, dot := range chartOf[chart.Dots](t, secs["classes"], i).Dots {
			m, r := o.Classes[dot.Name].Metrics[name], o.Reference.Classes[dot.Name].Metrics[name]
			if dot.Value != float64(m.Value) || dot.Low != float64(m.Low) || dot.Reference != float64(r.Value) || dot.N != o.Classes[dot.Name].N {
				t.Errorf("%s of %+v", name, dot)
			}
		}
	}
	matrix := chartOf[chart.Matrix](t, secs["confusion"], 1)
	if !strings.HasPrefix(matrix.Title, "Reference: ") || matrix.Counts[0][0] == 0 {
		t.Errorf("%+v", matrix)
	}
}

// Hours and weekdays are pooled over windows as if these were one.
func TestTimesArePooled(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 14))
	s := storyOf(houses(rng, 500, 0), houses(rng, 500, 0))
	number := func(x float64) *stat.Number { n := stat.Number(x); return &n }
	var sum, absolute, rows float64
	var windows []job.Told
	for day := range 21 {
		told := s.Windows[0]
		told.Window.Start, told.Window.End = told.Window.Start.AddDate(0, 0, day), told.Window.End.AddDate(0, 0, day)
		told.ByHour, told.ByWeekday = nil, nil
		var e, abs, sq float64
		for hour := range 24 {
			const n = 50
			bias := 1.0
			if hour == 17 {
				bias = 9
			}
			told.ByHour = append(told.ByHour, evaluator.HourFigures{Hour: hour, TimeFigures: evaluator.TimeFigures{N: n, ME: number(-bias), MAE: number(bias + 1), RMSE: number(bias + 2)}})
			e, abs, sq = e-n*bias, abs+n*(bias+1), sq+n*(bias+2)*(bias+2)
		}
		weekday := strings.ToLower(time.Weekday(day % 7).String())
		told.ByWeekday = []evaluator.WeekdayFigures{{Weekday: weekday, TimeFigures: evaluator.TimeFigures{N: 1200, ME: number(e / 1200), MAE: number(abs / 1200), RMSE: number(math.Sqrt(sq / 1200))}}}
		sum, absolute, rows = sum+e, absolute+abs, rows+1200
		windows = append(windows, told)
	}
	s.Windows = windows
	sec := figuresOf(t, s)["hours"]
	mae, me := chartOf[chart.Bars](t, sec, 0), chartOf[chart.Bars](t, sec, 1)
	if b := mae.Bars[17]; b.Name != "17" || math.Abs(b.Value-10) > 1e-12 || b.N != 21*50 || !(b.Low < 10 && b.High > 10) {
		t.Errorf("at 17:00 there is %+v", b)
	}
	if math.Abs(mae.Line-absolute/rows) > 1e-12 || math.Abs(me.Line-sum/rows) > 1e-12 {
		t.Errorf("all rows have %g and %g", mae.Line, me.Line)
	}
	if want := "MAE is highest at 17:00: 10, and 2.333 over all"; mae.Title != want {
		t.Errorf("%q, want %q", mae.Title, want)
	}
	if want := "Predictions are 9 too low on average at 17:00, and 1.333 too low over all"; me.Title != want {
		t.Errorf("%q, want %q", me.Title, want)
	}
	days := chartOf[chart.Bars](t, sec, 2)
	if b := days.Bars[6]; b.Name != "Sunday" || b.N != 3600 || days.Title != "No day of the week stands out in MAE" {
		t.Errorf("%q, %+v", days.Title, b)
	}
	s.Windows = windows[:20] // with two Saturdays
	if title := chartOf[chart.Bars](t, figuresOf(t, s)["hours"], 2).Title; title != "MAE by the day of the week, of fewer than three weeks" {
		t.Errorf("%q", title)
	}
	if !strings.HasPrefix(sec.Lead, "25\u202f200 predictions with a label in 21 windows from ") {
		t.Errorf("%q", sec.Lead)
	}
}

// Where something is not there, the section says why.
func TestFiguresSayWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job.Story)
		id     string
		lead   string
	}{
		"no Summary": {func(s *job.Story) { s.Summary, s.NoSummary = nil, "state.keep_summaries is 0" }, "distributions",
			"The distributions of this window cannot be drawn: state.keep_summaries is 0."},
		"no Summary, predicted": {func(s *job.Story) { s.Summary, s.NoSummary = nil, "state.keep_summaries is 0" }, "predicted",
			"This cannot be drawn of this window: state.keep_summaries is 0."},
		"no reference": {func(s *job.Story) { s.Profile, s.NoProfile = nil, "" }, "distributions",
			"The distributions of this window cannot be drawn: the model has no reference, so that there is nothing to compare with, and nothing that says which bins suit."},
		"no labels": {func(s *job.Story) { s.Windows[0].Coverage.Matched = new(int64) }, "predicted",
			"There is nothing to show yet: no label of the window's 500 predictions is in."},
		"another reference": {func(s *job.Story) {
			rng := rand.New(rand.NewPCG(6, 14))
			s.Profile = storyOf(houses(rng, 400, 0), houses(rng, 10, 0)).Profile
		}, "distributions",
			"The distributions of this window cannot be drawn: the reference is another one by now than the window was compared with, so that there is nothing to compare with, and nothing that says which bins suit."},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 14))
			s := storyOf(houses(rng, 500, 0), houses(rng, 500, 0.2))
			c.change(s)
			sec := figuresOf(t, s)[c.id]
			if sec.Lead != c.lead || len(sec.Figures) > 0 {
				t.Errorf("%d figures, %q", len(sec.Figures), sec.Lead)
			}
		})
	}
	if figures(&job.Story{}) != nil {
		t.Error("a story of no window has figures")
	}
}
