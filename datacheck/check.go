package datacheck

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
)

// Options say when it is, and bound what is read.
type Options struct {
	Now         time.Time
	MemoryBytes int64 // of the process; default groundtruth.DefaultMemory
	Rows        int64 // of each object, about; default probe.DefaultRows
}

const (
	// headObjects is how many objects are read of predictions and of a reference.
	headObjects = 3
	// labelObjects is how many are read of labels, for those of the predictions that were
	// read may lie in any that came later: all of a month with an object a day.
	labelObjects = 64
	// labelRange is how long after a prediction its label is looked for at least, so that
	// labels later than the configured delay are seen.
	labelRange = 30 * 24 * time.Hour
)

// checker gathers what Check finds of one model.
type checker struct {
	stores *objstore.Opener
	model  *config.Model
	spec   groundtruth.Spec
	opt    Options
	out    *Report

	predictions, labels, reference reading
	usual                          groundtruth.Window // with as many rows as most have
}

// reading is what was read of a source.
type reading struct {
	*Source
	list  *probe.Source // nil where it cannot be listed
	head  *probe.Head   // nil where nothing was read
	roles []role        // of the fields of the head

	misread   bool // its timestamps are no times
	elsewhere bool // what was read of labels is of another time than the predictions
}

// Check looks at the data of a model. It judges and writes nothing. An error is one of ctx;
// what is wrong with the data is in the report.
func Check(ctx context.Context, stores *objstore.Opener, m *config.Model, opt Options) (*Report, error) {
	c := &checker{stores: stores, model: m, spec: m.GroundtruthSpec(), opt: opt, out: &Report{Model: m.Name, Problems: []Problem{}}}
	for _, step := range []func(context.Context) error{c.readPredictions, c.readLabels, c.readReference} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for _, r := range []*reading{&c.predictions, &c.labels, &c.reference} {
		c.columns(r)
	}
	c.classes()
	c.features()
	c.repeats()
	c.blocked()
	c.strata()
	c.times()
	c.ids()
	c.windows()
	if err := c.drift(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.out.Problems, func(a, b Problem) int { return order(a) - order(b) })
	return c.out, nil
}

// order puts errors before warnings.
func order(p Problem) int {
	if p.Severity == Error {
		return 0
	}
	return 1
}

// problem adds a problem of a source; an empty name is of none.
func (c *checker) problem(severity, source, found, do string) {
	c.out.Problems = append(c.out.Problems, Problem{Severity: severity, Source: source, Found: found, Do: do})
}

// find lists a source into r, and of very many objects those of the time also.
func (c *checker) find(ctx context.Context, r *reading, name string, src groundtruth.Source, also groundtruth.Window) error {
	r.Source = &Source{Name: name, URL: source.Shown(src.URL), Read: []Object{}, Columns: []Column{}}
	c.out.Sources = append(c.out.Sources, r.Source)
	list, err := probe.Find(ctx, c.stores, src, c.opt.Now, also)
	if err := ctx.Err(); err != nil {
		return err
	}
	without := ""
	if name == referenceName {
		without = "; " + job.WithoutReference(c.model)
	}
	if err != nil {
		c.problem(Error, name, fmt.Sprintf("they cannot be listed: %v", err), "correct `"+urlKey(name)+"`"+without)
		return nil
	}
	r.list = list
	r.Objects, r.More, r.Bytes, r.Notes = len(list.Objects), list.More, list.Bytes(), list.Notes
	if list.Dated {
		r.First, r.Last = list.First.Format(time.DateOnly), list.Last.Format(time.DateOnly)
	}
	switch {
	case r.Objects == 0:
		c.problem(Error, name, list.Notes[0], "correct `"+urlKey(name)+"`: * stands for any text in a name, ** for any folders, {date} for 2026-01-31"+without)
		r.Notes = nil
	case r.Bytes == 0:
		c.problem(Error, name, fmt.Sprintf("all %d objects are empty", r.Objects), "see that what writes them does")
	}
	return nil
}

