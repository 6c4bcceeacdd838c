package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/chart/charttest"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// drawnData returns what the SVG of a section's figure has, read back from the text of it.
func drawnData(t *testing.T, s section, at int, series string) []charttest.Datum {
	t.Helper()
	if at >= len(s.Figures) {
		t.Fatalf("section %q has %d figures: %s", s.ID, len(s.Figures), s.Lead)
	}
	all, err := charttest.Read(chart.SVG(s.Figures[at].Chart, chart.Size{}))
	if err != nil {
		t.Fatal(err)
	}
	var out []charttest.Datum
	for _, d := range all {
		if d.Series == series {
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		t.Fatalf("figure %d of %s has no %s: %+v", at, s.ID, series, all)
	}
	return out
}

// drawnAs fails where a number of a picture is another one.
func drawnAs(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is drawn as %v, and is %v", what, got, want)
	}
}

// outcomeJSON is what these tests read of an outcome's JSON. A number that is null is 0 there.
type outcomeJSON struct {
	Confusion   struct{ Counts [][]float64 }
	Calibration []struct{ N, Score, Rate float64 }
	Metrics     map[string]struct{ Value float64 }
	Classes     map[string]struct {
		N       float64
		Metrics map[string]struct{ Value, Low, High float64 }
	}
	ByHour []struct {
		Hour   int
		N, MAE float64
	} `json:"by_hour"`
}

func readOutcome(t *testing.T, o any) (out outcomeJSON) {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What is drawn of a classifier is what the JSON of the window says.
func TestDrawnFiguresOfAClassifierAreTheJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 14))
	s := storyOf(late(rng, 2000, 0), late(rng, 1500, 0.4))
	secs, o := figuresOf(t, s), readOutcome(t, s.Last().Outcome)
	for _, d := range drawnData(t, secs["confusion"], 0, "count") {
		n := d.Numbers
		drawnAs(t, "a count of "+d.Name, n["n"], o.Confusion.Counts[int(n["row"])][int(n["column"])])
	}
	at := 0
	for _, d := range drawnData(t, secs["calibration"], 0, "curve") {
		if d.Name == thisWindow {
			drawnAs(t, "a mean score", d.Numbers["x"], o.Calibration[at].Score)
			drawnAs(t, "a rate", d.Numbers["y"], o.Calibration[at].Rate)
			drawnAs(t, "a number of rows", d.Numbers["n"], o.Calibration[at].N)
			at++
		}
	}
	if at != len(o.Calibration) {
		t.Errorf("%d bins of %d are drawn", at, len(o.Calibration))
	}
	for _, d := range drawnData(t, secs["curves"], 1, "curve") {
		if d.Name == "as classified" {
			drawnAs(t, "recall", d.Numbers["x"], o.Metrics["recall"].Value)
			drawnAs(t, "precision", d.Numbers["y"], o.Metrics["precision"].Value)
		}
	}
	several := storyOf(animals(rng, 2000), animals(rng, 900))
	secs, o = figuresOf(t, several), readOutcome(t, several.Last().Outcome)
	for i, name := range []string{"f1", "precision", "recall", "roc_auc"} {
		dots := drawnData(t, secs["classes"], i, "dot")
		if len(dots) != len(o.Classes) {
			t.Errorf("%d classes of %d are drawn", len(dots), len(o.Classes))
		}
		for _, d := range dots {
			m := o.Classes[d.Name].Metrics[name]
			drawnAs(t, name+" of "+d.Name, d.Numbers["v"], m.Value)
			drawnAs(t, "its least", d.Numbers["low"], m.Low)
			drawnAs(t, "its most", d.Numbers["high"], m.High)
			drawnAs(t, "rows of "+d.Name, d.Numbers["n"], o.Classes[d.Name].N)
		}
	}
}

