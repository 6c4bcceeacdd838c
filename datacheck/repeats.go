package datacheck

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Records that share the values of all features are most likely of one thing, such as a
// customer whose features change seldom. They are alike, and intervals and noise floors that
// take them as independent are too narrow.

const (
	// mostHashed is of how many features the values are compared, mostOthers of how many
	// columns that are used for nothing.
	mostHashed = 50
	mostOthers = 10
	// enoughRows is how many records are needed to say something.
	enoughRows = 200
	// repeatedRows is the share of records above which those that share their features with
	// another are many, and beyondChance how many times what chance gives they then are.
	repeatedRows = 0.05
	beyondChance = 5
	// richValues is how many values a column has at least by which chance tells rows apart:
	// rows of a few categories are often the same.
	richValues = 30
	// tells is the share of the repeated rows in which a column agrees that tells entities apart.
	tells = 0.95
)

// otherRoles are columns of text or numbers that no role has, among which is the one that
// tells entities apart.
func otherRoles(columns []format.ColumnInfo, roles []role) []role {
	var out []role
	for _, info := range columns {
		used := slices.ContainsFunc(roles, func(r role) bool { return r.column == info.Name })
		if used || len(out) == mostOthers {
			continue
		}
		switch info.Kind {
		case groundtruth.Number:
			out = append(out, role{key: useNone, column: info.Name, as: table.AsNumber, hash: true})
		case groundtruth.Text:
			out = append(out, role{key: useNone, column: info.Name, as: table.AsText, hash: true})
		}
	}
	return out
}

// repeats says where far more predictions share the values of all features than chance has it,
// while no column tells what they are of.
func (c *checker) repeats() {
	r := &c.predictions
	if r.head == nil || c.spec.PredictionColumns.Entity != "" {
		return
	}
	var features []int // fields
	for i, role := range r.roles {
		if role.key == useFeature && role.hash && r.head.Fields[i].There {
			features = append(features, i)
		}
	}
	if len(features) == 0 {
		return
	}
	rows := rowsAlike(r.head.Rows.Hashes, features)
	n := len(rows)
	if n < enoughRows {
		return
	}
	again := 0
	for _, count := range countOf(rows) {
		if count > 1 {
			again += count
		}
	}
	// Rows meet by chance where all of their columns do, which the columns that have many values
	// seldom do.
	meet, rich := 1.0, 0
	for _, f := range features {
		if together, values := meeting(r.head.Rows.Hashes[f]); values >= richValues {
			meet, rich = meet*together, rich+1
		}
	}
	chance := -math.Expm1(-float64(n) * meet)
	found := float64(again) / float64(n)
	if rich < 2 || found < repeatedRows || found < beyondChance*chance {
		return
	}
	do := "name the column of what the records are about in `predictions.columns.entity`, so that alike records are not taken for independent ones"
	if names := c.entityColumns(rows); len(names) > 0 {
		do = fmt.Sprintf("set `predictions.columns.entity: %s` if that is what the records are about, so that alike records are not taken for independent ones", yamlName(names[0]))
		if len(names) > 1 {
			do += "; it may also be " + table.QuoteNames(names[1:])
		}
	}
	c.problem(Warning, predictionsName, fmt.Sprintf("%s of %d records share the values of all %d features with another record, where chance would have %s", Percent(found), n, len(features), Percent(chance)), do)
}

// rowsAlike returns a number of each record that those share whose values in some fields are
// the same.
func rowsAlike(hashes [][]uint32, fields []int) []uint64 {
	rows := make([]uint64, len(hashes[fields[0]]))
	var text []byte
	for i := range rows {
		text = text[:0]
		for _, f := range fields {
			text = binary.LittleEndian.AppendUint32(text, hashes[f][i])
		}
		rows[i] = xxh3.Hash(text)
	}
	return rows
}

// countOf counts how often each value comes.
func countOf[T comparable](values []T) map[T]int {
	out := map[T]int{}
	for _, v := range values {
		out[v]++
	}
	return out
}

// meeting returns the chance that two records have the same value in a column, and how many
// values it has.
func meeting(hashes []uint32) (together float64, values int) {
	pairs := 0.0
	counts := countOf(hashes)
	for _, n := range counts {
		pairs += float64(n) * float64(n-1)
	}
	n := float64(len(hashes))
	return pairs / (n * (n - 1)), len(counts)
}

// entityColumns names the columns that may tell what records are about: the same in records
// that share their features, and another in most others. Columns that are used for nothing
// come first, then texts, then numbers that are called an id.
func (c *checker) entityColumns(rows []uint64) []string {
	type candidate struct {
		name string
		rank int
	}
	var out []candidate
	r := &c.predictions
	times := countOf(rows)
	for i, role := range r.roles {
		field := &r.head.Fields[i]
		number := role.as == table.AsNumber
		if !role.hash || !field.There || number && !field.Whole {
			continue
		}
		rank := 1
		switch {
		case role.key == useNone:
			rank = 0
		case number && strings.HasSuffix(strings.ToLower(role.column), "id"):
			rank = 2
		case number:
			continue
		}
		if tellsEntities(r.head.Rows.Hashes[i], rows, times) {
			out = append(out, candidate{role.column, rank})
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	names := make([]string, len(out))
	for i, o := range out {
		names[i] = o.name
	}
	return names
}

// tellsEntities reports whether records that share their features mostly have the same value of
// a column, and others other ones: it has about as many values as there are rows of features.
func tellsEntities(values []uint32, rows []uint64, times map[uint64]int) bool {
	first := map[uint64]uint32{} // of each row of features that repeats
	same, repeated := 0, 0
	for i, row := range rows {
		if times[row] < 2 {
			continue
		}
		v, ok := first[row]
		if !ok {
			first[row] = values[i]
			continue
		}
		repeated++
		if v == values[i] && v != 0 {
			same++
		}
	}
	distinct := len(countOf(values))
	return float64(same) >= tells*float64(repeated) && 2*distinct >= len(times) && distinct <= len(values)*19/20
}
