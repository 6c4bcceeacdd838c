package config

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/hindcast/hindcast/groundtruth"
)

// idColumns reads the column of an id, or a list of those that make it, into dst.
func (o *object) idColumns(key string, dst *groundtruth.IDColumns) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	if _, isList := v.node.(*ast.SequenceNode); !isList {
		name, ok := o.d.text(v)
		if ok {
			*dst = groundtruth.IDColumns{name}
		}
		return v, ok
	}
	names, ok := o.d.texts(v, "columns")
	if ok && len(names) == 0 {
		o.d.fail(v, "the list is empty: give it columns")
	}
	*dst = names
	return v, ok && len(names) > 0
}

// idColumnsOrNone reads what idColumns does, or "" for no column.
func (o *object) idColumnsOrNone(key string, dst *groundtruth.IDColumns) (value, bool) {
	if v, ok := o.get(key); ok && isEmptyText(v) {
		*dst = nil
		return v, true
	}
	return o.idColumns(key, dst)
}

// isEmptyText reports whether a value is "", which stands for none where that may be.
func isEmptyText(v value) bool {
	s, isText := v.node.(*ast.StringNode)
	return isText && s.Value == ""
}

// textOrNone reads text into dst that may be empty, as "" is where it stands for none.
func (o *object) textOrNone(key string, dst *string) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	if isEmptyText(v) {
		*dst = ""
		return v, true
	}
	s, ok := o.d.text(v)
	if ok {
		*dst = s
	}
	return v, ok
}

// predictionColumns reads the names of the log's columns.
func (d *decoder) predictionColumns(v value, m *Model) {
	o := d.object(v)
	c := &m.Predictions.Columns
	o.idColumns("id", &c.ID)
	o.text("timestamp", &c.Timestamp)
	o.text("prediction", &c.Prediction)
	o.text("model_version", &c.ModelVersion)
	d.entity(o, c)
	before := append(c.roles(), role{"entity", c.Entity})
	if sv, ok := o.belongs("score", m, groundtruth.Binary); ok {
		if name, ok := d.text(sv); ok {
			c.Score = name
			d.notMapped(sv, name, before)
		}
	}
	if sv, ok := o.belongs("scores", m, groundtruth.Multiclass); ok {
		c.Scores = d.scores(sv)
		for _, s := range c.Scores {
			d.notMapped(sv, s.Column, before)
		}
	}
	if qv, ok := o.belongs("quantiles", m, groundtruth.Regression); ok {
		c.Quantiles = d.quantiles(qv)
		for _, q := range c.Quantiles {
			d.notMapped(qv, q.Column, before)
		}
	}
	if wv, ok := o.text("weight", &c.Weight); ok {
		d.notMapped(wv, c.Weight, c.roles())
	}
	o.need("id")
	switch {
	case !o.ok, m.noTask, o.has("prediction"), o.has("score") && m.Task == groundtruth.Binary, o.has("scores") && m.Task == groundtruth.Multiclass:
	case m.Task == groundtruth.Binary:
		o.fail("prediction or score is missing: the predicted class, or the probability of the positive one")
	case m.Task == groundtruth.Multiclass:
		o.fail("prediction or scores is missing: the predicted class, or the probabilities of all")
	default:
		o.fail("prediction is missing")
	}
	o.done()
}

// role is what a column of a log is.
type role struct{ name, column string }

// roles lists what the columns are whose values are no feature.
func (c *PredictionColumns) roles() []role {
	var out []role
	for _, column := range c.ID {
		out = append(out, role{"id", column})
	}
	out = append(out, role{"timestamp", c.Timestamp}, role{"prediction", c.Prediction}, role{"model_version", c.ModelVersion}, role{"score", c.Score})
	for _, s := range c.Scores {
		out = append(out, role{"score of a class", s.Column})
	}
	for _, q := range c.Quantiles {
		out = append(out, role{"quantile " + formatFloat(q.Q), q.Column})
	}
	return out
}

