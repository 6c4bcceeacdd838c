package datacheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/job"
)

// role is what a column of a source is used for.
type role struct {
	key      string              // that maps it, or useFeature or useSegment
	column   string              // empty where it is not mapped
	element  groundtruth.Element // of the column's values, where they are maps or lists
	as       table.As
	required bool // a run fails without the column
	hash     bool // its values are looked at for repeated rows
	classes  bool // its values are classes, which are counted
	// least and most bound a number; both are 0 where any number may be.
	least, most float64
}

// The keys below columns that map a column, and the other uses of one.
const (
	keyID         = "id"
	keyTimestamp  = "timestamp"
	keyPrediction = "prediction"
	keyScore      = "score"
	keyScores     = "scores"
	keyQuantiles  = "quantiles"
	keyWeight     = "weight"
	keyVersion    = "model_version"
	keyEntity     = "entity"
	keyLabel      = "label"
	keyIngested   = "ingested_at"
	keyOp         = "op"

	useFeature = "feature"
	useSegment = "segment"
	useNone    = "" // of a column that may tell entities apart
)

const (
	// mostFeatures is of how many features values are read.
	mostFeatures = 100
	// mostColumns is how many columns of a source are listed.
	mostColumns = 200
	// mostScores is of how many classes, and of how many quantiles, the numbers are read.
	mostScores = 100
)

// columnsKey is the key that maps the columns of a source.
func columnsKey(source string) string {
	if source == labelsName {
		return "ground_truth.columns"
	}
	return "predictions.columns"
}

// keyOf is the key that maps a column of a role, as the file has it.
func (c *checker) keyOf(source string, r role) string {
	switch {
	case r.key == useSegment:
		return "segments"
	case r.key == useFeature:
		return "predictions.features"
	case source == referenceName && c.spec.ReferenceColumns != nil:
		return "reference.columns." + r.key
	case r.key == keyLabel:
		return columnsKey(labelsName) + "." + r.key
	}
	return columnsKey(source) + "." + r.key
}

// keyToSet is the key by which another column can be mapped: a reference may have columns of
// its own.
func (c *checker) keyToSet(source string, r role) string {
	if source == referenceName && r.key != useSegment && r.key != useFeature {
		return "reference.columns." + r.key
	}
	return c.keyOf(source, r)
}

// field returns which field of the head has a role, -1 where none has.
func (r *reading) field(key string) int {
	if r.head == nil {
		return -1
	}
	return slices.IndexFunc(r.roles, func(o role) bool { return o.key == key && o.column != "" })
}

// column returns what is known of the column of a role; nil where there is none.
func (r *reading) column(key string) *probe.Column {
	if at := r.field(key); at >= 0 && r.head.Fields[at].There {
		return &r.head.Fields[at]
	}
	return nil
}

// idRoles are the columns that make an id.
func idRoles(names groundtruth.IDColumns, required bool) []role {
	var out []role
	for _, name := range names {
		out = append(out, role{key: keyID, column: name, as: table.AsID, required: required})
	}
	return out
}

// hasIDs reports whether the columns that make an id are all there.
func (r *reading) hasIDs() bool {
	for i, role := range r.roles {
		if role.key == keyID && !r.head.Fields[i].There {
			return false
		}
	}
	return r.field(keyID) >= 0
}

// segmentRoles are the columns that metrics are told apart by.
func (c *checker) segmentRoles() []role {
	var out []role
	for _, name := range c.spec.Segments {
		out = append(out, role{key: useSegment, column: name, as: table.AsText})
	}
	return out
}

// featureRoles are the columns that are features.
func (c *checker) featureRoles(columns []format.ColumnInfo) []role {
	features, _ := job.Features(c.model, columns)
	var out []role
	for i, f := range features[:min(len(features), mostFeatures)] {
		as := table.AsNumber
		if f.Kind == groundtruth.Text {
			as = table.AsText
		}
		out = append(out, role{key: useFeature, column: f.Name, as: as, hash: i < mostHashed})
	}
	return out
}

