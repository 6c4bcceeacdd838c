package estimate

import (
	"math"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// golden is testdata/nannyml_cbpe.json, which nannyml_cbpe.py beside it writes.
type golden struct {
	Source string
	Cases  []struct {
		Name       string
		Calibrated bool
		Thresholds map[string][2]float64
		Reference  [][5]float64 // score, then rows by label and predicted class
		Windows    []struct {
			Name      string
			Cells     [][3]float64 // score, then rows by predicted class
			Estimated map[string]float64
			Alerts    []string
		}
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	return evaltest.ReadGolden[golden](t, "testdata/nannyml_cbpe.json")
}

// referenceCells returns rows by score, label and predicted class.
func referenceCells(rows [][5]float64) []summary.ScoreCell {
	var out []summary.ScoreCell
	for _, r := range rows {
		c := summary.ScoreCell{Score: r[0], Low: r[0], High: r[0]}
		for k, n := range r[1:] {
			c.Mass[k/2][k%2].N = int64(n)
		}
		out = append(out, c)
	}
	return out
}

// windowCells returns rows by score and predicted class.
func windowCells(rows [][3]float64) []summary.ScoreCell {
	var out []summary.ScoreCell
	for _, r := range rows {
		c := summary.ScoreCell{Score: r[0], Low: r[0], High: r[0]}
		c.Mass[0][0].N, c.Mass[0][1].N = int64(r[1]), int64(r[2])
		out = append(out, c)
	}
	return out
}

// TestAsNannyML holds estimates to those of NannyML 0.13.1, whether it calibrates or not, within
// 0.002, and the alerts that follow from its thresholds to the same windows. NannyML's average
// precision takes rows of one score one by one, in some order: it is a little greater than that of
// ties, which is what scikit-learn finds once labels are in.
func TestAsNannyML(t *testing.T) {
	t.Parallel()
	g := readGolden(t)
	greatest, windows, alerts := map[string]float64{}, 0, 0
	for _, c := range g.Cases {
		for _, w := range c.Windows {
			windows++
			got := Binary(referenceCells(c.Reference), windowCells(w.Cells), metric.Options{})
			if got.Calibration.Applied != c.Calibrated {
				t.Fatalf("%s: calibrated %v, NannyML %v", c.Name, got.Calibration.Applied, c.Calibrated)
			}
			for name, want := range w.Estimated {
				value := float64(got.Metrics[name].Value)
				d := math.Abs(value - want)
				greatest[name] = max(greatest[name], d)
				within := 0.002
				if name == "average_precision" {
					within = 0.005
				}
				if !(d <= within) {
					t.Errorf("%s, %s: %s %v, NannyML %v", c.Name, w.Name, name, value, want)
				}
				limits := c.Thresholds[name]
				alert := value < limits[0] || value > limits[1]
				if alert != slices.Contains(w.Alerts, name) {
					t.Errorf("%s, %s: an alert of %s is %v, of NannyML %v", c.Name, w.Name, name, alert, !alert)
				}
				if alert {
					alerts++
				}
			}
		}
	}
	if windows != 16 || alerts < 20 {
		t.Errorf("%d windows with %d alerts show too little", windows, alerts)
	}
	t.Log(g.Source, greatest)
}
