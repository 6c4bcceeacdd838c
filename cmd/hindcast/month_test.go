package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// month is the traffic of 30 days, with what real logs have: busy hours, errors that differ by
// the hour, weekends on which everything differs, and days that are each a little off.
type month struct {
	rng   *rand.Rand
	first time.Time // the first day of the reference, a Monday
}

const (
	monthReferenceDays = 56
	monthDays          = 30
	monthChange        = 20 // the day of the month on which something may change, from 1
)

// day is how a day of the month differs.
type monthDay struct {
	date   time.Time
	error  float64     // how many times as large errors are
	offset [20]float64 // by how many standard deviations each column is off
}

// day draws the day so many days after the first.
func (m *month) day(after int) monthDay {
	d := monthDay{date: m.first.AddDate(0, 0, after), error: math.Exp(0.1 * m.rng.NormFloat64())}
	for i := range d.offset {
		d.offset[i] = 0.1 * m.rng.NormFloat64()
	}
	if after%7 >= 5 {
		d.error *= 1.7
		for i := range d.offset {
			d.offset[i] += 0.5
		}
	}
	return d
}

// rows writes n rows of a day, as CSV without a header: predictions, and their labels if they
// go there. Rows of a reference have their labels beside them.
func (m *month) rows(d monthDay, n int, predictions, labels *bytes.Buffer) {
	for row := range n {
		hour := m.hour()
		at := d.date.Add(time.Duration(hour * float64(time.Hour))).Truncate(time.Second)
		sin, cos := math.Sincos(2 * math.Pi * hour / 24)
		e := d.error * ((1+0.4*sin)*m.rng.NormFloat64() + 0.5*cos)
		y := 100 + 3*m.rng.NormFloat64()
		id := fmt.Sprintf("%s-%d", d.date.Format(time.DateOnly), row)
		fmt.Fprintf(predictions, "%s,%s,%.4f", id, at.Format(time.RFC3339), y+e)
		for i, offset := range d.offset {
			z := m.rng.NormFloat64() + offset
			switch {
			case i < 12:
				fmt.Fprintf(predictions, ",%.4f", z)
			case i < 15:
				fmt.Fprintf(predictions, ",%.4f", math.Exp(z))
			case i < 17:
				fmt.Fprintf(predictions, ",%d", min(max(int(math.Floor(z)), 0), 1))
			default:
				fmt.Fprintf(predictions, ",k%02d", min(max(int(4+2*z), 0), 11))
			}
		}
		if labels == nil {
			fmt.Fprintf(predictions, ",%.4f\n", y)
			continue
		}
		fmt.Fprintln(predictions)
		fmt.Fprintf(labels, "%s,%.4f\n", id, y)
	}
}

// hour draws a time of day: there are four times as many rows in the busiest hour as in the
// least.
func (m *month) hour() float64 {
	for {
		hour := 24 * m.rng.Float64()
		if 1.6*m.rng.Float64() < 1-0.6*math.Cos(2*math.Pi*hour/24) {
			return hour
		}
	}
}

const monthConfig = `version: 1
state: {url: ./state}
models:
  - name: traffic
    task: regression
    predictions:
      url: ./predictions/{date}.csv
      columns: {id: id, timestamp: ts, prediction: pred}
    ground_truth:
      url: ./labels/{date}.csv
      columns: {id: id, label: y}
      delay: 1h
    reference: {url: ./reference.csv}
    rules:
      - {name: errors, when: rmse > 1.2 * reference.rmse, action: retrain}
      - {name: drift, when: drift.share >= 0.5, action: retrain}
    retrain: {mode: suggest}
`

// TestAMonthOfTraffic runs a pass each night of a month. Without a change nothing is ever
// suggested; with one, a retraining is suggested once, within three days after it.
func TestAMonthOfTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	for _, tt := range []struct {
		name   string
		change func(d *monthDay)
		want   bool
	}{
		{name: "no change", change: func(*monthDay) {}},
		{name: "errors 1.5 times as large", want: true, change: func(d *monthDay) { d.error *= 1.5 }},
		{name: "features 0.5 standard deviations off", want: true, change: func(d *monthDay) {
			for i := range d.offset {
				d.offset[i] += 0.5
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := monthOfSuggestions(t, 1, tt.change)
			switch {
			case !tt.want && len(found) > 0:
				t.Errorf("suggestions after the days %v of a month without a change", found)
			case tt.want && (len(found) != 1 || found[0] < monthChange || found[0] > monthChange+3):
				t.Errorf("suggestions after the days %v, want one, from day %d to day %d", found, monthChange, monthChange+3)
			}
		})
	}
}

// monthOfSuggestions plays a month and returns after which of its days, from 1, something was
// suggested.
func monthOfSuggestions(t *testing.T, seed uint64, change func(d *monthDay)) (after []int) {
	t.Helper()
	dir := t.TempDir()
	m := &month{rng: rand.New(rand.NewPCG(seed, 20)), first: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)}
	columns := ""
	for i := range (monthDay{}).offset {
		columns += fmt.Sprintf(",c%02d", i)
	}
	put := func(name, head string, rows *bytes.Buffer) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, head+rows.String())
	}
	var reference bytes.Buffer
	for day := range monthReferenceDays {
		m.rows(m.day(day), 90, &reference, nil)
	}
	put("reference.csv", "id,ts,pred"+columns+",y\n", &reference)
	put("hindcast.yaml", monthConfig, new(bytes.Buffer))
	for day := 1; day <= monthDays; day++ {
		d := m.day(monthReferenceDays + day - 1)
		if day >= monthChange {
			change(&d)
		}
		var predictions, labels bytes.Buffer
		m.rows(d, 1000, &predictions, &labels)
		put("predictions/"+d.date.Format(time.DateOnly)+".csv", "id,ts,pred"+columns+"\n", &predictions)
		put("labels/"+d.date.Format(time.DateOnly)+".csv", "id,y\n", &labels)
		var out, log bytes.Buffer
		app := &App{
			Stdout: &out, Stderr: &log, Env: func(string) (string, bool) { return "", false },
			Clock: func() time.Time { return d.date.AddDate(0, 0, 1).Add(3 * time.Hour) },
		}
		if code := app.Main(t.Context(), []string{"run", "-c", filepath.Join(dir, "hindcast.yaml")}); code != 0 {
			t.Fatalf("the night after day %d: status %d\n%s", day, code, log.String())
		}
		suggestions, err := filepath.Glob(filepath.Join(dir, "state", "suggestions", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for range len(suggestions) - len(after) {
			after = append(after, day)
			t.Logf("after day %d (%s):\n%s", day, d.date.Weekday(), out.String())
		}
	}
	return after
}