// kindName is what people call a kind.
func kindName(k groundtruth.Kind) string {
	switch k {
	case groundtruth.Number:
		return "number"
	case groundtruth.Time:
		return "time"
	}
	return "text"
}

// columns lists the columns of a source, and says what is wrong with those that are mapped.
func (c *checker) columns(r *reading) {
	if r.head == nil {
		return
	}
	kinds := map[string]string{}
	for _, info := range r.head.Columns {
		kinds[info.Name] = kindName(info.Kind)
	}
	listed := map[string]bool{}
	told := map[string]bool{} // what is wrong with one of many scores is mostly wrong with all
	if bad := share(r.head.Bad, r.head.Read); bad > c.spec.MaxBadShare {
		c.problem(Error, r.Name, fmt.Sprintf("%s of %d records are malformed", Percent(bad), r.head.Read),
			fmt.Sprintf("mend them; a run fails above max_bad_share %g", c.spec.MaxBadShare))
	}
	for i := range r.head.Fields {
		field, role := &r.head.Fields[i], r.roles[i]
		if field.Name == "" || role.key == useNone {
			continue
		}
		listed[field.Name] = true
		shown := Column{Name: field.Name, Use: role.key, There: field.There, Kind: kinds[field.Name], Example: table.Sample(field.Example)}
		if field.There && field.Rows > 0 {
			missing, bad := stat.Number(share(field.Missing, field.Rows)), stat.Number(share(field.Bad, field.Rows))
			shown.Missing, shown.Bad = &missing, &bad
			if shown.Example == "" {
				shown.Example = table.Sample(field.BadExample)
			}
		}
		also := slices.IndexFunc(r.Columns, func(other Column) bool { return other.Name == field.Name })
		switch {
		case also >= 0 && role.element != (groundtruth.Element{}): // another one of the same
		case also >= 0:
			r.Columns[also].Use += ", " + role.key
		case field.There || role.required:
			r.Columns = append(r.Columns, shown)
		}
		if !told[role.key] {
			told[role.key] = c.column(r, field, role) && (role.key == keyScores || role.key == keyQuantiles)
		}
	}
	_, reserved := job.Features(c.model, r.head.Columns)
	for _, info := range r.head.Columns {
		if listed[info.Name] {
			continue
		}
		if len(r.Columns) >= mostColumns {
			r.Hidden++
			continue
		}
		r.Columns = append(r.Columns, Column{Name: info.Name, Use: c.unused(r, info, reserved), There: true, Kind: kinds[info.Name]})
	}
}

// share is a part of a whole, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// unused says why a column is used for nothing.
func (c *checker) unused(r *reading, info format.ColumnInfo, reserved []string) string {
	wanted := c.model.Predictions.Features
	switch {
	case r.Name == labelsName:
		return "not used"
	case slices.Contains(reserved, info.Name):
		return leftOut + "a mapped column is reported under this name"
	case r.holds(info.Name):
		return keyScores
	case !wanted.Auto:
		return "not used: not among predictions.features"
	case info.Kind == groundtruth.Time:
		return leftOut + "times are no features"
	}
	return "feature, not read"
}

// column says what is wrong with a column that is used, and reports whether anything is.
func (c *checker) column(r *reading, field *probe.Column, role role) bool {
	before := len(c.out.Problems)
	c.judge(r, field, role)
	return len(c.out.Problems) > before
}

