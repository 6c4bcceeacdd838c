package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// The upper limits of numbers, which catch slips of the keyboard.
const (
	mostConcurrency = 1_000
	mostCatchUp     = 10_000
	mostSegments    = 100_000
	mostExactValues = 10_000_000
	mostFor         = 10_000
	mostRolling     = 366
	mostRuns        = 1_000_000
	mostClasses     = 1_000 // as many as summary.Classes tells apart
)

// A model's name goes into object keys, Pushgateway groups (where client_golang
// would turn a space into +) and names of runs; a rule's into object keys and labels.
var (
	modelNamePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)
	ruleNamePattern  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
)

// model reads one model; nil when the value is no mapping.
func (d *decoder) model(v value, dir string) *Model {
	o := d.object(v)
	if !o.ok {
		return nil
	}
	m := &Model{
		Predictions: Predictions{PartitionZone: defaultTimeZone},
		GroundTruth: GroundTruth{PartitionZone: defaultTimeZone},
		baseDir:     dir,
		TimeZone:    defaultTimeZone,
		Window:      defaultWindow,
		WindowZone:  defaultTimeZone,
		CatchUp:     defaultCatchUp,
		Relook:      defaultRelook,
		MaxSegments: defaultMaxSegments,
		MaxBadShare: defaultMaxBadShare,
		Drift:       Drift{Profile: drift.Profile, MinRows: defaultMinRows, ExactValues: defaultExactValues},
	}
	if nv, ok := o.text("name", &m.Name); ok && !modelNamePattern.MatchString(m.Name) {
		d.fail(nv, "a model's name has lower-case letters, digits, '-', '.' and '_', at most 63, and begins and ends with a letter or a digit")
		m.Name = ""
	}
	d.task(o, m)
	d.schedule(o, m)
	if sv, ok := o.get("predictions"); ok {
		d.predictions(sv, m)
	}
	if sv, ok := o.get("ground_truth"); ok {
		d.groundTruth(sv, m)
	}
	d.window(o, m)
	o.count("catch_up", 1, mostCatchUp, &m.CatchUp)
	o.duration("relook", &m.Relook)
	if sv, ok := o.get("reference"); ok {
		d.reference(sv, m)
	}
	if sv, ok := o.get("segments"); ok {
		if names, ok := d.texts(sv, "columns"); ok {
			m.Segments = names
		}
	}
	o.count("max_segments", 1, mostSegments, &m.MaxSegments)
	o.share("max_bad_share", &m.MaxBadShare)
	if sv, ok := o.get("drift"); ok {
		d.drift(sv, m)
	}
	d.kind(o, m)
	d.retrain(o, m)
	if pv, ok := o.get("prometheus"); ok {
		d.queries(pv, m)
		m.queriesAt = o.keyPos("prometheus")
	}
	d.rules(o, m)
	o.need("name", "task", "predictions", "ground_truth")
	o.done()
	return m
}

// window reads the size of the windows and their time zone.
func (d *decoder) window(o *object, m *Model) {
	zone := d.zone(o, "window_time_zone", &m.WindowZone)
	v, given := o.get("window")
	if given {
		s, ok := d.scalar(v, "a window")
		if !ok {
			return
		}
		if s.kind != textScalar && !s.replaced {
			d.fail(v, "the window %s has no unit: want 1h, 1d, 7d, 1mo ...", s.raw)
			return
		}
		m.Window = s.text
	} else if o.has("window") {
		return
	}
	grid, err := groundtruth.ParseGrid(m.Window)
	if meant, ok := meantWindow(m.Window); err != nil && ok {
		d.fail(v, "%q is no window, which is one number with one unit (did you mean %q?)", clip(m.Window), meant)
		return
	}
	if err == nil {
		grid, err = grid.In(zone)
	}
	if err != nil {
		d.fail(v, "%v", err)
		return
	}
	m.grid = grid
}

