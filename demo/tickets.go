package demo

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Tickets returns the log of a classifier of several classes: which desk a customer's ticket is
// for.
func Tickets() *Log {
	return &Log{
		Task: groundtruth.Multiclass, Model: "ticket-desk", Rule: "roc_auc",
		Predicts:      "which desk a customer's ticket is for",
		Change:        "a chat opens: tickets are short there, and long ones are no longer those about deliveries",
		Effect:        "loss of accuracy",
		configuration: ticketsConfiguration,
		files: filesOf(makeTicket,
			[]string{"ticket", "desk", "closed_at", "loaded_at", "op"},
			[]string{"ticket", "words", "amount", "attachments", "channel", "p_billing", "p_delivery", "p_returns", "desk", "version"}),
	}
}

// desks are the classes, in the order of their probabilities.
func desks() []string { return []string{"billing", "delivery", "returns"} }

// ticket is one prediction with its truth.
type ticket struct {
	ID          string    `parquet:"ticket"`
	Time        time.Time `parquet:"predicted_at,timestamp(microsecond)"`
	Words       float64   `parquet:"words"`
	Amount      float64   `parquet:"amount"`
	Attachments int32     `parquet:"attachments"`
	Channel     string    `parquet:"channel,dict"`
	Billing     float64   `parquet:"p_billing"`
	Delivery    float64   `parquet:"p_delivery"`
	Returns     float64   `parquet:"p_returns"`
	Version     string    `parquet:"version,dict"`

	desk int
}

func (k ticket) known() truth {
	all := desks()
	return truth{id: k.ID, at: k.Time, label: all[k.desk], wrong: all[(k.desk+1)%len(all)]}
}

func (k ticket) reference() []string {
	return []string{
		k.ID, text(k.Words), text(k.Amount), strconv.Itoa(int(k.Attachments)), k.Channel,
		text(k.Billing), text(k.Delivery), text(k.Returns), desks()[k.desk], k.Version,
	}
}

// makeTicket draws a ticket of a day since start, day -1 being the reference. From DriftDay on
// most come by chat.
func makeTicket(rng *rand.Rand, start time.Time, day, i int) ticket {
	k := ticket{ID: newID(rng), Version: "v1", Time: timeOf(start, day, i)}
	words := 120 + 50*rng.NormFloat64()
	k.Amount = math.Round(100*math.Max(1, 60+25*rng.NormFloat64())) / 100
	k.Attachments = int32(rng.IntN(4))
	k.Channel = []string{"mail", "mail", "form"}[rng.IntN(3)]
	chat := rng.Float64() < 0.7
	if chat = chat && day >= DriftDay; chat {
		k.Channel = "chat"
		words /= 3
	}
	k.Words = math.Round(math.Max(3, words))

	weights := [3]float64{1.8 * (k.Amount - 60) / 25, 1.8 * (k.Words - 120) / 50, float64(k.Attachments) - 1.5} // as the model has learned them
	noise := 0.3
	if day >= SecondVersion && i%2 == 1 {
		k.Version, noise = "v2", 0.2
	}
	learned := weights
	for c := range learned {
		learned[c] += noise * rng.NormFloat64()
	}
	p := shares(learned)
	k.Billing, k.Delivery = math.Round(1e4*p[0])/1e4, math.Round(1e4*p[1])/1e4
	k.Returns = math.Round(1e4*p[2]) / 1e4
	if chat {
		weights = [3]float64{0, 0.5, float64(k.Attachments)/2 - 0.75}
	}
	pick := rng.Float64()
	for c, share := range shares(weights) {
		k.desk = c
		if pick -= share; pick < 0 {
			break
		}
	}
	return k
}

// shares returns the probabilities that have these logarithms, but for a common term.
func shares(weights [3]float64) [3]float64 {
	sum := 0.0
	for c, w := range weights {
		weights[c] = math.Exp(w)
		sum += weights[c]
	}
	for c := range weights {
		weights[c] /= sum
	}
	return weights
}

// ticketsConfiguration is hindcast.yaml of the tickets.
const ticketsConfiguration = `# Written by hindcast demo. Every key: docs/configuration.md.
version: 1
state:
  url: file://./state
models:
  - name: ticket-desk
    task: multiclass
    schedule: "0 3 * * *"
    predictions:
      url: file://./predictions/dt={date}/*.parquet
      columns:
        id: ticket
        timestamp: predicted_at
        scores: {billing: p_billing, delivery: p_delivery, returns: p_returns}
        model_version: version
    ground_truth:
      url: file://./labels/dt={date}/*.csv
      columns: {id: ticket, label: desk, timestamp: closed_at, ingested_at: loaded_at, op: op}
      delay: 3d
    business_value:                 # of a ticket that is sent to the right desk, or to the wrong one
      - {actual: billing, predicted: billing, value: 1}
      - {actual: delivery, predicted: delivery, value: 1}
      - {actual: returns, predicted: returns, value: 1}
      - {actual: returns, predicted: billing, value: -3}
    metrics: {top_k_accuracy: {k: 2}}
    window: 1d
    reference:
      url: file://./reference.csv
    segments: [channel]
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