// judge says what is wrong with a column that is used.
func (c *checker) judge(r *reading, field *probe.Column, role role) {
	key := c.keyOf(r.Name, role)
	objects := len(r.head.Objects)
	read := int64(0)
	for _, o := range r.head.Objects {
		read += o.HeadInfo.Rows
	}
	if read == 0 || role.key == useFeature {
		return
	}
	severity := Warning
	if role.required {
		severity = Error
	}
	switch {
	case !field.There && r == &c.reference && c.lackedAlready(role):
		return
	case !field.There:
		if role.required || role.key == useSegment {
			c.problem(severity, r.Name, fmt.Sprintf("there is no column %s, which %s names%s", table.Quote(field.Name), key, c.hints(r, role)), c.meant(r, role, key)+orNone(r, role))
		}
		return
	case field.Lacking > 0 && role.required:
		c.problem(severity, r.Name, fmt.Sprintf("column %s, which %s names, is not in %d of %d objects that were read", table.Quote(field.Name), key, field.Lacking, objects),
			"write it into all objects, or keep the others out of `"+urlKey(r.Name)+"`")
	}
	unusable := field.Bad
	switch role.key {
	case keyID, keyPrediction, keyScore, keyScores, keyQuantiles, keyWeight:
		unusable += field.Missing
	case keyTimestamp:
		if r.Name == predictionsName {
			unusable += field.Missing
		}
	}
	most := c.spec.MaxBadShare
	switch bad := share(unusable, field.Rows); {
	case bad > most:
		found := fmt.Sprintf("column %s, which %s names, has no usable value in %s of %d records", table.Quote(field.Name), key, Percent(bad), field.Rows)
		if field.Bad > 0 {
			found += fmt.Sprintf("; the first that is no %s is %s", c.wantedName(role), table.Quote(field.BadExample))
		} else {
			found += "; " + r.empty(role)
		}
		do := fmt.Sprintf("mend the data%s; a run fails above max_bad_share %g", orMeant(c.meant(r, role, "")), most)
		if role.element.Key != "" && field.Bad == 0 {
			do = fmt.Sprintf("name classes in `%s` as the maps have them, or mend the data; a run fails above max_bad_share %g", key, most)
		}
		if write := c.toWrite(r, field, role); field.Bad > 0 && write != "" {
			do = fmt.Sprintf("%s%s; a run fails above max_bad_share %g", write, orMeant(c.meant(r, role, "")), most)
		}
		c.problem(Error, r.Name, found, do)
	case role.key == keyLabel && field.Known() == 0:
		c.problem(Error, r.Name, fmt.Sprintf("column %s, which %s names, is empty in all %d records", table.Quote(field.Name), key, field.Rows),
			"name the labels' column by `"+key+"`"+orMeant(c.meant(r, role, "")))
	case bad > 0:
		c.problem(Warning, r.Name, fmt.Sprintf("column %s, which %s names, has no usable value in %d of %d records; they are skipped", table.Quote(field.Name), key, unusable, field.Rows), "mend them, or leave them")
	}
}

// lackedAlready reports whether a column that a reference lacks is lacking where its name comes
// from too, so that it is wrong there.
func (c *checker) lackedAlready(lacked role) bool {
	of := &c.predictions
	if lacked.key == keyLabel {
		of = &c.labels
	}
	if of.head == nil {
		return false
	}
	at := slices.IndexFunc(of.roles, func(o role) bool {
		return o.key == lacked.key && o.column == lacked.column && o.element == lacked.element
	})
	return c.spec.ReferenceColumns == nil && at >= 0 && !of.head.Fields[at].There
}

// orNone says of a column that is mapped and need not be that it may be left out.
func orNone(r *reading, role role) string {
	switch role.key {
	case keyVersion, keyEntity, keyIngested, keyOp:
	case keyTimestamp:
		if r.Name == predictionsName {
			return ""
		}
	default:
		return ""
	}
	return "; or leave `" + role.key + "` out"
}

// wantedKind is what a column that is read as something holds.
func wantedKind(as table.As) string {
	switch as {
	case table.AsNumber:
		return "number"
	case table.AsTime:
		return "time"
	case table.AsID:
		return "id"
	}
	return "text"
}

// wantedName is what a column of a role is to hold.
func (c *checker) wantedName(role role) string {
	_, byNumber := table.PositiveLabel(c.spec.Positive)
	switch {
	case role.bounded():
		return fmt.Sprintf("number from %g to %g", role.least, role.most)
	case role.classes && byNumber && c.spec.Task == groundtruth.Binary:
		return "1, 0, true or false"
	}
	return wantedKind(role.as)
}