// predictions reads where the predictions are.
func (d *decoder) predictions(v value, m *Model) {
	o := d.object(v)
	p := &m.Predictions
	o.location("url", dated, &p.URL)
	p.Format = d.format(o)
	o.duration("slack", &p.Slack)
	p.zone = d.partitionZone(o, p.URL, &p.PartitionZone)
	o.boolean("follow_links", &p.FollowLinks)
	if cv, ok := o.get("columns"); ok {
		d.predictionColumns(cv, m)
	}
	p.Features.Auto = true
	if fv, ok := o.get("features"); ok {
		d.features(fv, p)
	}
	if bv, ok := o.belongs("bounds", m, groundtruth.Regression); ok {
		p.Bounds = d.bounds(bv)
	}
	o.need("url", "columns")
	o.done()
}

// bounds reads between which numbers predictions are expected.
func (d *decoder) bounds(v value) *Bounds {
	o := d.object(v)
	if !o.ok {
		return nil
	}
	b := &Bounds{}
	for _, side := range []struct {
		key string
		dst **float64
	}{{"min", &b.Min}, {"max", &b.Max}} {
		if sv, ok := o.get(side.key); ok {
			if f, _, ok := d.number(sv); ok {
				*side.dst = &f
			}
		}
	}
	switch {
	case !o.has("min") && !o.has("max"):
		o.fail("min and max are missing: give one of them, or both")
	case b.Min != nil && b.Max != nil && *b.Min >= *b.Max:
		d.failAt(o.keyPos("max"), join(v.path, "max"), "must be above min, %v, got %v", *b.Min, *b.Max)
	}
	o.done()
	return b
}

// groundTruth reads where the labels are.
func (d *decoder) groundTruth(v value, m *Model) {
	o := d.object(v)
	g := &m.GroundTruth
	o.location("url", dated, &g.URL)
	g.Format = d.format(o)
	o.duration("slack", &g.Slack)
	g.zone = d.partitionZone(o, g.URL, &g.PartitionZone)
	o.boolean("follow_links", &g.FollowLinks)
	o.duration("delay", &g.Delay)
	resolve := string(defaultResolve)
	o.choice("resolve", &resolve, resolutions(), nil)
	g.Resolve = groundtruth.Resolve(resolve)
	if cv, ok := o.get("columns"); ok {
		c := d.object(cv)
		idAt, haveID := c.idColumns("id", &g.Columns.ID)
		labelAt, haveLabel := c.text("label", &g.Columns.Label)
		c.text("timestamp", &g.Columns.Timestamp)
		c.text("ingested_at", &g.Columns.IngestedAt)
		c.text("op", &g.Columns.Op)
		if haveLabel && slices.Contains(g.Columns.ID, g.Columns.Label) {
			d.fail(labelAt, "the column %q is the id; it cannot be the label too", g.Columns.Label)
		}
		if of := m.Predictions.Columns.ID; haveID && len(of) > 0 && len(of) != len(g.Columns.ID) {
			d.fail(idAt, "the ids here have %s, and those of predictions %s: name as many on both sides, in the same order", columnCount(g.Columns.ID), columnCount(of))
		}
		c.need("id", "label")
		c.done()
	}
	if mv, ok := o.get("match"); ok {
		d.match(mv, m)
	}
	o.need("url", "columns")
	o.done()
}

// match reads which labels of an id count for which of its predictions.
func (d *decoder) match(v value, m *Model) {
	o := d.object(v)
	o.positive("within", &m.GroundTruth.Match.Within)
	o.need("within")
	for _, side := range []struct{ path, column string }{
		{"predictions.columns", m.Predictions.Columns.Timestamp},
		{"ground_truth.columns", m.GroundTruth.Columns.Timestamp},
	} {
		if o.has("within") && side.column == "" {
			d.failAt(o.keyPos("within"), join(v.path, "within"), "it compares the times of predictions and labels: map timestamp in %s", side.path)
		}
	}
	o.done()
}

// columnCount says for people how many columns make an id, and which.
func columnCount(id groundtruth.IDColumns) string {
	if len(id) == 1 {
		return "one column (" + id.String() + ")"
	}
	return fmt.Sprintf("%d columns (%s)", len(id), id)
}

// format reads the format of objects.
func (d *decoder) format(o *object) string {
	out := auto
	can, later := formats()
	o.choice("format", &out, can, later)
	return out
}

