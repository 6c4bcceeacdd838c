package drift

import (
	"github.com/hindcast/hindcast/groundtruth"
)

// Prospects says what is known of a model's drift before a window is read, so that a rule
// that waits for what never comes can be refused. The zero value knows nothing.
type Prospects struct {
	Options Options
	// Features are the columns whose drift is counted, each with its kind, and Absent where
	// that is not known. It is nil where it is not known which they are.
	Features map[string]groundtruth.Kind
}

// kind returns the kind of a column, Absent where it is not known, and false where there is
// no such column.
func (p *Prospects) kind(column string) (kind groundtruth.Kind, there bool) {
	if Reserved(column) {
		return groundtruth.Number, true
	}
	kind, there = p.Features[column]
	return kind, there || p.Features == nil
}

// NeverDrifted says why no window tells of a column whether it drifted, and nothing where one
// may.
func (p *Prospects) NeverDrifted(column string) string {
	kind, there := p.kind(column)
	switch {
	case !there:
		return "no feature is called that"
	case kind == groundtruth.Absent:
		return ""
	}
	return p.Options.Unfit(kind)
}

// NeverMeasured says why a measure has a value in no window, and nothing where it may have one.
func (p *Prospects) NeverMeasured(column, measure string) string {
	kind, there := p.kind(column)
	s, _ := Find(measure)
	switch {
	case !there:
		return "no feature is called that"
	case kind == groundtruth.Text && s.OfNumbers():
		return measure + " compares numbers"
	}
	return ""
}

// NeverCounted says why no window has a share of columns that drifted, and nothing where one
// may.
func (p *Prospects) NeverCounted() string {
	if p.Features == nil {
		return ""
	}
	why := "no column is a feature"
	for _, kind := range p.Features {
		if kind == groundtruth.Absent {
			return ""
		}
		if why = p.Options.Unfit(kind); why == "" {
			return ""
		}
	}
	return why
}
