package join

import "github.com/hindcast/hindcast/groundtruth"

// matchBytes is what the numbers that matches have beside predictions and labels may take, so
// that of models with very many classes fewer rows are sent at a time.
const matchBytes = 4 << 20

// prepareFurther makes the columns that matches have beside predictions and labels.
func (w *joinWorker) prepareFurther() {
	o, l, p := &w.out, w.layout, &w.spec.PredictionColumns
	w.rows = matchRows
	if l.numbers > 0 {
		w.rows = max(min(matchRows, matchBytes/(valueBytes*l.numbers)), 1)
	}
	w.further = l.numbers > 0 || l.positiveAt > 0 || w.classes != nil
	switch w.spec.Task {
	case groundtruth.Binary:
		o.Positive = []bool{}
	case groundtruth.Multiclass:
		o.Class = groundtruth.Column{Name: p.Prediction, Kind: groundtruth.Text, Dict: w.classes.texts}
		o.LabelClass = groundtruth.Column{Name: w.spec.LabelColumns.Label, Kind: groundtruth.Text, Dict: w.classes.texts}
		if len(p.Scores) > 0 {
			o.Scores = make([][]float64, len(p.Scores))
		}
	default:
		if len(p.Quantiles) > 0 {
			o.Quantiles = make([][]float64, len(p.Quantiles))
		}
	}
	if p.Weight != "" {
		o.Weights = []float64{}
	}
}

// appendFurther appends to the matches what was predicted, the label and what there is beside.
func (w *joinWorker) appendFurther(rec []byte, label float64) {
	o, l := &w.out, w.layout
	if w.classes != nil {
		w.classes.appendTo(&o.Class, uint32(getValue(rec))+1)
		w.classes.appendTo(&o.LabelClass, uint32(label)+1)
	} else {
		o.Predictions = append(o.Predictions, getValue(rec))
		o.Labels = append(o.Labels, label)
	}
	if l.positiveAt > 0 {
		o.Positive = append(o.Positive, l.positive(rec))
	}
	next := 0
	for _, columns := range [...][][]float64{o.Scores, o.Quantiles} {
		for k := range columns {
			columns[k] = append(columns[k], l.number(rec, next))
			next++
		}
	}
	if o.Weights != nil {
		o.Weights = append(o.Weights, l.number(rec, next))
	}
}

// emptyFurther empties these columns and keeps their memory.
func (w *joinWorker) emptyFurther() {
	o := &w.out
	o.Positive, o.Weights = o.Positive[:0], o.Weights[:0]
	emptyColumn(&o.Class)
	emptyColumn(&o.LabelClass)
	for _, columns := range [...][][]float64{o.Scores, o.Quantiles} {
		for k := range columns {
			columns[k] = columns[k][:0]
		}
	}
}