// reference reads what windows are compared to.
func (d *decoder) reference(v value, m *Model) {
	o := d.object(v)
	if !o.ok {
		return
	}
	r := &Reference{}
	o.location("url", wildcards, &r.URL)
	r.Format = d.format(o)
	o.boolean("follow_links", &r.FollowLinks)
	if cv, ok := o.get("columns"); ok {
		r.Columns = d.referenceColumns(cv, m)
	}
	if pv, ok := o.text("profile", &r.Profile); ok && r.Profile != SavedProfile {
		if err := checkLocation(r.Profile, folder); err != nil {
			d.fail(pv, "%v", err)
		} else if strings.HasSuffix(r.Profile, "/") {
			d.fail(pv, "want the URL of a profile, or the word %s; this is a folder", SavedProfile)
		}
	}
	d.strata(o, r, m)
	if rv, ok := o.get("rolling"); ok {
		r.Rolling = d.rolling(rv, m)
	}
	switch {
	case o.has("url") && o.has("profile"):
		d.failAt(o.keyPos("profile"), join(v.path, "profile"), "url is given too; a reference is rows or a profile, not both")
	case o.has("profile") && o.has("columns"):
		d.failAt(o.keyPos("columns"), join(v.path, "columns"), "a profile has its columns in it; the key belongs to url, from which hindcast baseline made it")
	case o.has("profile") && o.has("format"):
		d.failAt(o.keyPos("format"), join(v.path, "format"), "a profile has no format; it belongs to url")
	case o.has("profile") && o.has("strata"):
		d.failAt(o.keyPos("strata"), join(v.path, "strata"), "a profile has its strata in it; the key belongs to url, from which hindcast baseline made it")
	case !o.has("url") && !o.has("profile"):
		o.fail("url or profile is missing")
	}
	o.done()
	m.Reference = r
}

// strata reads which rows of the reference windows are compared with, once the length of windows
// is known.
func (d *decoder) strata(o *object, r *Reference, m *Model) {
	v, ok := o.get("strata")
	if !ok {
		return
	}
	word := ""
	if !d.choice(v, &word, strata(), nil) || word == auto {
		return
	}
	r.Strata = summary.StrataKind(word)
	d.tellsApart(v, r.Strata, m)
}

// tellsApart refuses a kind of strata that doesn't tell the model's windows apart.
func (d *decoder) tellsApart(v value, kind summary.StrataKind, m *Model) {
	if longest := kind.LongestWindow(); !m.grid.IsZero() && m.grid.Length() >= longest {
		d.fail(v, "%s serves windows shorter than %s, and those of this model are %s: each has all of them; leave the key out, or write none",
			kind, FormatDuration(longest), m.grid)
	}
}

// drift reads how drift is judged.
func (d *decoder) drift(v value, m *Model) {
	o := d.object(v)
	can, later := driftProfiles()
	o.choice("profile", &m.Drift.Profile, can, later)
	if mv, ok := o.get("method"); ok {
		d.driftMethods(mv, m)
	}
	if tv, ok := o.get("threshold"); ok {
		d.driftThreshold(tv, m)
	}
	for _, name := range m.Drift.Methods {
		if measure, _ := drift.Find(name); math.IsNaN(measure.Threshold) && m.Drift.Threshold == nil && m.Drift.Std == nil && !has(m.Drift.Thresholds, name) && !has(m.Drift.Stds, name) {
			o.fail("%s is in the columns' own units and has no threshold of its own: give drift.threshold one, or use %s", name, measure.Instead)
		}
	}
	o.falseDiscoveryRate(&m.Drift.FalseDiscoveryRate)
	o.integer("min_rows", 1, &m.Drift.MinRows)
	o.count("exact_values", 1, mostExactValues, &m.Drift.ExactValues)
	o.done()
}

// falseDiscoveryRate reads a share above 0: 1 corrects nothing.
func (o *object) falseDiscoveryRate(dst **float64) {
	v, ok := o.get("false_discovery_rate")
	if !ok {
		return
	}
	f, s, ok := o.d.number(v)
	switch {
	case ok && !(f > 0 && f <= 1):
		o.d.fail(v, "must be above 0 and at most 1, which corrects nothing, got %s", s.raw)
	case ok:
		*dst = &f
	}
}

