package datacheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/job"
)

// features says what is wrong with the features: those of the reference are compared, where
// there is one.
func (c *checker) features() {
	r := &c.reference
	if r.head == nil {
		r = &c.predictions
	}
	if r.head == nil || r.head.Read == 0 {
		return
	}
	c.wantedFeatures(r)
	for i := range r.head.Fields {
		if field := &r.head.Fields[i]; r.roles[i].key == useFeature {
			c.leftOut(r, field)
		}
	}
	// Where a mapped column is missing, what is a feature is not known.
	if r == &c.reference && c.predictions.head != nil && c.predictions.head.Read > 0 && c.reference.complete() && c.predictions.complete() {
		c.sameFeatures()
	}
}

// wantedFeatures looks for the features that the configuration names.
func (c *checker) wantedFeatures(r *reading) {
	for _, name := range c.model.Predictions.Features.Columns {
		if !hasColumn(r, name) {
			c.problem(Error, r.Name, fmt.Sprintf("there is no column %s, which predictions.features names%s", table.Quote(name), c.hints(r, role{})),
				"correct predictions.features, or leave it out so that all columns that are not mapped are features")
		}
	}
	_, reserved := job.Features(c.model, r.head.Columns)
	for _, name := range reserved {
		if !c.model.Predictions.Features.Auto {
			c.problem(Error, r.Name, fmt.Sprintf("feature %s has the name under which the mapped column is reported", table.Quote(name)), "rename it in the log")
		}
	}
}

func hasColumn(r *reading, name string) bool {
	for _, info := range r.head.Columns {
		if info.Name == name {
			return true
		}
	}
	return false
}

// leftOut marks a feature that can tell nothing, as far as the records read show.
func (c *checker) leftOut(r *reading, field *probe.Column) {
	if !c.model.Predictions.Features.Auto || field.Rows == 0 {
		return
	}
	why := ""
	switch {
	case field.Known() == 0:
		why = "no value in the rows"
	case field.As == table.AsNumber && field.Min == field.Max && field.Known() == field.Rows, field.Distinct == 1 && field.Known() == field.Rows:
		why = "constant in the rows"
	case field.As == table.AsText && int64(field.Distinct) > field.Rows/2:
		why = "text, most values differ in the rows"
	}
	if why == "" {
		return
	}
	r.leaveOut(field.Name, why+" read")
}

// leaveOut marks a feature that is left out.
func (r *reading) leaveOut(name, why string) {
	if at := slices.IndexFunc(r.Columns, func(shown Column) bool { return shown.Name == name }); at >= 0 {
		uses, _, _ := strings.Cut(r.Columns[at].Use, useFeature)
		uses, _, _ = strings.Cut(uses, leftOut)
		r.Columns[at].Use = uses + leftOut + why
	}
}

// leftOut begins the use of a column that is no feature.
const leftOut = "left out: "

// sameFeatures compares the features of the reference with the columns of the predictions.
func (c *checker) sameFeatures() {
	kinds := map[string]groundtruth.Kind{}
	for _, info := range c.predictions.head.Columns {
		kinds[info.Name] = info.Kind
	}
	var lacking, differ []string
	features, _ := job.Features(c.model, c.reference.head.Columns)
	for _, f := range features {
		switch kind, ok := kinds[f.Name]; {
		case !ok:
			lacking = append(lacking, f.Name)
		case f.Kind == groundtruth.Number && kind != groundtruth.Number && c.predictions.hasValues(f.Name):
			differ = append(differ, f.Name)
		}
	}
	if len(lacking) > 0 {
		c.problem(Warning, referenceName, fmt.Sprintf("the predictions lack %d of the %d features of the reference: %s", len(lacking), len(features), table.QuoteNames(lacking)),
			"log them, or name the features in predictions.features; until then they count as missing in every window")
	}
	if len(differ) > 0 {
		c.problem(Warning, referenceName, fmt.Sprintf("%s: numbers in the reference and not in the predictions", table.QuoteNames(differ)), "write them alike on both sides")
	}
}

// hasValues reports whether a feature has values that were read; without any, its kind is not
// known.
func (r *reading) hasValues(name string) bool {
	at := slices.IndexFunc(r.roles, func(o role) bool { return o.key == useFeature && o.column == name })
	return at >= 0 && r.head.Fields[at].Known() > 0
}

// complete reports whether the columns that a run needs are all there.
func (r *reading) complete() bool {
	for i, role := range r.roles {
		if role.required && role.column != "" && !r.head.Fields[i].There {
			return false
		}
	}
	return true
}