// What is drawn of a regression is what the rows and the JSON say.
func TestDrawnFiguresOfARegressionAreTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 14))
	cur := houses(rng, 1500, 0.1)
	s := storyOf(houses(rng, 2000, 0), cur)
	secs, o := figuresOf(t, s), readOutcome(t, s.Last().Outcome)
	rows := 0.0
	for _, d := range drawnData(t, secs["predicted"], 0, "cell") {
		n, want := d.Numbers, 0.0
		for i, p := range cur.predictions {
			if p >= n["x0"] && p < n["x1"] && cur.labels[i] >= n["y0"] && cur.labels[i] < n["y1"] {
				want++
			}
		}
		drawnAs(t, "a cell", n["n"], want)
		rows += want
	}
	drawnAs(t, "all rows", rows, 1500)
	for _, d := range drawnData(t, secs["predicted"], 1, "bin") {
		n, predicted, actual := d.Numbers, 0, 0
		for i, p := range cur.predictions {
			if p >= n["low"] && p < n["high"] {
				predicted++
			}
			if y := cur.labels[i]; y >= n["low"] && y < n["high"] {
				actual++
			}
		}
		drawnAs(t, "a share of predictions", n["current"], float64(predicted)/1500)
		drawnAs(t, "a share of labels", n["reference"], float64(actual)/1500)
	}
	sizes, total := chartOf[chart.Bars](t, secs["errors"], 0), 0.0
	for i, d := range drawnData(t, secs["errors"], 0, "bar") {
		drawnAs(t, "a bar", d.Numbers["v"], sizes.Bars[i].Value)
		total += d.Numbers["v"] * d.Numbers["n"]
	}
	if mae := o.Metrics["mae"].Value; math.Abs(total/1500-mae) > 1e-9*mae {
		t.Errorf("the bars have an MAE of %g together, and it is %g", total/1500, mae)
	}
	if len(o.ByHour) != 24 {
		t.Fatalf("%d hours", len(o.ByHour))
	}
	for i, d := range drawnData(t, secs["hours"], 0, "bar") {
		if h := o.ByHour[i]; h.Hour != i || math.Abs(d.Numbers["v"]-h.MAE) > 1e-9*h.MAE || d.Numbers["n"] != h.N {
			t.Errorf("%+v is drawn as %+v", h, d)
		}
	}
	for _, name := range []string{"area", "rooms"} {
		for at := range secs["distributions"].Figures {
			c := chartOf[chart.Overlay](t, secs["distributions"], at)
			if c.X.Title != name {
				continue
			}
			for i, d := range drawnData(t, secs["distributions"], at, "bin") {
				drawnAs(t, "a share of "+name, d.Numbers["current"], c.Bins[i].Current)
				drawnAs(t, "a share in the reference of "+name, d.Numbers["reference"], c.Bins[i].Reference)
			}
		}
	}
}

// Cells at the ends that have few rows are joined, and their figures are those of all their rows.
func TestWideTails(t *testing.T) {
	cell := func(low float64, n int64, me, mae, rmse float64) summary.SizeCell {
		return summary.SizeCell{Low: low, High: low + 8, N: n, ME: me, MAE: mae, RMSE: rmse}
	}
	got := wideTails([]summary.SizeCell{cell(0, 3, -1, 1, 1), cell(8, 17, 3, 4, 5), cell(16, 100, 0, 1, 2), cell(24, 50, 0, 1, 2), cell(32, 1, 7, 7, 7)})
	want := []summary.SizeCell{
		{Low: 0, High: 16, N: 20, ME: 48.0 / 20, MAE: 71.0 / 20, RMSE: math.Sqrt(428.0 / 20)},
		cell(16, 100, 0, 1, 2),
		{Low: 24, High: 40, N: 51, ME: 7.0 / 51, MAE: 57.0 / 51, RMSE: math.Sqrt(249.0 / 51)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if two := []summary.SizeCell{cell(0, 3, 1, 1, 1), cell(8, 3, 1, 1, 1)}; !reflect.DeepEqual(wideTails(two), two) {
		t.Error("two cells are joined")
	}
}

// Names that the data gives break nothing, as those of columns, of categories and of classes.
func TestFiguresOfHostileNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 14))
	hostile := []string{
		`</svg><script>alert(1)</script>`, "\"' onload=x", "שלום עולם", "🙂\u202e\u0000\u0007", strings.Repeat("very long ", 30), "a\nb\tc", "\xff\xfe",
	}
	hostileRows := func(n int) *logged {
		l := late(rng, n, 0.4)
		for _, name := range hostile {
			l.numbers[name] = l.numbers["size"]
		}
		l.texts["x"] = nil
		for i := range n {
			l.texts["x"] = append(l.texts["x"], hostile[i%len(hostile)])
		}
		return l
	}
	s := storyOf(hostileRows(1000), hostileRows(700))
	s.Windows[0].Confusion.Labels = hostile[:2]
	page, err := HTML(*s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page)
	if _, err := charttest.Read(string(page)); err != nil {
		t.Error(err)
	}
	if n := len(figuresOf(t, s)["distributions"].Figures); n != mostDistributions {
		t.Errorf("%d columns", n)
	}
}