// driftMethods reads auto, a measure, or a list of measures.
func (d *decoder) driftMethods(v value, m *Model) {
	can, later := measures()
	if _, isList := v.node.(*ast.SequenceNode); !isList {
		var word string
		if d.choice(v, &word, with(auto, can), later) && word != auto {
			m.Drift.Methods = []string{word}
		}
		return
	}
	items, ok := d.filled(v, "measures")
	if !ok {
		return
	}
	for _, item := range items {
		var word string
		if !d.choice(item, &word, can, later) {
			continue
		}
		if slices.Contains(m.Drift.Methods, word) {
			d.fail(item, "%q is listed twice", word)
			continue
		}
		m.Drift.Methods = append(m.Drift.Methods, word)
	}
}

// stdKey gives a threshold as a number of standard deviations of chance.
const stdKey = "std"

// driftThreshold reads a number, {std: NUMBER}, or a map of these by measure.
func (d *decoder) driftThreshold(v value, m *Model) {
	if !isMapping(v) {
		if f, ok := d.notNegative(v); ok {
			m.Drift.Threshold = &f
		}
		return
	}
	members, ok := d.members(v)
	if !ok {
		return
	}
	if len(members) == 1 && members[0].key == stdKey {
		if f, ok := d.deviations(v, members); ok {
			m.Drift.Std = &f
		}
		return
	}
	can, later := measures()
	if len(members) == 0 {
		d.fail(v, "the map is empty: give it measures or leave the key out")
	}
	for _, mem := range members {
		path := join(v.path, mem.key)
		measure, known := drift.Find(mem.key)
		switch {
		case slices.Contains(later, mem.key):
			d.failAt(mem.pos, path, "%q is not supported by this version; supported: %s", mem.key, strings.Join(can, ", "))
			continue
		case mem.key == stdKey:
			d.failAt(mem.pos, path, "stands alone, for all measures; beside others each has its own, as in {psi: {std: 3}}")
			continue
		case !known:
			d.failAt(mem.pos, v.path, "unknown measure %q%s", clip(mem.key), didYouMean(mem.key, can))
			continue
		case measure.Beside():
		case len(m.Drift.Methods) > 0 && !slices.Contains(m.Drift.Methods, mem.key):
			d.failAt(mem.pos, path, "%s is not among the measures of method, so its threshold would not count", mem.key)
			continue
		case len(m.Drift.Methods) == 0 && !measure.JudgesAuto():
			d.failAt(mem.pos, path, "%s does not judge with method auto, so its threshold would not count: list the measures in method", mem.key)
			continue
		}
		tv, ok := d.resolve(mem.node, path, v.deep)
		if !ok {
			continue
		}
		if !isMapping(tv) {
			f, ok := d.notNegative(tv)
			if ok && measure.Beside() && f > 1 {
				d.fail(tv, "is a share of the rows, at most 1, which no column is above: write 0.05 for 5 %%")
			} else if ok {
				put(&m.Drift.Thresholds, mem.key, f)
			}
		} else if inner, ok := d.members(tv); ok {
			if f, ok := d.deviations(tv, inner); ok {
				put(&m.Drift.Stds, mem.key, f)
			}
		}
	}
}

// put sets a value in a map that may not be there yet.
func put(m *map[string]float64, key string, f float64) {
	if *m == nil {
		*m = map[string]float64{}
	}
	(*m)[key] = f
}

func isMapping(v value) bool {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// notNegative reads a number of at least 0.
func (d *decoder) notNegative(v value) (float64, bool) {
	f, s, ok := d.number(v)
	if ok && !(f >= 0) {
		d.fail(v, "must be at least 0, got %s", s.raw)
		return 0, false
	}
	return f, ok
}

// deviations reads the number of {std: NUMBER}, whose members are given.
func (d *decoder) deviations(v value, members []member) (float64, bool) {
	if len(members) != 1 || members[0].key != stdKey {
		d.fail(v, "want a number or {std: NUMBER}")
		return 0, false
	}
	sv, ok := d.resolve(members[0].node, join(v.path, stdKey), v.deep)
	if !ok {
		return 0, false
	}
	f, s, ok := d.number(sv)
	if ok && !(f > 0) {
		d.fail(sv, "must be above 0, got %s", s.raw)
		return 0, false
	}
	return f, ok
}

// has reports whether a measure has a threshold.
func has(m map[string]float64, key string) bool {
	_, ok := m[key]
	return ok
}
