package demo

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Parcels returns the log of a binary classifier: which parcels come late.
func Parcels() *Log {
	return &Log{
		Task: groundtruth.Binary, Model: "parcel-late", Rule: "roc_auc",
		Predicts:      "which parcels come late",
		Change:        "a second warehouse opens: parcels come from farther away, and by train, where the distance makes none late",
		Effect:        "loss of accuracy",
		configuration: parcelsConfiguration,
		files: filesOf(makeParcel,
			[]string{"parcel_id", "late", "delivered_at", "loaded_at", "op"},
			[]string{"parcel_id", "distance_km", "weight_kg", "items", "carrier", "late_probability", "late", "version"}),
	}
}

// parcel is one prediction with its truth.
type parcel struct {
	ID          string    `parquet:"parcel_id"`
	Time        time.Time `parquet:"predicted_at,timestamp(microsecond)"`
	Distance    float64   `parquet:"distance_km"`
	Weight      float64   `parquet:"weight_kg"`
	Items       int32     `parquet:"items"`
	Carrier     string    `parquet:"carrier,dict"`
	Probability float64   `parquet:"late_probability"`
	Version     string    `parquet:"version,dict"`

	late bool
}

func (p parcel) known() truth {
	return truth{id: p.ID, at: p.Time, label: strconv.FormatBool(p.late), wrong: strconv.FormatBool(!p.late)}
}

func (p parcel) reference() []string {
	return []string{p.ID, text(p.Distance), text(p.Weight), strconv.Itoa(int(p.Items)), p.Carrier, text(p.Probability), strconv.FormatBool(p.late), p.Version}
}

// makeParcel draws a parcel of a day since start, day -1 being the reference. From DriftDay on
// half of them come from another warehouse.
func makeParcel(rng *rand.Rand, start time.Time, day, i int) parcel {
	p := parcel{ID: newID(rng), Version: "v1", Time: timeOf(start, day, i)}
	distance := 350 + 170*rng.NormFloat64()
	p.Weight = math.Round(10*math.Max(0.1, 4+3*rng.NormFloat64())) / 10
	p.Items = int32(1 + rng.IntN(4))
	p.Carrier = []string{"Nord", "Nord", "Nord", "Fjord", "Fjord", "Kyst"}[rng.IntN(6)]
	byTrain := rng.Float64() < 0.6
	if byTrain = byTrain && day >= DriftDay; byTrain {
		p.Carrier = "Kyst"
		distance += 250
	}
	p.Distance = math.Round(math.Max(5, distance))

	odds := -2.2 + 0.008*(p.Distance-350) + 0.25*(p.Weight-4) // the logarithm of them, as the model has learned it
	switch p.Carrier {
	case "Fjord":
		odds += 0.8
	case "Kyst":
		odds -= 0.4
	}
	learned := 0.15 * rng.NormFloat64()
	if day >= SecondVersion && i%2 == 1 {
		p.Version = "v2"
		learned = 0.1 * rng.NormFloat64()
	}
	p.Probability = math.Round(1e4*share(odds+learned)) / 1e4
	if byTrain {
		odds = -2.2 + 0.25*(p.Weight-4)
	}
	p.late = rng.Float64() < share(odds)
	return p
}

// share returns the probability that has the logarithm of its odds.
func share(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

// parcelsConfiguration is hindcast.yaml of the parcels.
const parcelsConfiguration = `# Written by hindcast demo. Every key: docs/configuration.md.
version: 1
state:
  url: file://./state
models:
  - name: parcel-late
    task: binary
    positive_label: true
    threshold: 0.3                  # from this probability on a parcel is said to come late
    schedule: "0 3 * * *"
    predictions:
      url: file://./predictions/dt={date}/*.parquet
      columns:
        id: parcel_id
        timestamp: predicted_at
        score: late_probability
        model_version: version
    ground_truth:
      url: file://./labels/dt={date}/*.csv
      columns: {id: parcel_id, label: late, timestamp: delivered_at, ingested_at: loaded_at, op: op}
      delay: 3d
    business_value: {tp: 5, fp: -1} # of a warning to a customer whose parcel comes late, or doesn't
    window: 1d
    reference:
      url: file://./reference.csv
    segments: [carrier]
    rules:
      - name: drift
        when: drift.share >= 0.5
        action: alert
      - name: roc_auc
        when: roc_auc < 0.9 * reference.roc_auc
        for: 2
        action: retrain
    retrain:
      mode: suggest
publish:
  textfile: {path: ./metrics.prom}
report: {url: file://./reports, when: always}
`