// urlKey is the key that names the URL of a source.
func urlKey(name string) string {
	if name == labelsName {
		return "ground_truth.url"
	}
	return name + ".url"
}

// The names of sources, as problems have them.
const (
	predictionsName = "predictions"
	labelsName      = "labels"
	referenceName   = "reference"
)

// read reads the heads of some objects into r.
func (c *checker) read(ctx context.Context, r *reading, objects []source.Object, roles []role) error {
	if len(objects) == 0 {
		return nil
	}
	opt := probe.Options{Rows: c.opt.Rows, MemoryBytes: c.opt.MemoryBytes}
	columns, good, _ := r.list.Look(ctx, objects[:min(len(objects), headObjects)], opt)
	if r.Name != labelsName && len(good) > 0 {
		roles = append(roles, c.featureRoles(columns)...)
	}
	if r.Name == predictionsName && len(good) > 0 && c.spec.PredictionColumns.Entity == "" {
		roles = append(roles, otherRoles(columns, roles)...)
	}
	r.roles = roles
	fields := make([]probe.Field, len(roles))
	for i, role := range roles {
		fields[i] = probe.Field{Name: role.column, Element: role.element, As: role.as, Hash: role.hash, Texts: role.classes, Least: role.least, Most: role.most}
	}
	head, err := r.list.Read(ctx, objects, fields, opt)
	if err != nil {
		return err
	}
	r.head = head
	c.countClasses(r)
	r.Rows, r.BadRows = head.Read, head.Bad
	failed, first := 0, ""
	for _, o := range head.Objects {
		shown := Object{Key: o.Rel, Format: o.Format, Rows: o.HeadInfo.Rows, Whole: o.Whole}
		if o.Err != nil {
			shown.Error = o.Err.Error()
			failed++
			first = cmp.Or(first, shown.Error)
		}
		r.Read = append(r.Read, shown)
	}
	if failed > 0 {
		c.problem(Error, r.Name, fmt.Sprintf("%d of %d objects cannot be read: %s", failed, len(head.Objects), first),
			"mend or remove them, or correct `"+urlKey(r.Name)+"` or `"+columnsKey(r.Name)+"`")
	}
	if at := r.field(keyTimestamp); at >= 0 && r.Name == predictionsName {
		if first, last, ok := head.Span(at); ok {
			r.From, r.To = &first, &last
		}
	}
	return nil
}

// readPredictions reads the oldest, the newest and an object between them.
func (c *checker) readPredictions(ctx context.Context) error {
	r := &c.predictions
	if err := c.find(ctx, r, predictionsName, c.spec.Predictions, groundtruth.Window{}); err != nil || r.list == nil {
		return err
	}
	p := c.spec.PredictionColumns
	roles := append(idRoles(p.ID, true), role{key: keyTimestamp, column: p.Timestamp, as: table.AsTime, required: true})
	roles = append(append(roles, c.valueRoles(&p)...), []role{
		{key: keyVersion, column: p.ModelVersion, as: table.AsText, required: true},
		{key: keyEntity, column: p.Entity, as: table.AsText, required: true},
	}...)
	return c.read(ctx, r, r.list.Spread(headObjects), append(roles, c.segmentRoles()...))
}

// readLabels reads the objects that may hold the labels of one of the objects of predictions.
func (c *checker) readLabels(ctx context.Context) error {
	r := &c.labels
	within, timed := c.labelsWithin()
	if err := c.find(ctx, r, labelsName, c.spec.Labels, within); err != nil || r.list == nil {
		return err
	}
	l := c.spec.LabelColumns
	roles := append(idRoles(l.ID, true), []role{
		c.classRole(keyLabel, l.Label),
		{key: keyTimestamp, column: l.Timestamp, as: table.AsTime, required: true},
		{key: keyIngested, column: l.IngestedAt, as: table.AsTime, required: true},
		{key: keyOp, column: l.Op, as: table.AsText, required: true},
	}...)
	objects := r.list.Spread(headObjects)
	near := r.list.After(within.Start, within.End, labelObjects)
	switch {
	case timed && len(near) > 0:
		objects = near
	case !r.list.Dated:
		objects = r.list.Spread(labelObjects)
	case timed && r.Bytes > 0:
		r.elsewhere = true
		zone := c.spec.Labels.PartitionZone
		c.problem(Warning, labelsName, fmt.Sprintf("no object is of %s to %s, where labels of the predictions that were looked at may lie; there are those of %s to %s",
			zone.Wall(within.Start).Format(time.DateOnly), zone.Wall(within.End.Add(-1)).Format(time.DateOnly), r.First, r.Last), "see whether labels of that time are written, and whether `ground_truth.url` finds them")
	}
	return c.read(ctx, r, objects, roles)
}

