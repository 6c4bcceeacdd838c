package groundtruth_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// scoredRow is a row of a log whose model says yes or no: a score, the class that it
// chose, and a weight. The label is the class that it was.
type scoredRow struct {
	score, weight float64
	class, label  string // no label is ""
}

// scoredScan stands for a scan of such a log.
type scoredScan []scoredRow

// send sends all rows as one batch, and those with a label as matches. The prediction
// and the label are the scores' and labels' numbers.
func (s scoredScan) send(sink groundtruth.Sink) {
	var b groundtruth.Batch
	var m groundtruth.Matches
	b.Columns, m.Columns = s.columns(), slices.DeleteFunc(slices.Clone(s), func(r scoredRow) bool { return r.label == "" }).columns()
	for _, r := range s {
		b.Len++
		b.Predictions = append(b.Predictions, r.score)
		if r.label != "" {
			m.Len++
			m.Predictions = append(m.Predictions, r.score)
			m.Labels = append(m.Labels, map[string]float64{"yes": 1}[r.label])
		}
	}
	sink.AddPredictions(&b)
	sink.AddMatches(&m)
}

// columns are the numbers and texts beside the score.
func (s scoredScan) columns() []groundtruth.Column {
	dict := []string{"no", "yes"}
	class := groundtruth.Column{Name: "class", Kind: groundtruth.Text, Dict: dict}
	weight := groundtruth.Column{Name: "weight", Kind: groundtruth.Number}
	for _, r := range s {
		class.Codes = append(class.Codes, uint32(slices.Index(dict, r.class)))
		class.Valid = append(class.Valid, true)
		weight.Floats = append(weight.Floats, r.weight)
		weight.Valid = append(weight.Valid, r.weight > 0)
	}
	return []groundtruth.Column{class, weight}
}

// confusion is a Sink that adds the weights up by class and label.
type confusion struct {
	chosen map[string]float64
	pairs  map[[2]string]float64
}

func column(columns []groundtruth.Column, name string) *groundtruth.Column {
	i := slices.IndexFunc(columns, func(c groundtruth.Column) bool { return c.Name == name })
	return &columns[i]
}

// row returns the class and the weight of a row; without a weight it counts once.
func row(columns []groundtruth.Column, i int) (class string, weight float64) {
	c, w := column(columns, "class"), column(columns, "weight")
	weight = 1
	if w.Valid[i] {
		weight = w.Floats[i]
	}
	return c.Dict[c.Codes[i]], weight
}

func (c *confusion) AddPredictions(b *groundtruth.Batch) {
	for i := range b.Len {
		class, weight := row(b.Columns, i)
		c.chosen[class] += weight
	}
}

func (c *confusion) AddMatches(m *groundtruth.Matches) {
	for i := range m.Len {
		class, weight := row(m.Columns, i)
		label := "no"
		if m.Labels[i] == 1 {
			label = "yes"
		}
		c.pairs[[2]string{class, label}] += weight
	}
}

func (c *confusion) ResetPredictions() { clear(c.chosen) }

// TestRowsCarryMoreThanOneNumber sends what a classifier's rows have through a Sink.
func TestRowsCarryMoreThanOneNumber(t *testing.T) {
	rows := scoredScan{
		{score: 0.9, weight: 2, class: "yes", label: "yes"}, {score: 0.6, weight: 0.5, class: "yes", label: "no"},
		{score: 0.2, class: "no", label: "no"}, {score: 0.1, weight: 4, class: "no"},
	}
	c := &confusion{chosen: map[string]float64{}, pairs: map[[2]string]float64{}}
	rows.send(c)
	if want := (map[string]float64{"yes": 2.5, "no": 5}); !maps.Equal(c.chosen, want) {
		t.Errorf("chosen %v, want %v", c.chosen, want)
	}
	if want := (map[[2]string]float64{{"yes", "yes"}: 2, {"yes", "no"}: 0.5, {"no", "no"}: 1}); !maps.Equal(c.pairs, want) {
		t.Errorf("confusion %v, want %v", c.pairs, want)
	}
}