// bounded reports whether not every number may be.
func (r role) bounded() bool { return r.least != 0 || r.most != 0 }

// Percent writes a share for people; it is never 0 % of something, nor 100 % of less than all.
func Percent(x float64) string {
	switch {
	case x > 0 && x < 0.001:
		return "less than 0.1 %"
	case x < 1 && x > 0.999:
		return "more than 99.9 %"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(100*x)), ".0") + " %"
}

// orMeant joins what may be meant to what is to be done.
func orMeant(meant string) string {
	if meant == "" {
		return ""
	}
	return ", or " + meant
}

// hints names the columns that there are instead of a missing one.
func (c *checker) hints(r *reading, role role) string {
	names := make([]string, 0, len(r.head.Columns))
	for _, info := range r.head.Columns {
		names = append(names, info.Name)
	}
	return "; there are " + table.QuoteNames(names)
}

// meant suggests columns in the place of one that is missing or unusable: that with nearly
// its name, that with the name that the other side's has, or those that hold what is wanted.
// key is the key to set; empty where a sentence says it.
func (c *checker) meant(r *reading, role role, key string) string {
	if role.key == keyScores || role.key == keyQuantiles {
		if key == "" {
			return ""
		}
		return "name the columns that are meant in `" + c.keyToSet(r.Name, role) + "`"
	}
	set := "set `" + c.keyToSet(r.Name, role) + "` to the column that is meant"
	if key == "" {
		set = "set `" + c.keyToSet(r.Name, role) + "` to another column"
	}
	free := c.free(r, role)
	fit := slices.DeleteFunc(slices.Clone(free), func(name string) bool { return !r.fits(name, role) })
	if len(fit) == 0 {
		fit = free
	}
	if name := table.NearestName(role.column, fit); name != "" {
		return fmt.Sprintf("set `%s: %s`%s", c.keyToSet(r.Name, role), yamlName(name), r.likeness(name, role))
	}
	fit = slices.DeleteFunc(fit, func(name string) bool { return !r.fits(name, role) })
	switch {
	case len(fit) == 1 && role.as != table.AsID && role.as != table.AsText:
		return fmt.Sprintf("set `%s: %s`%s", c.keyToSet(r.Name, role), yamlName(fit[0]), r.likeness(fit[0], role))
	case len(fit) > 1 && role.as == table.AsTime:
		return set + "; these are times: " + table.QuoteNames(fit)
	case len(fit) > 1 && role.as == table.AsNumber:
		return set + "; these are numbers: " + table.QuoteNames(fit)
	case key == "":
		return ""
	}
	return set
}

// yamlName writes the name of a column as a value of YAML, which needs quotes where it is more
// than letters, digits, '_' and '-'.
func yamlName(name string) string {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return table.Quote(name)
		}
	}
	return name
}

// likeness says what a column that may be meant looks like.
func (r *reading) likeness(name string, role role) string {
	if role.as == table.AsID || role.as == table.AsText || !r.fits(name, role) {
		return ""
	}
	return ", which looks like a " + wantedKind(role.as)
}

// free lists the columns that no key maps, and so may be meant: of a reference those that the
// log does not have as well.
func (c *checker) free(r *reading, of role) []string {
	var out []string
	for _, info := range r.head.Columns {
		taken := slices.ContainsFunc(r.roles, func(o role) bool {
			return o.column == info.Name && o.key != useFeature && (o.key != of.key || o.column == of.column)
		})
		if !taken && (r != &c.reference || c.predictions.head == nil || !hasColumn(&c.predictions, info.Name)) {
			out = append(out, info.Name)
		}
	}
	return out
}

// fits reports whether a column holds what a role wants.
func (r *reading) fits(name string, role role) bool {
	at := slices.IndexFunc(r.head.Columns, func(c format.ColumnInfo) bool { return c.Name == name })
	if at < 0 {
		return false
	}
	kind := r.head.Columns[at].Kind
	switch role.as {
	case table.AsNumber:
		return kind == groundtruth.Number
	case table.AsTime:
		return kind == groundtruth.Time
	}
	return true
}