// labelsWithin returns the time in which the labels of the predictions that are looked at are
// looked for, as the dates of their objects go.
func (c *checker) labelsWithin() (groundtruth.Window, bool) {
	w, ok := c.looked()
	if !ok {
		return w, false
	}
	slack := c.spec.Labels.Slack
	return groundtruth.Window{Start: w.Start.Add(-slack), End: w.End.Add(max(4*c.model.GroundTruth.Delay, labelRange) + slack)}, true
}

// looked returns the time of the predictions whose labels are looked for.
func (c *checker) looked() (groundtruth.Window, bool) {
	at, ok := c.lookedObject()
	if !ok {
		return groundtruth.Window{}, false
	}
	o := c.predictions.head.Objects[at]
	if o.HasSpan {
		return groundtruth.Window{Start: o.Span.Start.Add(-c.spec.Predictions.Slack), End: o.Span.End.Add(c.spec.Predictions.Slack)}, true
	}
	var w groundtruth.Window
	rows, field := &c.predictions.head.Rows, c.predictions.field(keyTimestamp)
	if field < 0 {
		return w, false
	}
	for i, of := range rows.Object {
		if t := rows.Times[field][i]; int(of) == at && t != probe.NoTime {
			moment := time.Unix(0, t).UTC()
			if w.Start.IsZero() || moment.Before(w.Start) {
				w.Start = moment
			}
			if moment.After(w.End) {
				w.End = moment
			}
		}
	}
	return w, !w.Start.IsZero()
}

// lookedObject returns which object of the predictions is the one whose labels are looked for:
// the newest of those read whose labels have had much time to come, else the oldest.
func (c *checker) lookedObject() (at int, ok bool) {
	if c.predictions.head == nil {
		return 0, false
	}
	for i, o := range c.predictions.head.Objects {
		if o.Err != nil || o.HeadInfo.Rows == 0 {
			continue
		}
		if !ok || o.HasSpan && o.Span.End.Add(c.model.GroundTruth.Delay).Before(c.opt.Now) && i < len(c.predictions.head.Objects)-1 {
			at, ok = i, true
		}
	}
	return at, ok
}

// readReference reads the rows of a reference, where it has some.
func (c *checker) readReference(ctx context.Context) error {
	r, m := &c.reference, c.model
	switch {
	case m.Reference == nil:
		c.out.Reference = "there is none, so that nothing is said of drift"
		return nil
	case m.Reference.URL == "":
		c.out.Reference = "it is a saved profile, which has no rows"
		return nil
	}
	if err := c.find(ctx, r, referenceName, c.spec.Reference, groundtruth.Window{}); err != nil || r.list == nil {
		return err
	}
	p := c.spec.ColumnsOfReference()
	roles := append(idRoles(p.ID, false), role{key: keyTimestamp, column: p.Timestamp, as: table.AsTime})
	roles = append(append(roles, c.valueRoles(&p.PredictionColumns)...), []role{
		{key: keyVersion, column: p.ModelVersion, as: table.AsText},
		{key: keyEntity, column: p.Entity, as: table.AsText},
		c.classRole(keyLabel, p.Label),
	}...)
	return c.read(ctx, r, r.list.Spread(headObjects), append(roles, c.segmentRoles()...))
}
