package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// duckDB evaluates a dataset with evaluate.sql; memory is DuckDB's limit, if any.
func (b *bench) duckDB(name, folder, memory string) contestant {
	return contestant{name, func(ctx context.Context) (usage, error) {
		reference, err := b.reference(ctx)
		if err != nil {
			return usage{}, err
		}
		spill, err := os.MkdirTemp(b.work, "duckdb-")
		if err != nil {
			return usage{}, fmt.Errorf("make a working folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(spill) }()
		sql := filepath.Join(b.repo, "bench", "duckdb")
		args := append([]string{filepath.Join(sql, "run.py"), "--spill", spill, "--memory-limit", memory}, sqlVariables(folder, reference)...)
		return b.measure(ctx, nil, b.python, append(args, filepath.Join(sql, "evaluate.sql"))...)
	}}
}

// sqlVariables returns the arguments that give evaluate.sql its variables.
func sqlVariables(folder, reference string) []string {
	return []string{
		"--set", "predictions=" + filepath.Join(folder, "predictions", "*.parquet"),
		"--set", "labels=" + filepath.Join(folder, "labels", "*.parquet"),
		"--set", "profile=" + filepath.Join(reference, "duckdb"),
	}
}

// answer is a line of what evaluate.sql and the other peers print. What one does not
// compute is null.
type answer struct {
	Part     string   `json:"part"` // all, version, city or column
	Name     string   `json:"name"`
	N        *int64   `json:"n"`
	MAE      *float64 `json:"mae"`
	MAELow   *float64 `json:"mae_low"`
	MAEHigh  *float64 `json:"mae_high"`
	RMSE     *float64 `json:"rmse"`
	RMSELow  *float64 `json:"rmse_low"`
	RMSEHigh *float64 `json:"rmse_high"`
	PSI      *float64 `json:"psi"`
	KS       *float64 `json:"ks"`
	JS       *float64 `json:"js"`
	Distance *float64 `json:"wasserstein"`
	Normed   *float64 `json:"wasserstein_normed"`
}

// metric is a metric of `hindcast run -o json`.
type metric struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
	N     int64    `json:"n"`
}

// evaluation holds what is compared of `hindcast run -o json`.
type evaluation struct {
	Coverage struct {
		Predictions int64 `json:"predictions"`
		Matched     int64 `json:"matched"`
	} `json:"coverage"`
	Metrics map[string]metric `json:"metrics"`
	Drift   struct {
		Columns map[string]struct {
			N        int64 `json:"n"`
			Measures map[string]struct {
				Value float64 `json:"value"`
			} `json:"measures"`
		} `json:"columns"`
	} `json:"drift"`
	Versions map[string]part            `json:"versions"`
	Segments map[string]map[string]part `json:"segments"`
}

// part holds the metrics of a version or a segment.
type part struct {
	N       int64             `json:"n"`
	Metrics map[string]metric `json:"metrics"`
}

// How far a peer's figure may lie from hindcast's. Sums of floating-point numbers in
// another order are off by rounding. Intervals there are the plain ones, which are not
// corrected for skewness as hindcast's are, so that an end may be off by a quarter of the
// width. Distances are computed on cells, which are as fine as hindcast's own quantiles:
// an absolute error, and for PSI of skewed columns a share of it.
const (
	metricTolerance   = 1e-9
	intervalTolerance = 0.25
	distanceTolerance = 1e-3
	psiShare          = 0.01
)

// agree compares what a peer says with what hindcast says, and returns how many figures
// were compared.
func agree(hindcast, peer []byte) (int, error) {
	var evaluations []evaluation
	if err := json.Unmarshal(hindcast, &evaluations); err != nil {
		return 0, fmt.Errorf("read hindcast's output: %w", err)
	}
	if len(evaluations) != 1 {
		return 0, fmt.Errorf("hindcast shows %d windows, not one", len(evaluations))
	}
	e := evaluations[0]
	var answers []answer
	if err := json.Unmarshal(peer, &answers); err != nil {
		return 0, fmt.Errorf("read the peer's output: %w", err)
	}
	compared := 0
	var wrong error
	check := func(a answer, what string, theirs *float64, ours, tolerance float64) {
		if theirs == nil || wrong != nil {
			return
		}
		compared++
		if !(math.Abs(*theirs-ours) <= tolerance) {
			wrong = fmt.Errorf("%s of %s %s is %v, and %v by hindcast", what, a.Part, a.Name, *theirs, ours)
		}
	}
	for _, a := range answers {
		var n int64
		metrics := e.Metrics
		switch a.Part {
		case "all":
			n = e.Coverage.Matched
		case "version":
			n, metrics = e.Versions[a.Name].N, e.Versions[a.Name].Metrics
		case "city":
			n, metrics = e.Segments["city"][a.Name].N, e.Segments["city"][a.Name].Metrics
		case "column":
			c, ok := e.Drift.Columns[a.Name]
			if !ok {
				return compared, fmt.Errorf("hindcast knows no column %q", a.Name)
			}
			n = c.N
			for name, theirs := range map[string]*float64{"psi": a.PSI, "ks": a.KS, "js": a.JS, "wasserstein": a.Distance, "wasserstein_normed": a.Normed} {
				m, ok := c.Measures[name]
				if theirs != nil && !ok {
					return compared, fmt.Errorf("hindcast has no %s of %s", name, a.Name)
				}
				tolerance := distanceTolerance
				switch name {
				case "psi":
					tolerance = max(distanceTolerance, psiShare*m.Value)
				case "wasserstein": // in the column's unit
					tolerance *= m.Value / c.Measures["wasserstein_normed"].Value
				}
				check(a, name, theirs, m.Value, tolerance)
			}
		default:
			return compared, fmt.Errorf("the peer has a part %q", a.Part)
		}
		if a.N != nil {
			compared++
			if *a.N != n {
				return compared, fmt.Errorf("rows of %s %s are %d, and %d by hindcast", a.Part, a.Name, *a.N, n)
			}
		}
		for _, m := range []struct {
			name             string
			value, low, high *float64
		}{{"mae", a.MAE, a.MAELow, a.MAEHigh}, {"rmse", a.RMSE, a.RMSELow, a.RMSEHigh}} {
			ours := metrics[m.name]
			check(a, m.name, m.value, ours.Value, metricTolerance*math.Abs(ours.Value))
			if ours.Low != nil && ours.High != nil {
				tolerance := intervalTolerance * (*ours.High - *ours.Low)
				check(a, m.name+"'s lower end", m.low, *ours.Low, tolerance)
				check(a, m.name+"'s upper end", m.high, *ours.High, tolerance)
			}
		}
	}
	return compared, wrong
}