// notMapped refuses for a score, a quantile or a weight a column that was mapped before.
func (d *decoder) notMapped(v value, column string, before []role) {
	if i := slices.IndexFunc(before, func(r role) bool { return r.column == column }); i >= 0 {
		d.fail(v, "the column %q is the %s", clip(column), before[i].name)
	}
}

// entity reads the column whose values rows share that are about one thing. An entity of one
// row each says nothing, and one that is the prediction is a mistake.
func (d *decoder) entity(c *object, p *PredictionColumns) {
	v, ok := c.text("entity", &p.Entity)
	if !ok {
		return
	}
	switch {
	case len(p.ID) == 1 && p.ID[0] == p.Entity:
		d.fail(v, "the column %q is the id, which tells each row from the others; name the column of what rows are about, such as a customer, or leave entity out", p.Entity)
	case p.Entity == p.Prediction, p.Entity == p.Timestamp:
		d.fail(v, "the column %q is mapped already; name the column of what rows are about, such as a customer", p.Entity)
	}
}

// features reads auto or a list of columns.
func (d *decoder) features(v value, p *Predictions) {
	if _, isList := v.node.(*ast.SequenceNode); !isList {
		var word string
		d.choice(v, &word, []string{auto}, nil)
		return
	}
	names, ok := d.texts(v, "columns")
	if !ok {
		return
	}
	items, _ := d.list(v, "columns") // one for each name: every one was text
	roles := p.Columns.roles()
	for i, name := range names {
		if r := slices.IndexFunc(roles, func(r role) bool { return r.column == name }); r >= 0 {
			d.fail(items[i], "the column %q is the %s; it cannot be a feature too", name, roles[r].name)
		}
	}
	p.Features = Features{Columns: names}
}

// referenceColumns reads the names of the reference's columns, where these differ from
// those of predictions and ground truth, which have been read.
func (d *decoder) referenceColumns(v value, m *Model) *ReferenceColumns {
	o := d.object(v)
	p := m.Predictions.Columns
	c := &ReferenceColumns{
		ID: p.ID, Timestamp: p.Timestamp, Prediction: p.Prediction, ModelVersion: p.ModelVersion, Entity: p.Entity, Label: m.GroundTruth.Columns.Label,
		Score: p.Score, Scores: p.Scores, Quantiles: p.Quantiles, Weight: p.Weight,
	}
	feature := func(v value, column, key string) {
		if column != "" && slices.Contains(m.Predictions.Features.Columns, column) {
			d.fail(v, "the column %q is a feature, in predictions.features; it cannot be the %s of the reference too", column, key)
		}
	}
	if iv, given := o.idColumnsOrNone("id", &c.ID); given {
		for _, column := range c.ID {
			feature(iv, column, "id")
		}
	}
	for _, key := range []struct {
		name string
		to   *string
	}{{"timestamp", &c.Timestamp}, {"prediction", &c.Prediction}, {"model_version", &c.ModelVersion}, {"entity", &c.Entity}, {"label", &c.Label}, {"weight", &c.Weight}} {
		if kv, given := o.textOrNone(key.name, key.to); given {
			feature(kv, *key.to, key.name)
		}
	}
	if _, ok := o.belongs("score", m, groundtruth.Binary); ok {
		if kv, given := o.textOrNone("score", &c.Score); given {
			feature(kv, c.Score, "score")
			if c.Score != "" && p.Score == "" {
				d.fail(kv, "predictions.columns.score is not there: the reference's serves to compare with")
			}
		}
	}
	if sv, ok := o.belongs("scores", m, groundtruth.Multiclass); ok {
		c.Scores = d.scoresOfReference(sv, p.Scores)
	}
	if qv, ok := o.belongs("quantiles", m, groundtruth.Regression); ok {
		c.Quantiles = d.quantilesOfReference(qv, p.Quantiles)
	}
	if c.Label != "" && c.Label == c.Prediction {
		o.fail("the column %q cannot be both the prediction and the label", c.Label)
	}
	if c.Label != "" && c.Label == c.Score {
		o.fail("the column %q cannot be both the score and the label", c.Label)
	}
	o.done()
	return c
}
