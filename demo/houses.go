package demo

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Houses returns the log of a regression: what houses sell for.
func Houses() *Log {
	return &Log{
		Task: groundtruth.Regression, Model: "house-price", Rule: "rmse",
		Predicts:      "house prices",
		Change:        "the market changes: larger houses, and they fetch more",
		Effect:        "error",
		configuration: housesConfiguration,
		files: filesOf(makeHouse,
			[]string{"request_id", "sold_price", "sold_at", "loaded_at", "op"},
			[]string{"request_id", "size", "bedrooms", "age", "city", "predicted_price", "sold_price", "version"}),
	}
}

// house is one prediction with its truth.
type house struct {
	ID        string    `parquet:"request_id"`
	Time      time.Time `parquet:"predicted_at,timestamp(microsecond)"`
	Size      float64   `parquet:"size"`
	Bedrooms  int32     `parquet:"bedrooms"`
	Age       float64   `parquet:"age"`
	City      string    `parquet:"city,dict"`
	Predicted float64   `parquet:"predicted_price"`
	Version   string    `parquet:"version,dict"`

	truth float64
}

// city is a place and what a square metre costs there.
type city struct {
	name  string
	price float64
	share float64
}

func cities() []city {
	return []city{{"Oslo", 6200, 0.4}, {"Bergen", 4800, 0.25}, {"Trondheim", 4300, 0.2}, {"Stavanger", 4500, 0.15}}
}

func (h house) known() truth {
	return truth{id: h.ID, at: h.Time, label: strconv.FormatFloat(h.truth, 'f', 0, 64), wrong: strconv.FormatFloat(math.Round(h.truth*1.3), 'f', 0, 64)}
}

func (h house) reference() []string {
	return []string{h.ID, text(h.Size), strconv.Itoa(int(h.Bedrooms)), text(h.Age), h.City, text(h.Predicted), text(h.truth), h.Version}
}

// makeHouse draws a house of a day since start, day -1 being the reference. From DriftDay on
// large houses come to the market, and their price per square metre is another.
func makeHouse(rng *rand.Rand, start time.Time, day, i int) house {
	h := house{
		ID:      newID(rng),
		Version: "v1",
	}
	drifted := day >= DriftDay
	mean := 95.0
	if drifted {
		mean = 135
	}
	h.Size = math.Round(math.Max(25, mean+30*rng.NormFloat64()))
	h.Bedrooms = int32(min(max(math.Round(h.Size/32+0.6*rng.NormFloat64()), 1), 8))
	h.Age = math.Round(math.Abs(35 * rng.NormFloat64()))
	pick := rng.Float64()
	all := cities()
	c := all[len(all)-1]
	for _, candidate := range all {
		if pick -= candidate.share; pick < 0 {
			c = candidate
			break
		}
	}
	h.City = c.name
	value := c.price*h.Size + 15_000*float64(h.Bedrooms) - 900*h.Age
	noise := 45_000 * rng.NormFloat64()
	h.truth = value + noise
	if drifted {
		h.truth += 1_800 * math.Max(0, h.Size-110) // what large houses fetch now
	}
	h.truth = math.Round(h.truth)
	bias := 8_000 * rng.NormFloat64()
	if day >= SecondVersion && i%2 == 1 {
		h.Version = "v2"
		bias = 6_000 * rng.NormFloat64()
	}
	h.Predicted = math.Round(value + bias)
	h.Time = timeOf(start, day, i)
	return h
}

// housesConfiguration is hindcast.yaml of the houses.
const housesConfiguration = `# Written by hindcast demo. Every key: docs/configuration.md.
version: 1
state:
  url: file://./state
models:
  - name: house-price
    task: regression
    schedule: "0 3 * * *"
    predictions:
      url: file://./predictions/dt={date}/*.parquet
      columns:
        id: request_id
        timestamp: predicted_at
        prediction: predicted_price
        model_version: version
    ground_truth:
      url: file://./labels/dt={date}/*.csv
      columns: {id: request_id, label: sold_price, timestamp: sold_at, ingested_at: loaded_at, op: op}
      delay: 3d
    window: 1d
    reference:
      url: file://./reference.csv
    segments: [city]
    rules:
      - name: drift
        when: drift.share >= 0.5
        action: alert
      - name: rmse
        when: rmse > 1.2 * reference.rmse
        for: 2
        action: retrain
    retrain:
      mode: suggest
publish:
  textfile: {path: ./metrics.prom}
report: {url: file://./reports, when: always}
`
